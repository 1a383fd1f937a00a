import { randomBytes } from 'node:crypto';
import { open, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** Which names are one and the same at the target. */
export interface TargetNames {
  /** Equal for names that are. */
  fold(name: string): string;
  /** Whether another name may fold to the same. */
  mayClash(name: string): boolean;
}

/** What Node writes for bytes that are no text, and those bytes as SFTP names carry them. */
const DAMAGED = /[\ud800-\udfff\ufffd]/;

/** A target that takes every name for itself; a listing here may still give two damaged names as one. */
export const DISTINCT_NAMES: TargetNames = { fold: (name) => name, mayClash: (name) => DAMAGED.test(name) };

/** Bytes that are no text become U+FFFD in a name here, so two names that differ in such bytes alone are one. */
export const SENSITIVE_NAMES: TargetNames = { fold: wellFormed, mayClash: (name) => DAMAGED.test(name) };

/** File systems that keep no case look names up in one Unicode form too. */
export const INSENSITIVE_NAMES: TargetNames = {
  fold: (name) => wellFormed(name).normalize('NFC').toLowerCase(),
  mayClash: () => true,
};

function wellFormed(name: string): string {
  return DAMAGED.test(name) ? Buffer.from(name, 'utf8').toString('utf8') : name;
}

/**
 * How the file system of a folder tells names apart; the folder need not be there yet. To find out a file is made for a
 * moment, unless nothing may be changed.
 */
export async function localNames(folder: string, mayWrite: boolean): Promise<TargetNames> {
  const usual = ['darwin', 'win32'].includes(process.platform) ? INSENSITIVE_NAMES : SENSITIVE_NAMES;
  if (!mayWrite) return usual;
  const name = `.${randomBytes(6).toString('hex')}.wherry-tmp`;
  try {
    const probe = join(await existing(resolve(folder)), name);
    await (await open(probe, 'wx', 0o600)).close();
    try {
      return await stat(join(dirname(probe), name.toUpperCase())).then(
        () => INSENSITIVE_NAMES,
        () => SENSITIVE_NAMES,
      );
    } finally {
      await unlink(probe);
    }
  } catch {
    return usual;
  }
}

/** The folder, or the nearest one above it that is there. */
async function existing(folder: string): Promise<string> {
  for (let at = folder; ; at = dirname(at)) {
    const info = await stat(at).catch(() => undefined);
    if (info?.isDirectory() || at === dirname(at)) return at;
  }
}
