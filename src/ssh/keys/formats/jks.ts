/** Java keystores of the type JKS (sun.security.provider.JavaKeyStore): the default of keytool before Java 9. */
import { createHash } from 'node:crypto';
import { fromUtf8, sameBytes, utf8 } from '../../../base/bytes.ts';
import { sanitize } from '../../../base/text.ts';
import { WireReader } from '../../wire/reader.ts';
import { DerReader } from '../der.ts';
import { makePrivateKey } from '../key-pair.ts';
import { asKeyErrors } from '../public-key.ts';
import type { X509 } from '../x509/x509.ts';
import { certificateEntry, type KeyEntry, privateEntry, readCertificate } from './key-entry.ts';
import { damaged, passphraseRequired, passphraseWrong, unsupported } from './key-errors.ts';
import { importDer } from './private-der.ts';
import type { WorkBudget } from './work-budget.ts';

const MAGIC = 0xfeed_feed;
const KEY_PROTECTOR = '1.3.6.1.4.1.42.2.17.1.1';
const DIGEST = 20;

export function looksLikeJks(bytes: Uint8Array): boolean {
  return bytes.length > DIGEST + 12 && new WireReader(bytes).u32() === MAGIC;
}

/** JCEKS: the same layout, with secret keys as serialised Java objects. */
export function looksLikeJceks(bytes: Uint8Array): boolean {
  return bytes.length > 4 && new WireReader(bytes).u32() === 0xcece_cece;
}

export function readJks(
  bytes: Uint8Array,
  passphrase: Uint8Array | undefined,
  budget: WorkBudget,
): KeyEntry[] {
  return asKeyErrors(() => {
    const body = bytes.subarray(0, bytes.length - DIGEST);
    const reader = new WireReader(body, 0, 'Java keystore');
    if (reader.u32() !== MAGIC) throw damaged('it does not begin as a Java keystore');
    const version = reader.u32();
    if (version !== 1 && version !== 2) throw unsupported(`a Java keystore of version ${version}`);
    if (passphrase === undefined || passphrase.length === 0) throw passphraseRequired();
    const password = Buffer.from(utf8(passphrase), 'utf16le').swap16();
    const proof = sha1(password, fromUtf8('Mighty Aphrodite'), body);
    if (!sameBytes(proof, bytes.subarray(bytes.length - DIGEST))) throw passphraseWrong(false);
    const count = reader.u32();
    const entries: KeyEntry[] = [];
    for (let i = 0; i < count; i++) entries.push(readEntry(reader, version, password, budget));
    reader.end();
    return entries;
  });
}

function readEntry(reader: WireReader, version: number, password: Uint8Array, budget: WorkBudget): KeyEntry {
  const tag = reader.u32();
  const alias = sanitize(shortText(reader));
  reader.u64(); // When it was made.
  if (tag === 2) return certificateEntry(nextCertificate(reader, version, budget), alias);
  if (tag !== 1) throw reader.malformed(`an entry of kind ${tag}`);
  const plain = unprotect(reader.string(), password);
  try {
    const key = makePrivateKey(importDer(plain), alias, budget);
    const count = reader.u32();
    const chain: X509[] = [];
    for (let i = 0; i < count; i++) chain.push(nextCertificate(reader, version, budget));
    const [certificate, ...issuers] = chain;
    return certificate === undefined ? privateEntry(key) : privateEntry(key, { certificate, chain: issuers });
  } finally {
    plain.fill(0);
  }
}

function nextCertificate(reader: WireReader, version: number, budget: WorkBudget): X509 {
  const type = version === 2 ? shortText(reader) : 'X.509';
  const der = reader.string();
  if (type !== 'X.509') throw unsupported(`a certificate of type ${sanitize(type, 64)}`);
  return readCertificate(der, budget);
}

/** Java's writeUTF: two bytes of length. */
function shortText(reader: WireReader): string {
  const length = (reader.u8() << 8) | reader.u8();
  return utf8(reader.raw(length));
}

/** Sun's own cipher: a chain of SHA-1 from the password and a salt, XORed; then a digest that proves it. */
function unprotect(der: Uint8Array, password: Uint8Array): Uint8Array {
  const info = new DerReader(der).sequence();
  const oid = info.sequence().oid();
  if (oid !== KEY_PROTECTOR) throw unsupported(`the private key is encrypted with ${oid}`);
  const data = info.octetString();
  if (data.length <= 2 * DIGEST) throw damaged('its encrypted part is cut');
  const plain = new Uint8Array(data.length - 2 * DIGEST);
  let stream = data.subarray(0, DIGEST);
  for (let at = 0; at < plain.length; at += DIGEST) {
    stream = sha1(password, stream);
    for (let i = 0; i < DIGEST && at + i < plain.length; i++)
      plain[at + i] = data[DIGEST + at + i]! ^ stream[i]!;
  }
  if (!sameBytes(sha1(password, plain), data.subarray(data.length - DIGEST))) throw passphraseWrong(true);
  return plain;
}

function sha1(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
