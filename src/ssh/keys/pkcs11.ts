/** Keys on PKCS#11 tokens, through the optional package pkcs11js. */
import { createPublicKey } from 'node:crypto';
import { utf8 } from '../../base/bytes.ts';
import { WherryError } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import { sanitize } from '../../base/text.ts';
import { DER_TAGS, DerReader } from './der.ts';
import { derElement, derOid, derSequence } from './der-writer.ts';
import type { KeyEntry } from './formats/key-entry.ts';
import { importPublicNumbers, named } from './key-numbers.ts';
import { tokenKey } from './pkcs11-key.ts';
import {
  asTokenErrors,
  CKA,
  CKF,
  CKO,
  CKR,
  CKU,
  codeOf,
  loadModule,
  type Pkcs11,
  reasonOf,
} from './pkcs11-module.ts';
import { encodePublicKey, type PublicKey, parsePublicKey, samePublicKey } from './public-key.ts';
import { parseX509, type X509 } from './x509/x509.ts';

const ED25519 = '1.3.101.112';

/** Which token and object a store names: a module's path, or an RFC 7512 URI with `module-path`. */
export interface Place {
  readonly module: string;
  readonly token?: string | undefined;
  readonly object?: string | undefined;
  readonly id?: string | undefined;
}

/**
 * The keys and certificates on the tokens of a PKCS#11 module. `store` is the path of the module's library, or a
 * `pkcs11:` URI (RFC 7512) with `module-path`, where `token`, `object` and `id` choose. The private keys stay on the
 * token and sign there, synchronously, until the process ends. KEY_UNSUPPORTED where the optional package `pkcs11js` is
 * not installed; KEY_PASSPHRASE_WRONG when the token refuses the PIN; INVALID_ARGUMENT when the module cannot be loaded,
 * has no such token, or has several and `token` does not choose, since each counts wrong PINs; TOKEN_FAILED when a token
 * fails. Without a PIN only what is public is listed.
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
  const slots = slotsOf(api, place);
  if (pin !== undefined && slots.length > 1) {
    const text = 'the PKCS#11 module has several tokens: choose one by pkcs11:token=…?module-path=…';
    throw new WherryError('INVALID_ARGUMENT', text);
  }
  return slots.flatMap((slot) =>
    asTokenErrors('listing its keys', () => {
      // It stays open: the keys sign through it.
      const session = api.C_OpenSession(slot, CKF.serialSession);
      if (pin !== undefined) login(api, session, pin);
      return readToken(api, session, place);
    }),
  );
}

/** The slots whose tokens are ready for use, and of the label that is asked for. */
function slotsOf(api: Pkcs11, { token }: Place): Buffer[] {
  const ready = asTokenErrors('listing the tokens', () =>
    api
      .C_GetSlotList(true)
      .map((slot) => ({ slot, ...api.C_GetTokenInfo(slot) }))
      .filter(({ flags }) => (flags & CKF.tokenInitialized) !== 0),
  );
  const chosen = ready.filter(({ label }) => token === undefined || label.trim() === token);
  if (chosen.length === 0) {
    const which = token === undefined ? 'no token' : `no token ${sanitize(token, 64)}`;
    throw new WherryError('INVALID_ARGUMENT', `the PKCS#11 module has ${which}`);
  }
  return chosen.map(({ slot }) => slot);
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
    api.C_Login(session, CKU.user, pin);
  } catch (error) {
    const code = codeOf(error);
    if (code === CKR.userAlreadyLoggedIn) return;
    api.C_CloseSession(session);
    // No cause: its arguments may hold the PIN.
    if (code === CKR.pinIncorrect) throw new WherryError('KEY_PASSPHRASE_WRONG', 'the token refuses the PIN');
    if (code === CKR.pinLocked)
      throw new WherryError('TOKEN_FAILED', 'the token is locked, after too many wrong PINs');
    throw new WherryError('TOKEN_FAILED', `the token does not take the PIN: ${reasonOf(error)}`);
  }
}

/** The keys and certificates of one token. */
export function readToken(api: Pkcs11, session: Buffer, place: Place): KeyEntry[] {
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
    const privateKey = tokenKey(api, session, secret.handle, secret.label, publicKey);
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
  const handles = api.C_FindObjects(session, LIMITS.tokenObjects.value);
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
    // Ed25519 has its curve's name here, or the identifier its key info has (RFC 8410).
    const edwards = params[0] !== DER_TAGS.oid || Buffer.compare(params, derOid(ED25519)) === 0;
    const algorithm = edwards
      ? derSequence(derOid(ED25519))
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
