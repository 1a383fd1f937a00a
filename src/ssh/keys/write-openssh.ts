/** Writes OpenSSH's own private key format (PROTOCOL.key). */
import { createCipheriv, randomBytes } from 'node:crypto';
import { EMPTY, fromUtf8, readU32, toBase64 } from '../../base/bytes.ts';
import { bcryptPbkdf } from '../crypto/bcrypt/bcrypt-pbkdf.ts';
import { WireWriter } from '../wire/writer.ts';
import type { KeyNumbers } from './key-numbers.ts';
import type { KeyTypeRow } from './key-types.ts';
import { PRIVATE_FIELDS } from './private-fields.ts';
import type { PublicKey } from './public-key.ts';

/** As ssh-keygen since OpenSSH 9.4. */
const ROUNDS = 24;

export function writeOpensshPrivateKey(
  publicKey: PublicKey,
  row: KeyTypeRow,
  numbers: KeyNumbers,
  comment: string,
  passphrase: Uint8Array | undefined,
): string {
  const block = passphrase === undefined ? 8 : 16;
  const check = readU32(randomBytes(4), 0);
  const writer = new WireWriter(4096).u32(check).u32(check).text(publicKey.type);
  PRIVATE_FIELDS[row.family].write(writer, numbers, row);
  const fields = writer.text(comment).finish();
  const padding = Uint8Array.from({ length: (block - (fields.length % block)) % block }, (_, i) => i + 1);
  const plain = Buffer.concat([fields, padding]);
  fields.fill(0);
  const salt = randomBytes(16);
  const kdfOptions = passphrase === undefined ? EMPTY : new WireWriter().string(salt).u32(ROUNDS).finish();
  const secretPart = passphrase === undefined ? plain : encrypt(plain, passphrase, salt);
  const bytes = new WireWriter(4096)
    .raw(fromUtf8('openssh-key-v1\0'))
    .text(passphrase === undefined ? 'none' : 'aes256-ctr')
    .text(passphrase === undefined ? 'none' : 'bcrypt')
    .string(kdfOptions)
    .u32(1)
    .string(publicKey.blob)
    .string(secretPart)
    .finish();
  const lines = toBase64(bytes).match(/.{1,70}/g)!;
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join(
    '\n',
  );
}

function encrypt(plain: Uint8Array, passphrase: Uint8Array, salt: Uint8Array): Uint8Array {
  const secret = bcryptPbkdf(passphrase, salt, ROUNDS, 48);
  const sealed = createCipheriv('aes-256-ctr', secret.subarray(0, 32), secret.subarray(32)).update(plain);
  secret.fill(0);
  plain.fill(0);
  return sealed;
}
