/** Keys into files: the formats that are written. */
import { createCipheriv, pbkdf2Sync, randomBytes } from 'node:crypto';
import { fromUtf8, toBase64, toHex } from '../../base/bytes.ts';
import { WherryError } from '../../base/errors.ts';
import { argon2 } from '../crypto/argon2/argon2.ts';
import { WireWriter } from '../wire/writer.ts';
import { DER_TAGS } from './der.ts';
import { derElement, derInteger, derOctetString, derOid, derSequence } from './der-writer.ts';
import { unsupported } from './formats/key-errors.ts';
import { ppkMac } from './formats/ppk.ts';
import { exportNumbers, fromBase64url, fromBig, type KeyNumbers } from './key-numbers.ts';
import { type PrivateKey, secretHalf } from './key-pair.ts';
import { type KeyTypeRow, keyTypeRow } from './key-types.ts';
import type { PublicKey } from './public-key.ts';
import { writeOpensshPrivateKey } from './write-openssh.ts';

/** What a private key can be written as. */
export type PrivateKeyFormat = 'openssh' | 'pkcs8' | 'ppk' | 'jwk';

/** How to write a private key. */
export interface WriteKeyOptions {
  /** Default `openssh`. */
  readonly format?: PrivateKeyFormat;
  /** Encrypts the file; a text is taken as UTF-8. Not for `jwk`, which knows no encryption. */
  readonly passphrase?: string | Uint8Array;
  /** Default: the key's own. `pkcs8` has no place for one. */
  readonly comment?: string;
}

/** What a public key can be written as. */
export type PublicKeyFormat = 'openssh' | 'rfc4716' | 'pkcs8' | 'jwk';

/** How to write a public key. */
export interface WritePublicKeyOptions {
  /** Default `openssh`: one line, as in `.pub` files and authorized_keys. `pkcs8` is PEM as OpenSSL writes it. */
  readonly format?: PublicKeyFormat;
  readonly comment?: string;
}

/**
 * A private key as the text of a key file: OpenSSH's own format (with a passphrase aes256-ctr and bcrypt), PKCS#8 (PBES2
 * with AES-256), PuTTY's version 3 (Argon2id) or a JWK. Whoever writes it to disk gives it mode 0600 from the start.
 * INVALID_ARGUMENT for a key that lives in a token or an agent, and for a passphrase where the format has none;
 * KEY_UNSUPPORTED for a key type the format does not know.
 *
 * @example
 * ```ts
 * import { writeFile } from 'node:fs/promises';
 * import { formatPrivateKey } from 'wherry/keys';
 *
 * async function save(path: string, passphrase: string): Promise<void> {
 *   await writeFile(path, formatPrivateKey(privateKey, { passphrase }), { mode: 0o600, flag: 'wx' });
 * }
 * ```
 */
export function formatPrivateKey(key: PrivateKey, options: WriteKeyOptions = {}): string {
  const { format = 'openssh', passphrase, comment = key.comment } = options;
  const secret = secretHalf(key);
  if (secret === undefined) {
    throw new WherryError(
      'INVALID_ARGUMENT',
      'the private half of this key cannot be taken out of where it lives',
    );
  }
  const writer = Object.hasOwn(PRIVATE_WRITERS, format) ? PRIVATE_WRITERS[format] : undefined;
  if (writer === undefined) {
    const known = Object.keys(PRIVATE_WRITERS).join(', ');
    throw new WherryError('INVALID_ARGUMENT', `no format a private key is written as; known: ${known}`);
  }
  const word = typeof passphrase === 'string' ? fromUtf8(passphrase) : passphrase;
  return writer({
    key,
    row: keyTypeRow(key.publicKey.type),
    numbers: exportNumbers(secret),
    pkcs8: () => secret.export({ type: 'pkcs8', format: 'der' }),
    passphrase: word === undefined || word.length === 0 ? undefined : word,
    comment: comment.replace(/[\r\n]+/g, ' '),
  });
}

/**
 * A public key as text: a line, an RFC 4716 block, PEM or a JWK. KEY_UNSUPPORTED for a type the format has no form for:
 * keys of security keys are lines and RFC 4716 only, DSA is no JWK.
 *
 * @example
 * ```ts
 * import { formatPublicKey } from 'wherry/keys';
 *
 * console.log(formatPublicKey(privateKey.publicKey, { comment: 'me@work' }));
 * ```
 */
export function formatPublicKey(key: PublicKey, options: WritePublicKeyOptions = {}): string {
  const { format = 'openssh', comment = '' } = options;
  const text = comment.replace(/[\r\n]+/g, ' ');
  if (format === 'openssh') return `${key.type} ${toBase64(key.blob)}${text === '' ? '' : ` ${text}`}\n`;
  if (format === 'rfc4716') return rfc4716(key, text);
  if (key.application !== undefined) throw unsupported(`${key.type} has no form as ${format}`, key.type);
  if (format === 'pkcs8') return key.key.export({ type: 'spki', format: 'pem' }) as string;
  return jwkText(exportNumbers(key.key), text);
}

interface WriteInput {
  readonly key: PrivateKey;
  readonly row: KeyTypeRow;
  readonly numbers: KeyNumbers;
  pkcs8(): Uint8Array;
  readonly passphrase: Uint8Array | undefined;
  readonly comment: string;
}

const PRIVATE_WRITERS: Readonly<Record<PrivateKeyFormat, (input: WriteInput) => string>> = {
  openssh: ({ key, row, numbers, passphrase, comment }) =>
    writeOpensshPrivateKey(key.publicKey, row, numbers, comment, passphrase),
  pkcs8({ pkcs8, passphrase }) {
    if (passphrase === undefined) return pem('PRIVATE KEY', pkcs8());
    return pem('ENCRYPTED PRIVATE KEY', encryptPkcs8(pkcs8(), passphrase));
  },
  ppk: writePpk,
  jwk({ numbers, passphrase, comment }) {
    if (passphrase === undefined) return jwkText(numbers, comment);
    throw new WherryError(
      'INVALID_ARGUMENT',
      'a JWK cannot be encrypted: write another format, or no passphrase',
    );
  },
};

const PBKDF2_ROUNDS = 600_000;

/** PBES2 (RFC 8018 section 6.2) with PBKDF2 of SHA-256 and AES-256-CBC. */
function encryptPkcs8(plain: Uint8Array, passphrase: Uint8Array): Uint8Array {
  const [salt, iv] = [randomBytes(16), randomBytes(16)];
  const key = pbkdf2Sync(passphrase, salt, PBKDF2_ROUNDS, 32, 'sha256');
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const data = Buffer.concat([cipher.update(plain), cipher.final()]);
  plain.fill(0);
  const prf = derSequence(derOid('1.2.840.113549.2.9'), derElement(DER_TAGS.null));
  const rounds = derInteger(fromBig(BigInt(PBKDF2_ROUNDS)));
  const kdf = derSequence(derOid('1.2.840.113549.1.5.12'), derSequence(derOctetString(salt), rounds, prf));
  const scheme = derSequence(derOid('2.16.840.1.101.3.4.1.42'), derOctetString(iv));
  const algorithm = derSequence(derOid('1.2.840.113549.1.5.13'), derSequence(kdf, scheme));
  return derSequence(algorithm, derOctetString(data));
}

/** What puttygen takes for Argon2, with the passes fixed. */
const PPK_MEMORY = 8192;
const PPK_PASSES = 13;

function writePpk({ key, row, numbers, passphrase, comment }: WriteInput): string {
  const { type, blob } = key.publicKey;
  const plain = ppkSecret(row, numbers);
  const encryption = passphrase === undefined ? 'none' : 'aes256-cbc';
  const padded = passphrase === undefined ? plain : padTo16(plain);
  const salt = randomBytes(16);
  const parameters = { memory: PPK_MEMORY, passes: PPK_PASSES, parallelism: 1, salt };
  const derived =
    passphrase === undefined ? new Uint8Array(0) : argon2('argon2id', passphrase, parameters, 80);
  const bytes = Buffer.from(comment, 'utf8').toString('latin1');
  const mac = ppkMac(3, derived.subarray(48), type, encryption, bytes, blob, padded);
  const secret =
    passphrase === undefined
      ? padded
      : createCipheriv('aes-256-cbc', derived.subarray(0, 32), derived.subarray(32, 48))
          .setAutoPadding(false)
          .update(padded);
  const kdf =
    passphrase === undefined
      ? []
      : [
          'Key-Derivation: Argon2id',
          `Argon2-Memory: ${PPK_MEMORY}`,
          `Argon2-Passes: ${PPK_PASSES}`,
          'Argon2-Parallelism: 1',
          `Argon2-Salt: ${toHex(salt)}`,
        ];
  const [publicLines, privateLines] = [lines64(blob), lines64(secret)];
  return [
    `PuTTY-User-Key-File-3: ${type}`,
    `Encryption: ${encryption}`,
    `Comment: ${comment}`,
    `Public-Lines: ${publicLines.length}`,
    ...publicLines,
    ...kdf,
    `Private-Lines: ${privateLines.length}`,
    ...privateLines,
    `Private-MAC: ${toHex(mac)}`,
    '',
  ].join('\r\n');
}

/** The private numbers alone, in PuTTY's order. */
function ppkSecret(row: KeyTypeRow, numbers: KeyNumbers): Uint8Array {
  const writer = new WireWriter(1024);
  const names = { rsa: ['d', 'p', 'q', 'qi'], ec: ['d'], dsa: ['x'], ed25519: [], ed448: [] } as const;
  for (const name of names[row.family]) writer.mpint(fromBase64url(numbers[name]));
  if (row.family === 'ed25519' || row.family === 'ed448') writer.string(fromBase64url(numbers.d));
  return writer.finish();
}

/** PuTTY pads with bytes of the SHA-1 of the plain text; any bytes do, and zeros say nothing. */
function padTo16(plain: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil(plain.length / 16) * 16);
  padded.set(plain);
  return padded;
}

function rfc4716(key: PublicKey, comment: string): string {
  const head = comment === '' ? [] : wrapped(`Comment: "${comment}"`);
  const body = toBase64(key.blob).match(/.{1,70}/g)!;
  return ['---- BEGIN SSH2 PUBLIC KEY ----', ...head, ...body, '---- END SSH2 PUBLIC KEY ----', ''].join(
    '\n',
  );
}

/** RFC 4716 section 3.3: lines of at most 72 bytes, going on behind a backslash. */
function wrapped(line: string): string[] {
  const parts = line.match(/.{1,71}/gu)!;
  return parts.map((part, i) => (i < parts.length - 1 ? `${part}\\` : part));
}

function jwkText(numbers: KeyNumbers, comment: string): string {
  if (numbers.kty === 'DSA') throw unsupported('ssh-dss has no form as jwk', 'ssh-dss');
  const jwk = comment === '' ? numbers : { kid: comment, ...numbers };
  return `${JSON.stringify(jwk, undefined, 2)}\n`;
}

export function pem(label: string, bytes: Uint8Array): string {
  return [`-----BEGIN ${label}-----`, ...lines64(bytes), `-----END ${label}-----`, ''].join('\n');
}

function lines64(bytes: Uint8Array): string[] {
  return toBase64(bytes).match(/.{1,64}/g) ?? [];
}
