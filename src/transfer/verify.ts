import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { WaitOptions } from '../base/deadline.ts';
import { WherryError } from '../base/errors.ts';
import { sanitize } from '../base/text.ts';
import type { SftpSession } from '../sftp/session.ts';
import { remoteHash } from './remote-hash.ts';
import type { Tuning } from './tuning.ts';

/** SHA-256 of a local file, in hexadecimal. */
export async function localHash(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1_048_576 }), hash);
  return hash.digest('hex');
}

/** Fails with TRANSFER_VERIFY unless the remote file has the contents that `local` tells. */
export async function verifyContents(
  session: SftpSession,
  tuning: Promise<Tuning>,
  remote: string,
  local: Promise<string>,
  wait: WaitOptions,
): Promise<void> {
  const [here, there] = await Promise.all([local, remoteHash(session, tuning, remote, wait)]);
  if (here === there) return;
  throw new WherryError(
    'TRANSFER_VERIFY',
    `${sanitize(remote)} was moved, and its two copies differ: SHA-256 ${here} here, ${there} there`,
    { path: sanitize(remote), expected: here, actual: there },
  );
}
