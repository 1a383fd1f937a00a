/** One transfer by a build of Wherry. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { timed } from './report.mjs';

const job = JSON.parse(process.argv[2]);
const wherry = await import(pathToFileURL(join(job.dist, 'index.js')).href);

let ssh;
let sftp;
await timed(
  async () => {
    const login = {
      host: job.host,
      port: job.port,
      username: job.user,
      privateKey: await readFile(job.keyFile),
      trust: wherry.fingerprints([job.fingerprint]),
      algorithms: {
        kex: [job.kex],
        ciphers: [job.cipher],
        ...(job.mac === undefined ? {} : { macs: [job.mac] }),
      },
    };
    const { proxy, jump } = job.way ?? {};
    ssh = await wherry.connect({
      ...login,
      ...(proxy === undefined ? {} : { proxy }),
      ...(jump === undefined ? {} : { jump: { ...login, ...jump } }),
    });
    if (!job.scp) sftp = await wherry.openSftp(ssh);
  },
  () => {
    const get = job.direction === 'get';
    if (job.scp) {
      return get
        ? wherry.scpDownload(ssh, job.remote, job.local)
        : wherry.scpUpload(ssh, job.local, job.remote);
    }
    return get ? sftp.download(job.remote, job.local) : sftp.upload(job.local, job.remote);
  },
);
await ssh.close();
