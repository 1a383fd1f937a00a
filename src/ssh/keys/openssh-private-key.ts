/** OpenSSH's own private key format, PROTOCOL.key of OpenSSH. */
import type { KeyObject } from 'node:crypto';
import { EMPTY, sameBytes, utf8 } from '../../base/bytes.ts';
import { WherryError } from '../../base/errors.ts';
import { sanitize } from '../../base/text.ts';
import { bcryptPbkdf } from '../crypto/bcrypt/bcrypt-pbkdf.ts';
import { WireReader } from '../wire/reader.ts';
import type { WorkBudget } from './formats/work-budget.ts';
import { decryptKeyFile, type KeyFileCipherRow, keyFileCipher } from './key-file-ciphers.ts';
import { importPrivate, makePrivateKey, type PrivateKey } from './key-pair.ts';
import { keyTypeRow } from './key-types.ts';
import { PRIVATE_FIELDS } from './private-fields.ts';
import { asKeyErrors, blobType, encodePublicKey } from './public-key.ts';

const MAGIC = 'openssh-key-v1\0';

/** The key in the decoded bytes of an `OPENSSH PRIVATE KEY` block. */
export function parseOpensshPrivateKey(
  bytes: Uint8Array,
  passphrase: Uint8Array | undefined,
  budget: WorkBudget,
): PrivateKey {
  return asKeyErrors(() => {
    const file = readEnvelope(bytes);
    const plain = openEnvelope(file, passphrase, budget);
    try {
      const { key, comment } = readPrivatePart(plain, file);
      if (!sameBytes(encodePublicKey(key), file.publicBlob)) {
        throw damaged('its public part belongs to another key');
      }
      return makePrivateKey(key, comment, budget);
    } finally {
      plain.fill(0);
    }
  });
}

interface Envelope {
  readonly cipher: KeyFileCipherRow;
  readonly encrypted: boolean;
  readonly kdf: string;
  readonly kdfOptions: Uint8Array;
  readonly publicBlob: Uint8Array;
  readonly secretPart: Uint8Array;
  readonly tag: Uint8Array;
}

function readEnvelope(bytes: Uint8Array): Envelope {
  if (utf8(bytes.subarray(0, MAGIC.length)) !== MAGIC) throw damaged('it does not begin with openssh-key-v1');
  const reader = new WireReader(bytes, MAGIC.length, 'OpenSSH private key');
  const cipherName = reader.text();
  const kdf = reader.text();
  const kdfOptions = reader.string();
  const count = reader.u32();
  if (count !== 1)
    throw new WherryError('KEY_UNSUPPORTED', `the file holds ${count} keys; files of one are read`);
  const publicBlob = reader.string();
  const type = blobType(publicBlob) ?? '';
  if (keyTypeRow(type).securityKey) {
    const text = `${type}: keys on a FIDO security key can be used through an SSH agent only`;
    throw new WherryError('KEY_UNSUPPORTED', text, { keyType: type });
  }
  const cipher = keyFileCipher(cipherName);
  const secretPart = reader.string();
  const tag = reader.raw(cipher.tagLength);
  reader.end();
  const encrypted = cipher.mode !== 'none';
  if (encrypted !== (kdf !== 'none')) throw damaged('cipher and key derivation do not go together');
  if (secretPart.length === 0 || secretPart.length % cipher.blockLength !== 0) {
    throw damaged(`${secretPart.length} bytes are no whole number of cipher blocks`);
  }
  return { cipher, encrypted, kdf, kdfOptions, publicBlob, secretPart, tag };
}

function openEnvelope(file: Envelope, passphrase: Uint8Array | undefined, budget: WorkBudget): Uint8Array {
  const secret = file.encrypted ? deriveKey(file, passphrase, budget) : EMPTY;
  try {
    const plain = decryptKeyFile(file.cipher, secret, file.secretPart, file.tag);
    if (plain === undefined) throw wrongPassphrase();
    return plain;
  } finally {
    secret.fill(0);
  }
}

function deriveKey(file: Envelope, passphrase: Uint8Array | undefined, budget: WorkBudget): Uint8Array {
  if (file.kdf !== 'bcrypt') {
    const shown = sanitize(file.kdf, 64);
    throw new WherryError(
      'KEY_UNSUPPORTED',
      `the private key uses the key derivation ${shown}; bcrypt is known`,
    );
  }
  const options = new WireReader(file.kdfOptions, 0, 'bcrypt options');
  const salt = options.string();
  const rounds = options.u32();
  options.end();
  if (rounds === 0 || salt.length === 0) throw damaged('its bcrypt options are out of range');
  budget.spend('bcryptRounds', rounds, 'bcrypt rounds');
  if (passphrase === undefined || passphrase.length === 0) {
    throw new WherryError('KEY_PASSPHRASE_REQUIRED', 'the private key is encrypted: a passphrase is needed');
  }
  return bcryptPbkdf(passphrase, salt, rounds, file.cipher.keyLength + file.cipher.ivLength);
}

function readPrivatePart(plain: Uint8Array, file: Envelope): { key: KeyObject; comment: string } {
  const reader = new WireReader(plain, 0, 'OpenSSH private key');
  const check = reader.u32();
  if (reader.u32() !== check) {
    throw file.encrypted ? wrongPassphrase() : damaged('its check numbers differ');
  }
  const row = keyTypeRow(reader.text());
  const key = importPrivate(PRIVATE_FIELDS[row.family].read(reader, row));
  const comment = reader.text();
  const padding = reader.rest();
  if (padding.length >= file.cipher.blockLength || padding.some((byte, i) => byte !== i + 1)) {
    throw damaged('its padding is not 1, 2, 3…');
  }
  return { key, comment };
}

function damaged(why: string): WherryError {
  return new WherryError('KEY_FORMAT', `the private key is damaged: ${why}`);
}

function wrongPassphrase(): WherryError {
  return new WherryError('KEY_PASSPHRASE_WRONG', 'the passphrase does not open the private key');
}
