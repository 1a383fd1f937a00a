/** Stores of keys and certificates, as class libraries know them: a type, a place, a password, and a subject to find. */
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { sameBytes, utf8 } from '../../base/bytes.ts';
import { isWherryError, WherryError, withDetails } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import { sanitize } from '../../base/text.ts';
import type { KeyEntry } from './formats/key-entry.ts';
import { cannotRead } from './key-path.ts';
import { openPkcs11 } from './pkcs11.ts';
import { samePublicKey } from './public-key.ts';
import { parseKeys } from './read-keys.ts';
import { type StoreTypeName, type StoreTypeRow, storeTypeRow } from './store-types.ts';
import { openWindowsStore } from './windows/windows-store.ts';

/** Where keys are, and how to get at them. */
export interface KeyStoreOptions {
  /** One of STORE_TYPES, by name or number. Default `cstAuto`. */
  readonly type?: StoreTypeName | number;
  /**
   * A path, or the data itself: bytes, or text, which may be base64. For a token: see `openPkcs11`. Of Windows, the
   * store's name: `MY`, `CA`, `ROOT`.
   */
  readonly store: string | Uint8Array;
  /** The passphrase, or a token's PIN. */
  readonly password?: string;
}

/**
 * Opens a store and lists what is in it, synchronously. INVALID_ARGUMENT for a type that does not exist, for a file
 * that cannot be read and for a store that Windows does not have; KEY_UNSUPPORTED for stores that are not available
 * (BCFKS; those of Windows elsewhere, or without the optional package `koffi`); otherwise as `parseKeys`. The private
 * keys of Windows' stores stay there and sign there, synchronously; TOKEN_FAILED when Windows fails, details.errno says why.
 *
 * @example
 * ```ts
 * import { findKey, openKeyStore } from 'wherry/keys';
 *
 * const entries = openKeyStore({ type: 'cstPEMKeyFile', store: privateKeyFile });
 * console.log(findKey(entries, '*')?.privateKey?.publicKey.type);
 * ```
 */
export function openKeyStore(options: KeyStoreOptions): KeyEntry[] {
  const { type = 'cstAuto', store, password } = options;
  const row = storeTypeRow(type);
  if (row === undefined) {
    const shown = sanitize(String(type), 32);
    throw new WherryError(
      'INVALID_ARGUMENT',
      `there is no store type ${shown}; there are 0 to 19, 21 to 23 and 99`,
    );
  }
  return SOURCES[row.from](store, password, row);
}

/**
 * The entry whose subject is the text, else the first whose subject contains it, without regard to case; `*` is the
 * first one with a private key, or the first of all. The subject of a key without an X.509 certificate is the key id of
 * its OpenSSH certificate, or its comment.
 *
 * @example
 * ```ts
 * import { findKey, type KeyEntry } from 'wherry/keys';
 *
 * function ofServer(entries: readonly KeyEntry[]): KeyEntry | undefined {
 *   return findKey(entries, 'CN=www.server.com');
 * }
 * ```
 */
export function findKey(entries: readonly KeyEntry[], subject: string): KeyEntry | undefined {
  if (subject === '') return undefined;
  if (subject === '*') return entries.find(({ privateKey }) => privateKey !== undefined) ?? entries[0];
  const wanted = subject.toLowerCase();
  const subjects = entries.map((entry) => [entry, subjectOf(entry).toLowerCase()] as const);
  const exact = subjects.find(([, text]) => text === wanted);
  return (exact ?? subjects.find(([, text]) => text.includes(wanted)))?.[0];
}

/** What a search for a subject looks at. */
export function subjectOf({ certificate, sshCertificate, comment }: KeyEntry): string {
  return certificate?.subject ?? sshCertificate?.keyId ?? comment;
}

/**
 * The entry for a certificate or public key that is at hand: the one of that very certificate, else the one with that
 * key.
 *
 * @example
 * ```ts
 * import { findKeyFor, type KeyEntry, parseKeys } from 'wherry/keys';
 *
 * function privateHalf(entries: readonly KeyEntry[], pem: string): KeyEntry | undefined {
 *   return findKeyFor(entries, parseKeys(pem)[0]!);
 * }
 * ```
 */
export function findKeyFor(entries: readonly KeyEntry[], wanted: KeyEntry): KeyEntry | undefined {
  const raw = wanted.certificate?.raw;
  const same = entries.find(
    ({ certificate }) => raw !== undefined && certificate !== undefined && sameBytes(certificate.raw, raw),
  );
  const key = wanted.publicKey;
  return (
    same ??
    entries.find(
      ({ publicKey }) => key !== undefined && publicKey !== undefined && samePublicKey(publicKey, key),
    )
  );
}

type Source = (store: string | Uint8Array, password: string | undefined, row: StoreTypeRow) => KeyEntry[];

const SOURCES: Readonly<Record<StoreTypeRow['from'], Source>> = {
  file: (store, password, row) => readPath(pathOf(store), password, row),
  blob: (store, password, row) => parseKeys(store, { passphrase: password, formats: row.formats }),
  auto(store, password, row) {
    const path =
      typeof store === 'string' && !/[\r\n]/.test(store) && store.length < 4096 ? store : undefined;
    if (path !== undefined && existsSync(path)) return readPath(path, password, row);
    return parseKeys(store, { passphrase: password });
  },
  user: (store) => openWindowsStore({ owner: 'user', name: pathOf(store) }),
  machine: (store) => openWindowsStore({ owner: 'machine', name: pathOf(store) }),
  token: (store, password) => openPkcs11(pathOf(store), password),
};

function pathOf(store: string | Uint8Array): string {
  return typeof store === 'string' ? store : utf8(store);
}

function readPath(path: string, password: string | undefined, row: StoreTypeRow): KeyEntry[] {
  const bytes = readBoundedSync(path);
  try {
    return parseKeys(bytes, { passphrase: password, formats: row.formats });
  } catch (error) {
    throw isWherryError(error) ? withDetails(error, { localPath: path }) : error;
  } finally {
    bytes.fill(0);
  }
}

/** As much of a file as a key file may have, and one byte more. */
function readBoundedSync(path: string): Uint8Array {
  try {
    const file = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(LIMITS.keyFileBytes.value + 1);
      let length = 0;
      for (let read = 1; read > 0 && length < bytes.length; length += read) {
        read = readSync(file, bytes, length, bytes.length - length, null);
      }
      return bytes.subarray(0, length);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw cannotRead('key store', path, error);
  }
}
