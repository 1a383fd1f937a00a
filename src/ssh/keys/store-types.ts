/** The kinds of certificate stores that class libraries number from 0 to 23, and 99: which formats each may hold. */
import type { KeyFormatName } from './key-formats.ts';

/** One store type. */
export interface StoreTypeRow {
  readonly number: number;
  /** What the store is: a path, the data itself, either, a store of Windows (its user's or the machine's), a PKCS#11 token. */
  readonly from: 'file' | 'blob' | 'auto' | 'user' | 'machine' | 'token';
  /** The formats taken; all where there are none. */
  readonly formats?: readonly KeyFormatName[];
}

/** Every store type by its name: its number, where it is, and what may be in it. */
export const STORE_TYPES = {
  cstUser: { number: 0, from: 'user' },
  cstMachine: { number: 1, from: 'machine' },
  cstPFXFile: { number: 2, from: 'file', formats: ['pkcs12'] },
  cstPFXBlob: { number: 3, from: 'blob', formats: ['pkcs12'] },
  // keytool writes PKCS#12 under the name .jks since Java 9.
  cstJKSFile: { number: 4, from: 'file', formats: ['jks', 'pkcs12', 'jceks'] },
  cstJKSBlob: { number: 5, from: 'blob', formats: ['jks', 'pkcs12', 'jceks'] },
  cstPEMKeyFile: {
    number: 6,
    from: 'file',
    formats: ['openssh', 'pkcs1', 'sec1', 'dsa', 'pkcs8', 'pkcs8-encrypted', 'sshcom', 'x509'],
  },
  cstPEMKeyBlob: {
    number: 7,
    from: 'blob',
    formats: ['openssh', 'pkcs1', 'sec1', 'dsa', 'pkcs8', 'pkcs8-encrypted', 'sshcom', 'x509'],
  },
  cstPublicKeyFile: { number: 8, from: 'file', formats: ['x509', 'spki'] },
  cstPublicKeyBlob: { number: 9, from: 'blob', formats: ['x509', 'spki'] },
  cstSSHPublicKeyBlob: { number: 10, from: 'blob', formats: ['ssh-public', 'rfc4716', 'ssh-blob'] },
  cstP7BFile: { number: 11, from: 'file', formats: ['pkcs7'] },
  cstP7BBlob: { number: 12, from: 'blob', formats: ['pkcs7'] },
  cstSSHPublicKeyFile: { number: 13, from: 'file', formats: ['ssh-public', 'rfc4716', 'ssh-blob'] },
  cstPPKFile: { number: 14, from: 'file', formats: ['ppk'] },
  cstPPKBlob: { number: 15, from: 'blob', formats: ['ppk'] },
  cstXMLFile: { number: 16, from: 'file', formats: ['xml'] },
  cstXMLBlob: { number: 17, from: 'blob', formats: ['xml'] },
  cstJWKFile: { number: 18, from: 'file', formats: ['jwk'] },
  cstJWKBlob: { number: 19, from: 'blob', formats: ['jwk'] },
  cstBCFKSFile: { number: 21, from: 'file', formats: ['bcfks'] },
  cstBCFKSBlob: { number: 22, from: 'blob', formats: ['bcfks'] },
  cstPKCS11: { number: 23, from: 'token' },
  cstAuto: { number: 99, from: 'auto' },
} as const;
STORE_TYPES satisfies Record<string, StoreTypeRow>;

/** The name of a row of STORE_TYPES. */
export type StoreTypeName = keyof typeof STORE_TYPES;

/**
 * The row of a store type by its name or number; undefined where there is none. 20 is not in use.
 *
 * @example
 * ```ts
 * import { storeTypeRow } from 'wherry/keys';
 *
 * console.log(storeTypeRow(2)?.formats); // ['pkcs12']
 * ```
 */
export function storeTypeRow(type: StoreTypeName | number): StoreTypeRow | undefined {
  const rows: readonly (readonly [string, StoreTypeRow])[] = Object.entries(STORE_TYPES);
  return rows.find(([name, row]) => name === type || row.number === type)?.[1];
}
