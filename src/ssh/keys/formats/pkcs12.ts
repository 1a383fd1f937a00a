/** PKCS#12 files (RFC 7292), also called PFX: keys and certificates under one password. */
import { createHash, createHmac, type KeyObject } from 'node:crypto';
import { EMPTY, sameBytes, toHex } from '../../../base/bytes.ts';
import { sanitize } from '../../../base/text.ts';
import { DER_TAGS, DerReader } from '../der.ts';
import { makePrivateKey } from '../key-pair.ts';
import { textOf } from '../x509/distinguished-name.ts';
import type { X509 } from '../x509/x509.ts';
import { withLengths } from './ber.ts';
import { certificateEntry, type KeyEntry, privateEntry, readCertificate } from './key-entry.ts';
import { damaged, passphraseRequired, passphraseWrong, unsupported } from './key-errors.ts';
import { openEncrypted, type Passphrase } from './password-encryption.ts';
import { importEncryptedPkcs8 } from './pkcs8.ts';
import { bmpPassword, isPkcs12Hash, pkcs12Derive } from './pkcs12-kdf.ts';
import { importDer } from './private-der.ts';
import type { WorkBudget } from './work-budget.ts';

const DATA = '1.2.840.113549.1.7.1';
const ENCRYPTED_DATA = '1.2.840.113549.1.7.6';
const BAG = '1.2.840.113549.1.12.10.1.';
const X509_BAG = '1.2.840.113549.1.9.22.1';
const FRIENDLY_NAME = '1.2.840.113549.1.9.20';
const LOCAL_KEY_ID = '1.2.840.113549.1.9.21';

const HASHES: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** What the bags held, before keys and certificates find each other. */
interface Contents {
  readonly keys: { readonly key: KeyObject; readonly name: string; readonly id: string }[];
  readonly certificates: { readonly certificate: X509; readonly name: string; readonly id: string }[];
}

/** Everything in the file. The password may be empty: then both ways of writing none are tried. */
export function readPkcs12(
  bytes: Uint8Array,
  passphrase: Uint8Array | undefined,
  budget: WorkBudget,
): KeyEntry[] {
  const file = new DerReader(withLengths(bytes)).sequence();
  if (file.integer() !== 3) throw unsupported('a PKCS#12 file of another version than 3');
  const info = file.sequence();
  if (info.oid() !== DATA) throw unsupported('a PKCS#12 file protected by a public key');
  const safe = info.into(0xa0).octetString();
  const forms = passwordForms(passphrase);
  const password =
    file.remaining > 0 ? provenPassword(file.sequence(), safe, forms, budget, passphrase) : forms[0]!;
  const contents: Contents = { keys: [], certificates: [] };
  const infos = new DerReader(withLengths(safe)).sequence();
  while (infos.remaining > 0) readSafe(infos.sequence(), contents, password, budget);
  return joined(contents, budget);
}

function passwordForms(passphrase: Uint8Array | undefined): Passphrase[] {
  const given: Passphrase = { bytes: passphrase ?? EMPTY, bmp: bmpPassword(passphrase ?? EMPTY) };
  return given.bytes.length > 0 ? [given] : [given, { bytes: EMPTY, bmp: EMPTY }];
}

/** The form of the password under which the MAC fits. */
function provenPassword(
  mac: DerReader,
  safe: Uint8Array,
  forms: readonly Passphrase[],
  budget: WorkBudget,
  passphrase: Uint8Array | undefined,
): Passphrase {
  const digest = mac.sequence();
  const oid = digest.sequence().oid();
  const hash = Object.hasOwn(HASHES, oid) ? HASHES[oid]! : undefined;
  if (hash === undefined || !isPkcs12Hash(hash)) {
    throw unsupported(`the PKCS#12 file is protected with ${oid}, which is not supported`);
  }
  const expected = digest.octetString();
  // The length of what is derived goes by it.
  if (expected.length !== createHash(hash).digest().length) throw damaged('its MAC is cut');
  const salt = mac.octetString();
  const rounds = mac.remaining > 0 ? mac.integer() : 1;
  for (const form of forms) {
    budget.spend('pbkdf2Iterations', rounds, 'rounds of work', 6);
    const key = pkcs12Derive(hash, form.bmp, salt, rounds, 3, expected.length);
    if (sameBytes(createHmac(hash, key).update(safe).digest(), expected)) return form;
  }
  throw passphrase === undefined || passphrase.length === 0 ? passphraseRequired() : passphraseWrong(false);
}

function readSafe(info: DerReader, contents: Contents, password: Passphrase, budget: WorkBudget): void {
  const oid = info.oid();
  if (oid === DATA) {
    readBags(new DerReader(info.into(0xa0).octetString()).sequence(), contents, password, budget, 0);
  } else if (oid === ENCRYPTED_DATA) {
    const encrypted = info.into(0xa0).sequence();
    encrypted.integer();
    const inner = encrypted.sequence();
    inner.oid();
    const algorithm = inner.sequence();
    const plain = openEncrypted(algorithm, implicitOctets(inner), () => password, budget);
    readBags(new DerReader(plain).sequence(), contents, password, budget, 0);
  } else {
    throw unsupported(`a part of the PKCS#12 file of kind ${oid}`);
  }
}

/** [0] IMPLICIT OCTET STRING, in one piece or several. */
function implicitOctets(reader: DerReader): Uint8Array {
  if (reader.peek() === 0x80) return reader.take(0x80).content;
  const pieces = reader.into(0xa0);
  const parts: Uint8Array[] = [];
  while (pieces.remaining > 0) parts.push(pieces.octetString());
  return Buffer.concat(parts);
}

function readBags(
  bags: DerReader,
  contents: Contents,
  password: Passphrase,
  budget: WorkBudget,
  depth: number,
): void {
  if (depth > 4) throw damaged('bags within bags within bags');
  while (bags.remaining > 0) {
    const bag = bags.sequence();
    const kind = bag.oid();
    const value = bag.into(0xa0);
    const attributes = bag.remaining > 0 ? readAttributes(bag.set()) : { name: '', id: '' };
    switch (kind) {
      case `${BAG}1`:
        contents.keys.push({ key: importDer(value.take().raw), ...attributes });
        break;
      case `${BAG}2`: {
        const key = importEncryptedPkcs8(value.take().raw, () => password, budget);
        contents.keys.push({ key, ...attributes });
        break;
      }
      case `${BAG}3`: {
        const certificate = value.sequence();
        if (certificate.oid() !== X509_BAG) break;
        const der = certificate.into(0xa0).octetString();
        contents.certificates.push({ certificate: readCertificate(der, budget), ...attributes });
        break;
      }
      case `${BAG}6`:
        readBags(value.sequence(), contents, password, budget, depth + 1);
        break;
      default:
        // Revocation lists and other secrets are of no use here.
        break;
    }
  }
}

function readAttributes(set: DerReader): { name: string; id: string } {
  const found = { name: '', id: '' };
  while (set.remaining > 0) {
    const attribute = set.sequence();
    const oid = attribute.oid();
    const values = attribute.set();
    if (values.remaining === 0) continue;
    if (oid === FRIENDLY_NAME) found.name = sanitize(textOf(values.take()));
    else if (oid === LOCAL_KEY_ID && values.peek() === DER_TAGS.octetString) {
      found.id = toHex(values.octetString());
    }
  }
  return found;
}

/** Entries; a key's name may stand at its certificate only. */
function joined({ keys, certificates }: Contents, budget: WorkBudget): KeyEntry[] {
  const nameOf = ({ name, id }: { name: string; id: string }): string =>
    name !== '' ? name : (certificates.find((one) => id !== '' && one.id === id)?.name ?? '');
  return [
    ...keys.map((one) => privateEntry(makePrivateKey(one.key, nameOf(one), budget))),
    ...certificates.map(({ certificate, name }) => certificateEntry(certificate, name)),
  ];
}
