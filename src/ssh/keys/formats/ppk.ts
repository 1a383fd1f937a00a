/** PuTTY's private key files (PPK) of versions 2 and 3: appendix C of PuTTY's manual. */
import { createDecipheriv, createHash, createHmac } from 'node:crypto';
import { EMPTY, fromUtf8, sameBytes } from '../../../base/bytes.ts';
import { WherryError } from '../../../base/errors.ts';
import { LIMITS } from '../../../base/limits.ts';
import { sanitize } from '../../../base/text.ts';
import { type Argon2Kind, argon2 } from '../../crypto/argon2/argon2.ts';
import { WireReader } from '../../wire/reader.ts';
import { WireWriter } from '../../wire/writer.ts';
import { strictBase64 } from '../base64.ts';
import { base64url, type KeyNumbers } from '../key-numbers.ts';
import { importPrivate, makePrivateKey, type PrivateKey } from '../key-pair.ts';
import { type KeyTypeRow, keyTypeRow } from '../key-types.ts';
import { ecPrivateNumber, rsaNumbers } from '../private-fields.ts';
import { PUBLIC_FIELDS } from '../public-fields.ts';
import { asKeyErrors, encodePublicKey } from '../public-key.ts';
import { damaged, passphraseRequired, passphraseWrong, tooCostly, unsupported } from './key-errors.ts';
import { asUtf8 } from './key-file.ts';
import type { WorkBudget } from './work-budget.ts';

/** A file, taken apart; the texts are one character a byte. */
interface PpkFile {
  readonly version: 2 | 3;
  readonly type: string;
  readonly encryption: string;
  readonly comment: string;
  readonly publicBlob: Uint8Array;
  readonly privatePart: Uint8Array;
  readonly headers: ReadonlyMap<string, string>;
  readonly mac: Uint8Array;
}

/** What a passphrase becomes. */
interface Secrets {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  readonly macKey: Uint8Array;
}

export const PPK_ARGON2: Readonly<Record<string, Argon2Kind>> = {
  Argon2d: 'argon2d',
  Argon2i: 'argon2i',
  Argon2id: 'argon2id',
};

/** The key of a PPK file. Its MAC tells a wrong passphrase, or damage, before anything is believed. */
export function parsePpk(text: string, passphrase: Uint8Array | undefined, budget: WorkBudget): PrivateKey {
  return asKeyErrors(() => {
    const file = readFile(text);
    const row = keyTypeRow(file.type);
    const encrypted = file.encryption !== 'none';
    if (encrypted && (passphrase === undefined || passphrase.length === 0)) throw passphraseRequired();
    const secrets = derive(file, encrypted ? passphrase! : undefined, budget);
    const plain = encrypted ? decrypt(file.privatePart, secrets) : Buffer.from(file.privatePart);
    try {
      if (!sameBytes(macOf(file, plain, secrets.macKey), file.mac)) {
        throw encrypted ? passphraseWrong(false) : damaged('its MAC does not fit');
      }
      const key = importPrivate(readNumbers(file, row, plain));
      if (!sameBytes(encodePublicKey(key), file.publicBlob)) {
        throw damaged('its public part belongs to another key');
      }
      return makePrivateKey(key, sanitize(asUtf8(file.comment)), budget);
    } finally {
      plain.fill(0);
    }
  });
}

function readFile(text: string): PpkFile {
  const lines = text.split(/\r\n|\r|\n/);
  const first = /^PuTTY-User-Key-File-(\d+): (\S+)$/.exec((lines.shift() ?? '').trim());
  if (first === null) throw damaged('it does not begin with PuTTY-User-Key-File');
  const [, version, type = ''] = first;
  if (version !== '2' && version !== '3') {
    throw unsupported(`this is a PuTTY key of version ${sanitize(version ?? '', 8)}; 2 and 3 are read`);
  }
  const headers = new Map<string, string>();
  const bodies = new Map<string, Uint8Array>();
  while (lines.length > 0) {
    const line = lines.shift()!;
    const match = /^([A-Za-z0-9-]+): ?(.*)$/.exec(line);
    if (match === null) {
      if (line.trim() === '') continue;
      throw damaged('a line of it cannot be read');
    }
    const [, name = '', value = ''] = match;
    if (!name.endsWith('-Lines')) headers.set(name, value);
    else bodies.set(name, readBody(lines, value));
  }
  const needed = (name: string): string => {
    const value = headers.get(name);
    if (value === undefined) throw damaged(`its line ${name} is missing`);
    return value;
  };
  const [publicBlob, privatePart] = [bodies.get('Public-Lines'), bodies.get('Private-Lines')];
  if (publicBlob === undefined || privatePart === undefined) throw damaged('a part of it is missing');
  const mac = needed('Private-MAC').trim();
  if (!/^(?:[0-9a-f]{2})+$/i.test(mac)) throw damaged('its MAC cannot be read');
  const encryption = needed('Encryption').trim();
  if (encryption !== 'none' && encryption !== 'aes256-cbc') {
    throw unsupported(
      `the private key is encrypted with ${sanitize(encryption, 64)}, which is not supported`,
    );
  }
  return {
    version: version === '2' ? 2 : 3,
    type,
    encryption,
    comment: needed('Comment'),
    publicBlob,
    privatePart,
    headers,
    mac: Buffer.from(mac, 'hex'),
  };
}

function readBody(lines: string[], countText: string): Uint8Array {
  const count = Number(countText);
  if (!Number.isInteger(count) || count < 1 || count > lines.length) throw damaged('it is cut');
  const bytes = strictBase64(
    lines
      .splice(0, count)
      .map((line) => line.trim())
      .join(''),
  );
  if (bytes === undefined) throw damaged('its body is not base64');
  return bytes;
}

function derive(file: PpkFile, passphrase: Uint8Array | undefined, budget: WorkBudget): Secrets {
  if (file.version === 2) {
    const word = passphrase ?? EMPTY;
    const hash = (...parts: Uint8Array[]): Buffer => createHash('sha1').update(Buffer.concat(parts)).digest();
    const [one, two] = [0, 1].map((i) => hash(Uint8Array.of(0, 0, 0, i), word));
    return {
      key: Buffer.concat([one!, two!]).subarray(0, 32),
      iv: new Uint8Array(16),
      macKey: hash(fromUtf8('putty-private-key-file-mac-key'), word),
    };
  }
  if (passphrase === undefined) return { key: EMPTY, iv: EMPTY, macKey: EMPTY };
  const kindText = file.headers.get('Key-Derivation')?.trim() ?? '';
  const kind = Object.hasOwn(PPK_ARGON2, kindText) ? PPK_ARGON2[kindText] : undefined;
  if (kind === undefined) {
    throw unsupported(`the private key uses the key derivation ${sanitize(kindText, 64)}; Argon2 is known`);
  }
  const made = argon2(kind, passphrase, argon2Parameters(file.headers, budget), 80);
  return { key: made.subarray(0, 32), iv: made.subarray(32, 48), macKey: made.subarray(48) };
}

function argon2Parameters(
  headers: ReadonlyMap<string, string>,
  budget: WorkBudget,
): Parameters<typeof argon2>[2] {
  const number = (name: string): number => {
    const text = headers.get(name)?.trim() ?? '';
    if (!/^\d{1,15}$/.test(text)) throw damaged(`its line ${name} is missing or no number`);
    return Number(text);
  };
  const [memory, passes] = [number('Argon2-Memory'), number('Argon2-Passes')];
  const parallelism = number('Argon2-Parallelism');
  const salt = headers.get('Argon2-Salt')?.trim() ?? '';
  if (!/^(?:[0-9a-f]{2}){8,64}$/i.test(salt)) throw damaged('its Argon2 salt cannot be read');
  if (memory > LIMITS.argon2MemoryKiB.value) throw tooCostly('argon2MemoryKiB', memory, 'KiB of memory');
  // RFC 9106 section 3.1.
  if (passes < 1 || parallelism < 1 || parallelism > 255 || memory < 8 * parallelism) {
    throw damaged('its Argon2 parameters are out of range');
  }
  budget.spend('argon2Work', memory * passes, 'KiB of Argon2 work');
  return { memory, passes, parallelism, salt: Buffer.from(salt, 'hex') };
}

function decrypt(part: Uint8Array, { key, iv }: Secrets): Uint8Array {
  if (part.length % 16 !== 0) throw damaged('its encrypted part is cut');
  const decipher = createDecipheriv('aes-256-cbc', key, iv).setAutoPadding(false);
  return Buffer.concat([decipher.update(part), decipher.final()]);
}

function macOf(file: PpkFile, plain: Uint8Array, key: Uint8Array): Uint8Array {
  return ppkMac(file.version, key, file.type, file.encryption, file.comment, file.publicBlob, plain);
}

/** The MAC over everything: SHA-1 in version 2, SHA-256 in version 3. `comment` is one character a byte. */
export function ppkMac(
  version: 2 | 3,
  key: Uint8Array,
  type: string,
  encryption: string,
  comment: string,
  publicBlob: Uint8Array,
  plain: Uint8Array,
): Uint8Array {
  const data = new WireWriter(4096).text(type).text(encryption).string(Buffer.from(comment, 'latin1'));
  const bytes = data.string(publicBlob).string(plain).finish();
  const mac = createHmac(version === 2 ? 'sha1' : 'sha256', key)
    .update(bytes)
    .digest();
  bytes.fill(0);
  return mac;
}

function readNumbers(file: PpkFile, row: KeyTypeRow, plain: Uint8Array): KeyNumbers {
  const reader = new WireReader(file.publicBlob, 0, 'PuTTY key');
  if (reader.text() !== file.type) throw new WherryError('KEY_FORMAT', 'the key is damaged: two types');
  const numbers = PUBLIC_FIELDS[row.family].read(reader, row);
  reader.end();
  return SECRET_FIELDS[row.family](new WireReader(plain, 0, 'PuTTY key'), numbers, row);
}

/** The private numbers, which stand alone here; what follows them is padding of the cipher. */
const SECRET_FIELDS: Readonly<
  Record<KeyTypeRow['family'], (reader: WireReader, numbers: KeyNumbers, row: KeyTypeRow) => KeyNumbers>
> = {
  ed25519: (reader, numbers, row) => ({ ...numbers, d: edwardsSecret(reader, row) }),
  ed448: (reader, numbers, row) => ({ ...numbers, d: edwardsSecret(reader, row) }),
  ec: (reader, numbers, row) => ({ ...numbers, d: ecPrivateNumber(reader.mpint(), row) }),
  dsa: (reader, numbers) => ({ ...numbers, x: base64url(reader.mpint()) }),
  rsa(reader, numbers) {
    const [d, p, q, qi] = [reader.mpint(), reader.mpint(), reader.mpint(), reader.mpint()];
    const [n, e] = [Buffer.from(numbers.n!, 'base64url'), Buffer.from(numbers.e!, 'base64url')];
    return rsaNumbers({ n, e, d, p, q, qi });
  },
};

function edwardsSecret(reader: WireReader, row: KeyTypeRow): string {
  const secret = reader.string();
  if (secret.length !== row.size) throw reader.malformed(`a private key of ${secret.length} bytes`);
  return base64url(secret);
}
