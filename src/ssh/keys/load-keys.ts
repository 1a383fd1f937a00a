/** Key files from disk: never more of one than a key file may have. */
import { open } from 'node:fs/promises';
import { WherryError } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import type { KeyEntry } from './formats/key-entry.ts';
import { cannotRead } from './key-path.ts';
import { parseKeys, type ReadKeysOptions } from './read-keys.ts';

/**
 * `parseKeys` for a file. A file that cannot be read is INVALID_ARGUMENT with the system error as its cause; errors
 * carry the path in `details.localPath`.
 *
 * @example
 * ```ts
 * import { loadKeys } from 'wherry/keys';
 *
 * const [first] = await loadKeys(privateKeyFile);
 * console.log(first?.publicKey?.type, first?.comment);
 * ```
 */
export function loadKeys(path: string, options: ReadKeysOptions = {}): Promise<KeyEntry[]> {
  return withKeyFile(path, (bytes) => parseKeys(bytes, options));
}

/** What a parser makes of a file, whose bytes are wiped then; its errors get the path. */
export async function withKeyFile<T>(path: string, parse: (bytes: Uint8Array) => T): Promise<T> {
  const bytes = await readBounded(path);
  try {
    return parse(bytes);
  } catch (error) {
    if (!(error instanceof WherryError)) throw error;
    const details = { ...error.details, localPath: path };
    throw new WherryError(error.code, `${path}: ${error.message}`, details, error.cause);
  } finally {
    bytes.fill(0);
  }
}

async function readBounded(path: string): Promise<Uint8Array> {
  try {
    await using file = await open(path, 'r');
    const bytes = Buffer.alloc(LIMITS.keyFileBytes.value + 1);
    let length = 0;
    while (length < bytes.length) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length, null);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } catch (error) {
    throw cannotRead('private key', path, error);
  }
}
