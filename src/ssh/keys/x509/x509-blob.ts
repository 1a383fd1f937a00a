/** X.509 certificates as SSH carries them for the `x509v3-…` algorithms (RFC 6187). */
import { WherryError } from '../../../base/errors.ts';
import { LIMITS } from '../../../base/limits.ts';
import { sanitize } from '../../../base/text.ts';
import { WireReader } from '../../wire/reader.ts';
import { WireWriter } from '../../wire/writer.ts';
import { asKeyErrors } from '../public-key.ts';
import { parseX509, type X509 } from './x509.ts';

/** One `x509v3-…` name of a public key. */
export interface X509KeyRow {
  /** The type of the key in the certificate. */
  readonly keyType: string;
  /** A chain with OCSP answers (RFC 6187 section 2.1), or one certificate, as before that RFC. */
  readonly layout: 'chain' | 'single';
  readonly ref: string;
}

/** The names, and what stands behind each. */
export const X509_KEY_TYPES = {
  'x509v3-ssh-rsa': { keyType: 'ssh-rsa', layout: 'chain', ref: 'RFC 6187 section 3.1' },
  'x509v3-rsa2048-sha256': { keyType: 'ssh-rsa', layout: 'chain', ref: 'RFC 6187 section 3.3' },
  'x509v3-ecdsa-sha2-nistp256': {
    keyType: 'ecdsa-sha2-nistp256',
    layout: 'chain',
    ref: 'RFC 6187 section 3.4',
  },
  'x509v3-ecdsa-sha2-nistp384': {
    keyType: 'ecdsa-sha2-nistp384',
    layout: 'chain',
    ref: 'RFC 6187 section 3.4',
  },
  'x509v3-ecdsa-sha2-nistp521': {
    keyType: 'ecdsa-sha2-nistp521',
    layout: 'chain',
    ref: 'RFC 6187 section 3.4',
  },
  'x509v3-ssh-ed25519': { keyType: 'ssh-ed25519', layout: 'chain', ref: 'PKIX-SSH, asyncssh' },
  'x509v3-ssh-dss': { keyType: 'ssh-dss', layout: 'chain', ref: 'RFC 6187 section 3.2' },
  'x509v3-sign-rsa': {
    keyType: 'ssh-rsa',
    layout: 'single',
    ref: 'draft-ietf-secsh-transport-12 section 4.6',
  },
  'x509v3-sign-dss': {
    keyType: 'ssh-dss',
    layout: 'single',
    ref: 'draft-ietf-secsh-transport-12 section 4.6',
  },
} as const;
X509_KEY_TYPES satisfies Record<string, X509KeyRow>;

export type X509KeyType = keyof typeof X509_KEY_TYPES;

export function isX509KeyType(type: string): type is X509KeyType {
  return Object.hasOwn(X509_KEY_TYPES, type);
}

/** A public key blob of an `x509v3-…` type, taken apart. */
export interface X509Blob {
  readonly type: X509KeyType;
  /** The sender's own certificate first, each issued by the next. Not checked. */
  readonly chain: readonly X509[];
}

/** The chain of a blob; KEY_FORMAT for a damaged one, KEY_UNSUPPORTED for another type. */
export function parseX509Blob(blob: Uint8Array): X509Blob {
  return asKeyErrors(() => {
    const reader = new WireReader(blob, 0, 'X.509 key');
    const type = reader.text();
    if (!isX509KeyType(type)) {
      const shown = sanitize(type, 64);
      throw new WherryError('KEY_UNSUPPORTED', `${shown}: not a type of X.509 key known here`, {
        keyType: shown,
      });
    }
    const row: X509KeyRow = X509_KEY_TYPES[type];
    const chain = row.layout === 'single' ? [readSingle(reader)] : readChain(reader);
    reader.end();
    const found = chain[0]!.publicKey?.type;
    if (found !== row.keyType) {
      throw reader.malformed(`a certificate for a key of type ${found ?? 'not known here'} in ${type}`);
    }
    return { type, chain };
  });
}

/** The blob of a chain, the holder's own certificate first. */
export function encodeX509Blob(type: X509KeyType, chain: readonly X509[]): Uint8Array {
  const writer = new WireWriter(4096).text(type);
  const row: X509KeyRow = X509_KEY_TYPES[type];
  if (row.layout === 'single') return writer.string(chain[0]!.raw).finish();
  writer.u32(chain.length);
  for (const { raw } of chain) writer.string(raw);
  return writer.u32(0).finish();
}

function readChain(reader: WireReader): X509[] {
  const count = reader.u32();
  const max = LIMITS.x509ChainLength.value;
  if (count === 0 || count > max) throw reader.malformed(`${count} certificates, where 1 to ${max} may be`);
  const chain: X509[] = [];
  for (let i = 0; i < count; i++) chain.push(parseX509(reader.string()));
  const answers = reader.u32();
  if (answers > count) throw reader.malformed(`${answers} OCSP answers for ${count} certificates`);
  for (let i = 0; i < answers; i++) reader.string();
  return chain;
}

/** The certificate as a string, or bare to the end: both are found. */
function readSingle(reader: WireReader): X509 {
  const rest = reader.rest();
  return parseX509(rest[0] === 0x30 ? rest : new WireReader(rest, 0, 'X.509 key').string());
}
