import type { ErrorCode } from '../../base/error-codes.ts';
import { WherryError } from '../../base/errors.ts';
import type { KeyEntry } from './formats/key-entry.ts';
import { keyFile } from './formats/key-file.ts';
import { WorkBudget } from './formats/work-budget.ts';
import type { PrivateKey } from './key-pair.ts';
import { withKeyFile } from './load-keys.ts';
import { nothingKnown, readSource, sourcesOf } from './read-keys.ts';

export type { PrivateKey } from './key-pair.ts';

/** Files given by mistake: how they are known, and what to say. */
interface MistakeRow {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly says: string;
}

const MISTAKES: readonly MistakeRow[] = [
  {
    pattern: /^SSH PRIVATE KEY FILE FORMAT 1\.1/,
    code: 'KEY_UNSUPPORTED',
    says: 'this is a key of SSH version 1, which is not supported',
  },
];

/**
 * Reads a private key of any format of KEY_FORMATS, told by its contents: the first one in it. Line ends, a byte order
 * mark and text around the key do not matter. KEY_PASSPHRASE_REQUIRED and KEY_PASSPHRASE_WRONG ask for another
 * passphrase (a text is taken as UTF-8); KEY_FORMAT says that the file is damaged or no private key, KEY_UNSUPPORTED
 * that it is one of a kind not read here. A passphrase for a key that has none is ignored. `parseKeys` reads all of a
 * file, certificates too.
 *
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises';
 * import { parsePrivateKey } from 'wherry/keys';
 *
 * const key = parsePrivateKey(await readFile(privateKeyFile), process.env.DEPLOY_KEY_PASSPHRASE);
 * console.log(key.publicKey.type, key.comment);
 * ```
 */
export function parsePrivateKey(bytes: Uint8Array | string, passphrase?: string | Uint8Array): PrivateKey {
  const file = keyFile(bytes);
  const mistake = MISTAKES.find(({ pattern }) => pattern.test(file.text));
  if (mistake !== undefined) throw new WherryError(mistake.code, mistake.says);
  const sources = sourcesOf(file);
  const secrets = sources.filter(({ row }) => row.secret);
  const budget = new WorkBudget();
  let other: KeyEntry | undefined;
  for (const source of secrets.length > 0 ? secrets : sources) {
    const entries = readSource(source, { passphrase }, budget);
    const found = entries.find((entry) => entry.privateKey !== undefined)?.privateKey;
    if (found !== undefined) return found;
    other ??= entries[0];
  }
  throw other === undefined ? nothingKnown(file) : notPrivate(other);
}

function notPrivate({ certificate, sshCertificate }: KeyEntry): WherryError {
  if (certificate !== undefined) {
    return new WherryError('KEY_FORMAT', 'this is an X.509 certificate, not a private key');
  }
  const says =
    sshCertificate === undefined
      ? 'this is a public key; the private key (the file without .pub) is needed'
      : 'this is an OpenSSH certificate; the private key it was made for is needed';
  return new WherryError('KEY_FORMAT', says);
}

/**
 * `parsePrivateKey` for a file. A file that cannot be read is INVALID_ARGUMENT with the system error as its
 * cause; errors carry the path in `details.localPath`.
 *
 * @example
 * ```ts
 * import { loadPrivateKey } from 'wherry';
 *
 * const key = await loadPrivateKey(privateKeyFile);
 * console.log(key.publicKey.type);
 * ```
 */
export async function loadPrivateKey(path: string, passphrase?: string | Uint8Array): Promise<PrivateKey> {
  return withKeyFile(path, (bytes) => parsePrivateKey(bytes, passphrase));
}
