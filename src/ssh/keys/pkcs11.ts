/** Keys on PKCS#11 tokens, through the optional package pkcs11js. */

import { createHash, createPublicKey } from 'node:crypto';
import { utf8 } from '../../base/bytes.ts';
import { WherryError } from '../../base/errors.ts';
import { requirePackage } from '../../base/require-package.ts';
import { sanitize } from '../../base/text.ts';
import { SIGNATURE_ALGORITHMS, type SignatureName, type SignatureRow } from '../crypto/signatures.ts';
import { WireWriter } from '../wire/writer.ts';
import { DER_TAGS, DerReader } from './der.ts';
import { derElement, derOctetString, derOid, derSequence } from './der-writer.ts';
import type { KeyEntry } from './formats/key-entry.ts';
import { unsupported } from './formats/key-errors.ts';
import { importPublicNumbers, named } from './key-numbers.ts';
import type { PrivateKey } from './key-pair.ts';
import { encodePublicKey, type PublicKey, parsePublicKey, samePublicKey } from './public-key.ts';
import { parseX509, type X509 } from './x509/x509.ts';

/** The part of pkcs11js that is used. */
interface Pkcs11 {
  load(path: string): void;
  C_Initialize(): void;
  C_Finalize(): void;
  C_GetSlotList(tokenPresent: boolean): Buffer[];
  C_GetTokenInfo(slot: Buffer): { label: string; flags: number };
  C_OpenSession(slot: Buffer, flags: number): Buffer;
  C_CloseSession(session: Buffer): void;
  C_Login(session: Buffer, user: number, pin: string): void;
  C_FindObjectsInit(session: Buffer, template: readonly Attribute[]): void;
  C_FindObjects(session: Buffer, max: number): Buffer[];
  C_FindObjectsFinal(session: Buffer): void;
  C_GetAttributeValue(session: Buffer, object: Buffer, template: readonly Attribute[]): Attribute[];
  C_SignInit(session: Buffer, mechanism: { mechanism: number; parameter: null }, key: Buffer): void;
  C_Sign(session: Buffer, data: Buffer, out: Buffer): Buffer;
}

interface Attribute {
  readonly type: number;
  readonly value?: unknown;
}

/** Numbers of PKCS#11 version 2.40, and of 3.0 for EdDSA. */
const CKA = {
  class: 0x000,
  value: 0x011,
  id: 0x102,
  label: 0x003,
  modulus: 0x120,
  exponent: 0x122,
  params: 0x180,
  point: 0x181,
} as const;
const CKO = { certificate: 1, publicKey: 2, privateKey: 3 } as const;
const CKM = { rsaPkcs: 0x0001, ecdsa: 0x1041, eddsa: 0x1057 } as const;
const SERIAL_SESSION = 0x04;
const CKU_USER = 1;
const CKR_USER_ALREADY_LOGGED_IN = 0x100;
const MAX_OBJECTS = 256;

/** Which token and object a store names: a module's path, or an RFC 7512 URI with `module-path`. */
interface Place {
  readonly module: string;
  readonly token?: string | undefined;
  readonly object?: string | undefined;
  readonly id?: string | undefined;
}

/**
 * The keys and certificates on the tokens of a PKCS#11 module. `store` is the path of the module's library, or a
 * `pkcs11:` URI (RFC 7512) with `module-path`, where `token`, `object` and `id` choose. The private keys stay on the
 * token and sign there, synchronously, until the process ends. KEY_UNSUPPORTED where the optional package `pkcs11js` is
 * not installed; KEY_PASSPHRASE_WRONG when the token refuses the PIN; INVALID_ARGUMENT when the module cannot be loaded.
 *
 * @example
 * ```ts
 * import { openPkcs11, type PrivateKey } from 'wherry/keys';
 *
 * function onCard(pin: string): PrivateKey | undefined {
 *   const entries = openPkcs11('pkcs11:token=work?module-path=/usr/lib/opensc-pkcs11.so', pin);
 *   return entries.find(({ privateKey }) => privateKey !== undefined)?.privateKey;
 * }
 * ```
 */
export function openPkcs11(store: string, pin?: string): KeyEntry[] {
  const place = readPlace(store);
  const api = loadModule(place.module);
  const entries: KeyEntry[] = [];
  for (const slot of api.C_GetSlotList(true)) {
    const label = api.C_GetTokenInfo(slot).label.trim();
    if (place.token !== undefined && place.token !== label) continue;
    const session = api.C_OpenSession(slot, SERIAL_SESSION);
    if (pin !== undefined) login(api, session, pin);
    entries.push(...readToken(api, session, place));
  }
  return entries;
}

/** Modules stay loaded: a second C_Initialize of the same one fails, and the keys need it. */
const MODULES = new Map<string, Pkcs11>();

function loadModule(path: string): Pkcs11 {
  const known = MODULES.get(path);
  if (known !== undefined) return known;
  let made: { PKCS11: new () => Pkcs11 };
  try {
    made = requirePackage('pkcs11js') as typeof made;
  } catch (cause) {
    const text =
      'keys on PKCS#11 tokens need the package pkcs11js, which is not installed: npm install pkcs11js';
    throw new WherryError('KEY_UNSUPPORTED', text, {}, cause);
  }
  const api = new made.PKCS11();
  try {
    api.load(path);
    api.C_Initialize();
  } catch (cause) {
    const text = `the PKCS#11 module ${sanitize(path, 256)} cannot be loaded`;
    throw new WherryError('INVALID_ARGUMENT', text, { localPath: path }, cause);
  }
  MODULES.set(path, api);
  return api;
}

function readPlace(store: string): Place {
  if (!store.startsWith('pkcs11:')) return { module: store };
  const [path = '', query = ''] = store.slice('pkcs11:'.length).split('?', 2);
  const parts = new Map<string, string>();
  for (const part of [...path.split(';'), ...query.split('&')]) {
    const equals = part.indexOf('=');
    if (equals > 0) parts.set(part.slice(0, equals), decodeURIComponent(part.slice(equals + 1)));
  }
  const module = parts.get('module-path');
  if (module === undefined) {
    throw new WherryError('INVALID_ARGUMENT', 'a pkcs11: URI needs module-path, the path of the module');
  }
  return { module, token: parts.get('token'), object: parts.get('object'), id: parts.get('id') };
}

function login(api: Pkcs11, session: Buffer, pin: string): void {
  try {
    api.C_Login(session, CKU_USER, pin);
  } catch (cause) {
    if ((cause as { code?: number }).code === CKR_USER_ALREADY_LOGGED_IN) return;
    // The cause may hold the PIN among its arguments.
    throw new WherryError('KEY_PASSPHRASE_WRONG', 'the token refuses the PIN');
  }
}

function readToken(api: Pkcs11, session: Buffer, place: Place): KeyEntry[] {
  const wanted = ({ label, id }: TokenObject): boolean =>
    (place.object === undefined || place.object === label) &&
    (place.id === undefined || Buffer.from(place.id, 'latin1').toString('hex') === id);
  const certificates = find(api, session, CKO.certificate)
    .map((object) => ({ ...object, certificate: readCertificate(api, session, object) }))
    .filter((one) => one.certificate !== undefined);
  const publics = find(api, session, CKO.publicKey).map((object) => ({
    ...object,
    publicKey: readPublic(api, session, object),
  }));
  const secrets = find(api, session, CKO.privateKey).filter(wanted);
  const entries: KeyEntry[] = [];
  for (const secret of secrets) {
    const certificate = certificates.find(({ id }) => id === secret.id)?.certificate;
    const publicKey = certificate?.publicKey ?? publics.find(({ id }) => id === secret.id)?.publicKey;
    if (publicKey === undefined) continue;
    const privateKey = tokenKey(api, session, secret, publicKey);
    const more = certificate === undefined ? {} : { certificate };
    entries.push({ comment: secret.label, publicKey, privateKey, ...more });
  }
  for (const one of [...certificates, ...publics].filter(wanted)) {
    const publicKey = 'certificate' in one ? one.certificate?.publicKey : one.publicKey;
    const known = entries.some(
      (entry) =>
        publicKey !== undefined && entry.publicKey !== undefined && samePublicKey(entry.publicKey, publicKey),
    );
    if (known || publicKey === undefined) continue;
    const more =
      'certificate' in one && one.certificate !== undefined ? { certificate: one.certificate } : {};
    entries.push({ comment: one.label, publicKey, ...more });
  }
  return entries;
}

interface TokenObject {
  readonly handle: Buffer;
  readonly label: string;
  /** CKA_ID in hex: what a key and its certificate share. */
  readonly id: string;
}

function find(api: Pkcs11, session: Buffer, kind: number): TokenObject[] {
  api.C_FindObjectsInit(session, [{ type: CKA.class, value: kind }]);
  const handles = api.C_FindObjects(session, MAX_OBJECTS);
  api.C_FindObjectsFinal(session);
  return handles.map((handle) => ({
    handle,
    label: sanitize(utf8(attribute(api, session, handle, CKA.label) ?? new Uint8Array(0))),
    id: Buffer.from(attribute(api, session, handle, CKA.id) ?? []).toString('hex'),
  }));
}

function attribute(api: Pkcs11, session: Buffer, object: Buffer, type: number): Buffer | undefined {
  try {
    return api.C_GetAttributeValue(session, object, [{ type }])[0]?.value as Buffer | undefined;
  } catch {
    return undefined;
  }
}

function readCertificate(api: Pkcs11, session: Buffer, { handle }: TokenObject): X509 | undefined {
  const der = attribute(api, session, handle, CKA.value);
  try {
    return der === undefined ? undefined : parseX509(der);
  } catch {
    return undefined;
  }
}

function readPublic(api: Pkcs11, session: Buffer, { handle }: TokenObject): PublicKey | undefined {
  const [n, e] = [
    attribute(api, session, handle, CKA.modulus),
    attribute(api, session, handle, CKA.exponent),
  ];
  const [params, point] = [
    attribute(api, session, handle, CKA.params),
    attribute(api, session, handle, CKA.point),
  ];
  try {
    if (n !== undefined && e !== undefined && n.length > 0) {
      return parsePublicKey(encodePublicKey(importPublicNumbers({ kty: 'RSA', ...named({ n, e }) })));
    }
    if (params === undefined || point === undefined) return undefined;
    const bytes = point[0] === DER_TAGS.octetString ? new DerReader(point).octetString() : point;
    // Ed25519 has its curve's name here, where its key info has an identifier of its own (RFC 8410).
    const edwards = params[0] !== DER_TAGS.oid;
    const algorithm = edwards
      ? derSequence(derOid('1.3.101.112'))
      : derSequence(derOid('1.2.840.10045.2.1'), params);
    const bits = derElement(DER_TAGS.bitString, Uint8Array.of(0), bytes);
    const key = createPublicKey({
      key: Buffer.from(derSequence(algorithm, bits)),
      format: 'der',
      type: 'spki',
    });
    return parsePublicKey(encodePublicKey(key));
  } catch {
    return undefined;
  }
}

function tokenKey(
  api: Pkcs11,
  session: Buffer,
  { handle, label }: TokenObject,
  publicKey: PublicKey,
): PrivateKey {
  return {
    publicKey,
    comment: label,
    sign(name: SignatureName, data: Uint8Array): Uint8Array {
      const row: SignatureRow = SIGNATURE_ALGORITHMS[name];
      if (row.keyType !== publicKey.type) {
        const text = `a key of type ${publicKey.type} cannot make ${name} signatures`;
        throw new WherryError('INVALID_ARGUMENT', text, { keyType: publicKey.type });
      }
      const form = TOKEN_SIGNATURES[row.family];
      if (form === undefined) throw unsupported(`${name} signatures by a token`, publicKey.type);
      api.C_SignInit(session, { mechanism: form.mechanism, parameter: null }, handle);
      const signature = api.C_Sign(session, Buffer.from(form.input(row, data)), Buffer.alloc(2048));
      return new WireWriter().text(name).string(form.toWire(signature)).finish();
    },
  };
}

/** How a token is asked for a signature of a family, and what its answer becomes. */
interface TokenSignature {
  readonly mechanism: number;
  input(row: SignatureRow, data: Uint8Array): Uint8Array;
  toWire(signature: Uint8Array): Uint8Array;
}

const TOKEN_SIGNATURES: Readonly<Record<string, TokenSignature>> = {
  rsa: { mechanism: CKM.rsaPkcs, input: digestInfo, toWire: (signature) => signature },
  ec: {
    mechanism: CKM.ecdsa,
    input: (row, data) => createHash(row.hash!).update(data).digest(),
    toWire(signature) {
      const half = signature.length / 2;
      return new WireWriter().mpint(signature.subarray(0, half)).mpint(signature.subarray(half)).finish();
    },
  },
  ed25519: { mechanism: CKM.eddsa, input: (_row, data) => data, toWire: (signature) => signature },
};

const HASH_OIDS: Readonly<Record<string, string>> = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha512: '2.16.840.1.101.3.4.2.3',
};

/** RFC 8017 section 9.2: the DigestInfo a PKCS#1 signature is over; every token can do that much. */
function digestInfo(row: SignatureRow, data: Uint8Array): Uint8Array {
  const hash = row.hash!;
  const digest = createHash(hash).update(data).digest();
  const algorithm = derSequence(derOid(HASH_OIDS[hash]!), derElement(DER_TAGS.null));
  return derSequence(algorithm, derOctetString(digest));
}
