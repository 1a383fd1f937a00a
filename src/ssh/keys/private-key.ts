import { open } from 'node:fs/promises';
import { fromUtf8 } from '../../base/bytes.ts';
import type { ErrorCode } from '../../base/error-codes.ts';
import { WherryError } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import { sanitize } from '../../base/text.ts';
import type { PrivateKey } from './key-pair.ts';
import { parseOpensshPrivateKey } from './openssh-private-key.ts';
import { keyFileText, type PemBlock, pemBlocks } from './pem.ts';
import { parseEncryptedPkcs8, parsePkcs1, parsePkcs8, parseSec1 } from './pem-private-key.ts';

export type { PrivateKey } from './key-pair.ts';

/** A private key file format, known by the label of its PEM block. */
export interface KeyFormatRow {
  readonly label: string;
  readonly ref: string;
  parse(block: PemBlock, passphrase: Uint8Array | undefined): PrivateKey;
}

/** The private key formats that are read. */
export const KEY_FORMATS: readonly KeyFormatRow[] = [
  {
    label: 'OPENSSH PRIVATE KEY',
    ref: 'OpenSSH PROTOCOL.key',
    parse(block, passphrase) {
      if (block.bytes === undefined) throw noBase64();
      return parseOpensshPrivateKey(block.bytes, passphrase);
    },
  },
  { label: 'RSA PRIVATE KEY', ref: 'RFC 8017 appendix A.1.2, RFC 1421', parse: parsePkcs1 },
  { label: 'EC PRIVATE KEY', ref: 'RFC 5915, RFC 1421', parse: parseSec1 },
  { label: 'PRIVATE KEY', ref: 'RFC 5208 section 5', parse: parsePkcs8 },
  { label: 'ENCRYPTED PRIVATE KEY', ref: 'RFC 5208 section 6', parse: parseEncryptedPkcs8 },
];

/** Files given by mistake or not read yet: how they are known, and what to say. */
interface MistakeRow {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly says: string;
}

const MISTAKES: readonly MistakeRow[] = [
  {
    pattern: /^PuTTY-User-Key-File-/m,
    code: 'KEY_UNSUPPORTED',
    says: 'this is a PuTTY key (PPK), not read yet; `puttygen key.ppk -O private-openssh -o key` converts it',
  },
  {
    pattern: /^-----BEGIN DSA PRIVATE KEY/m,
    code: 'KEY_UNSUPPORTED',
    says: 'this is a DSA key (ssh-dss), which is not supported; OpenSSH dropped them as too weak',
  },
  {
    pattern: /^---- BEGIN SSH2 ENCRYPTED PRIVATE KEY/m,
    code: 'KEY_UNSUPPORTED',
    says: 'this is a private key of ssh.com or Tectia, which is not supported; `ssh-keygen -i -f key` converts it',
  },
  {
    pattern: /^SSH PRIVATE KEY FILE FORMAT 1\.1/,
    code: 'KEY_UNSUPPORTED',
    says: 'this is a key of SSH version 1, which is not supported',
  },
  {
    pattern: /^[a-z0-9-]{1,40}-cert-v0[01]@openssh\.com /m,
    code: 'KEY_FORMAT',
    says: 'this is an OpenSSH certificate; the private key it was made for is needed',
  },
  {
    pattern: /^-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/m,
    code: 'KEY_FORMAT',
    says: 'this is an X.509 certificate, not a private key',
  },
  {
    pattern:
      /^(?:(?:ssh|ecdsa|sk)-[^ ]{1,64} AAAA|---- BEGIN SSH2 PUBLIC KEY|-----BEGIN (?:RSA )?PUBLIC KEY)/m,
    code: 'KEY_FORMAT',
    says: 'this is a public key; the private key (the file without .pub) is needed',
  },
  {
    pattern: /^0[\x80-\x84]/,
    code: 'KEY_FORMAT',
    says: 'this is binary DER; a PEM file is needed (`openssl pkey -inform DER` converts it)',
  },
];

/**
 * Reads a private key of any format of KEY_FORMATS, told by its contents. Line ends, a byte order mark and text
 * around the key do not matter. KEY_PASSPHRASE_REQUIRED and KEY_PASSPHRASE_WRONG ask for another passphrase (a
 * text is taken as UTF-8); KEY_FORMAT says that the file is damaged or no private key, KEY_UNSUPPORTED that it is
 * one of a kind not read here. A passphrase for a key that has none is ignored.
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
  checkSize(bytes.length);
  const text = keyFileText(bytes);
  const secret = typeof passphrase === 'string' ? fromUtf8(passphrase) : passphrase;
  const blocks = pemBlocks(text);
  for (const block of blocks) {
    const format = KEY_FORMATS.find((row) => row.label === block.label);
    if (format !== undefined) return format.parse(block, secret);
  }
  throw mistake(text, blocks);
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
  const bytes = await readBounded(path);
  try {
    return parsePrivateKey(bytes, passphrase);
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
    const errno = (error as NodeJS.ErrnoException).code ?? 'unknown';
    const text = `cannot read the private key ${path}: ${errno}`;
    throw new WherryError('INVALID_ARGUMENT', text, { localPath: path, errno }, error);
  }
}

function checkSize(length: number): void {
  const max = LIMITS.keyFileBytes.value;
  if (length <= max) return;
  throw new WherryError('KEY_FORMAT', `no private key is larger than ${max} bytes`, {
    limit: 'keyFileBytes',
    expected: max,
    actual: length,
  });
}

function mistake(text: string, blocks: readonly PemBlock[]): WherryError {
  const row = MISTAKES.find(({ pattern }) => pattern.test(text));
  if (row !== undefined) return new WherryError(row.code, row.says);
  const [block] = blocks;
  const says =
    block !== undefined
      ? `a "${sanitize(block.label)}" is no private key of a format known here`
      : text.includes('-----BEGIN ')
        ? 'the private key is damaged: its END line is missing or differs from its BEGIN line'
        : 'this is not a private key of a format known here';
  return new WherryError('KEY_FORMAT', says);
}

function noBase64(): WherryError {
  return new WherryError('KEY_FORMAT', 'the private key is damaged: its body is not base64');
}
