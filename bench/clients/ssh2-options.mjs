/** Connect options of ssh2, and of ssh2-sftp-client, which hands them on. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** `require` that finds the packages the bench installed. */
export function packages(job) {
  return createRequire(join(job.packages, 'package.json'));
}

export function ssh2Options(job) {
  const sha256 = (key) => createHash('sha256').update(key).digest('base64').replace(/=+$/, '');
  return {
    host: job.host,
    port: job.port,
    username: job.user,
    privateKey: readFileSync(job.keyFile),
    hostVerifier: (key) => `SHA256:${sha256(key)}` === job.fingerprint,
    algorithms: {
      kex: [job.kex],
      cipher: [job.cipher],
      ...(job.mac === undefined ? {} : { hmac: [job.mac] }),
    },
  };
}
