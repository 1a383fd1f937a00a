/** Keys in X.509 certificates as SSH carries them (RFC 6187 section 2.1). */
import { X509Certificate } from 'node:crypto';
import { WherryError } from '../../base/errors.ts';
import { checkLimit } from '../../base/limits.ts';
import { WireReader } from '../wire/reader.ts';
import { WireWriter } from '../wire/writer.ts';
import { asKeyErrors, encodePublicKey, type PublicKey, parsePublicKey } from './public-key.ts';

/** A key and the certificates that came with it. Nothing in them is believed before the chain has been checked. */
export interface X509Key {
  /** The name the blob gives itself. */
  readonly type: string;
  /** The key of the first certificate, as a plain key. */
  readonly publicKey: PublicKey;
  /** The key's own certificate first, then those that lead to a root. */
  readonly certificates: readonly X509Certificate[];
}

/** A DER SEQUENCE: what `x509v3-sign-*` blobs of the drafts before RFC 4253 begin with, without a name. */
const SEQUENCE = 0x30;
const OF_DRAFT = 'x509v3-sign-';

/**
 * Reads a key blob of an X.509 algorithm; `type` is the algorithm's name for blobs. The drafts before RFC 4253 have one
 * certificate, bare or behind the name. KEY_FORMAT for a damaged one, KEY_UNSUPPORTED for a key SSH has no type for.
 */
export function parseX509Key(blob: Uint8Array, type: string): X509Key {
  return asKeyErrors(() => {
    const own = new Uint8Array(blob);
    const certificates = readCertificates(own, type).map((der) => new X509Certificate(der));
    const publicKey = parsePublicKey(encodePublicKey(certificates[0]!.publicKey));
    return { type, publicKey, certificates };
  });
}

function readCertificates(blob: Uint8Array, type: string): Uint8Array[] {
  const ofDraft = type.startsWith(OF_DRAFT);
  if (ofDraft && blob[0] === SEQUENCE) return [blob];
  const reader = new WireReader(blob, 0, 'X.509 key');
  const named = reader.text();
  if (named !== type) throw reader.malformed('its name is another');
  if (ofDraft) {
    const der = reader.string();
    reader.end();
    return [der];
  }
  const count = reader.u32();
  checkLimit('x509ChainLength', count);
  if (count === 0) throw new WherryError('KEY_FORMAT', 'an X.509 key without a certificate');
  const certificates = Array.from({ length: count }, () => reader.string());
  // OCSP responses, which RFC 6187 lets a client ignore.
  const responses = reader.u32();
  checkLimit('x509ChainLength', responses);
  for (let i = 0; i < responses; i++) reader.string();
  reader.end();
  return certificates;
}

/** The blob of a chain (RFC 6187 section 2.1), the key's own certificate first; of the drafts that one alone. */
export function encodeX509Key(type: string, chain: readonly Uint8Array[]): Uint8Array {
  const writer = new WireWriter(4096).text(type);
  if (type.startsWith(OF_DRAFT)) return writer.string(chain[0]!).finish();
  writer.u32(chain.length);
  for (const der of chain) writer.string(der);
  return writer.u32(0).finish();
}
