/** Private keys of ssh.com and Tectia ("SSH2 ENCRYPTED PRIVATE KEY"); there is no document, facts are of PuTTY's importer. */
import { createDecipheriv, createHash } from 'node:crypto';
import { withoutZeros } from '../../../base/bytes.ts';
import { sanitize } from '../../../base/text.ts';
import { WireReader } from '../../wire/reader.ts';
import { checkDsa, named } from '../key-numbers.ts';
import { importPrivate, makePrivateKey, type PrivateKey } from '../key-pair.ts';
import { rsaNumbers } from '../private-fields.ts';
import { asKeyErrors } from '../public-key.ts';
import { headedBlock } from './headed-block.ts';
import { damaged, passphraseRequired, passphraseWrong, unsupported } from './key-errors.ts';
import type { WorkBudget } from './work-budget.ts';

const MAGIC = 0x3f6f_f9eb;

export const SSHCOM_LABEL = 'SSH2 ENCRYPTED PRIVATE KEY';

export function parseSshcom(
  text: string,
  passphrase: Uint8Array | undefined,
  budget: WorkBudget,
): PrivateKey {
  return asKeyErrors(() => {
    const { bytes, comment } = headedBlock(text, SSHCOM_LABEL);
    const reader = new WireReader(bytes, 0, 'ssh.com private key');
    if (reader.u32() !== MAGIC) throw damaged('it does not begin as a key of ssh.com');
    const total = reader.u32();
    if (total !== bytes.length) throw damaged(`it says it has ${total} bytes, and has ${bytes.length}`);
    const type = reader.text();
    const cipher = reader.text();
    const body = reader.string();
    reader.end();
    if (cipher !== 'none' && cipher !== '3des-cbc') {
      throw unsupported(`the private key is encrypted with ${sanitize(cipher, 64)}, which is not supported`);
    }
    const encrypted = cipher !== 'none';
    if (encrypted && (passphrase === undefined || passphrase.length === 0)) throw passphraseRequired();
    const plain = encrypted ? decrypt(body, passphrase!) : Buffer.from(body);
    try {
      return makePrivateKey(importPrivate(readKey(type, plain, encrypted)), comment, budget);
    } finally {
      plain.fill(0);
    }
  });
}

function decrypt(body: Uint8Array, passphrase: Uint8Array): Uint8Array {
  if (body.length === 0 || body.length % 8 !== 0) throw damaged('its encrypted part is cut');
  const md5 = (...parts: Uint8Array[]): Buffer => createHash('md5').update(Buffer.concat(parts)).digest();
  const one = md5(passphrase);
  const key = Buffer.concat([one, md5(passphrase, one)]).subarray(0, 24);
  const decipher = createDecipheriv('des-ede3-cbc', key, new Uint8Array(8)).setAutoPadding(false);
  return Buffer.concat([decipher.update(body), decipher.final()]);
}

/** There is no check of the passphrase in the file: numbers that cannot be tell a wrong one. */
function readKey(type: string, plain: Uint8Array, encrypted: boolean): Parameters<typeof importPrivate>[0] {
  const family = FAMILIES.find(([pattern]) => pattern.test(type));
  if (family === undefined) throw unsupported(`${sanitize(type, 64)}: a key type not known here`);
  try {
    const outer = new WireReader(plain, 0, 'ssh.com private key');
    const reader = new WireReader(outer.string(), 0, 'ssh.com private key');
    return family[1](reader);
  } catch (error) {
    throw encrypted ? passphraseWrong(false, error) : damaged('its numbers cannot be read', error);
  }
}

const FAMILIES: readonly (readonly [RegExp, (reader: WireReader) => Parameters<typeof importPrivate>[0]])[] =
  [
    [
      /^if-modn\{/,
      (reader) => {
        const [e, d, n, qi] = [bignum(reader), bignum(reader), bignum(reader), bignum(reader)];
        const [q, p] = [bignum(reader), bignum(reader)];
        return rsaNumbers({ n, e, d, p, q, qi });
      },
    ],
    [
      /^dl-modp\{/,
      (reader) => {
        if (reader.u32() !== 0) throw reader.malformed('a group that is not in the file');
        const [p, g, q] = [bignum(reader), bignum(reader), bignum(reader)];
        const [y, x] = [bignum(reader), bignum(reader)];
        checkDsa(p, q, g, y);
        return { kty: 'DSA', ...named({ p, q, g, y, x }) };
      },
    ],
  ];

/** A number as SSH 1 wrote it: its bits, then as many bytes as they need. */
function bignum(reader: WireReader): Uint8Array {
  const bits = reader.u32();
  if (bits > 16_384) throw reader.malformed('a number out of range');
  return withoutZeros(reader.raw(Math.ceil(bits / 8)));
}
