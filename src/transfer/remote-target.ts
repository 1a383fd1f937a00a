import { randomBytes } from 'node:crypto';
import { posix } from 'node:path';
import type { WaitOptions } from '../base/deadline.ts';
import { isWherryError, WherryError } from '../base/errors.ts';
import { sanitize } from '../base/text.ts';
import { fileType } from '../sftp/attributes.ts';
import { canReplace, replace } from '../sftp/replace.ts';
import { lstat, remove, rename } from '../sftp/requests.ts';
import type { SftpSession } from '../sftp/session.ts';
import type { UploadOptions } from './options.ts';

/** A server that does not answer is not waited for longer. */
const CLEANUP = { timeout: 2000 } as const;

/** Where an upload goes: the target itself, or a temporary name beside it. */
export interface RemoteTarget {
  readonly path: string;
  /** Puts the complete file under its final name. */
  commit(): Promise<void>;
  /** After a failure: takes a temporary file away, unless it is kept for a resume. */
  discard(): Promise<void>;
}

export function remoteTarget(session: SftpSession, path: string, options: UploadOptions): RemoteTarget {
  if (options.atomic !== true) return { path, commit: async () => {}, discard: async () => {} };
  if (options.at !== undefined)
    throw new WherryError('INVALID_ARGUMENT', 'atomic replaces a whole file: it cannot go with at');
  const keep = options.resume !== undefined;
  const temporary = keep ? `${path}.wherry-part` : temporaryName(path);
  const wait = { signal: options.signal, timeout: options.timeout };
  return {
    path: temporary,
    commit: () => moveInto(session, temporary, path, options.overwrite !== false, wait),
    async discard() {
      if (!keep) await remove(session, temporary, CLEANUP).catch(() => {});
    },
  };
}

/** One step where the server has it; a plain rename, which OpenSSH refuses onto a file that is there, where not. */
async function moveInto(
  session: SftpSession,
  from: string,
  to: string,
  overwrite: boolean,
  wait: WaitOptions,
): Promise<void> {
  if (overwrite && canReplace(session)) {
    try {
      await replace(session, from, to, wait);
      return;
    } catch (error) {
      if (!isWherryError(error) || error.code !== 'SFTP_OP_UNSUPPORTED') throw error;
    }
  }
  if (!overwrite) {
    // Some servers replace by a plain rename, so one looks first; between the two there is a gap.
    const there = await lstat(session, to, wait).catch(() => undefined);
    if (there !== undefined) {
      throw new WherryError('TRANSFER_TARGET', `${sanitize(to)} exists already`, { path: sanitize(to) });
    }
  }
  try {
    await rename(session, from, to, wait);
  } catch (error) {
    if (!overwrite) throw error;
    await replaceInSteps(session, from, to, wait, error);
  }
}

/** What is there is moved out of the way first, and back when the new file cannot be put in its place. */
async function replaceInSteps(
  session: SftpSession,
  from: string,
  to: string,
  wait: WaitOptions,
  refusal: unknown,
): Promise<void> {
  const there = await lstat(session, to, wait).catch(() => undefined);
  if (there === undefined || fileType(there) === 'directory') throw refusal;
  const old = temporaryName(to);
  await rename(session, to, old, wait).catch(() => {
    throw refusal;
  });
  try {
    await rename(session, from, to, wait);
  } catch (error) {
    await rename(session, old, to, CLEANUP).catch(() => {});
    throw error;
  }
  await remove(session, old, CLEANUP).catch(() => {});
}

function temporaryName(path: string): string {
  const hidden = `.${posix.basename(path).slice(0, 200)}.${randomBytes(6).toString('hex')}.wherry-tmp`;
  return posix.join(posix.dirname(path), hidden);
}
