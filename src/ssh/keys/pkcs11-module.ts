/** What is used of pkcs11js, the optional package that speaks to PKCS#11 modules. */
import { isWherryError, WherryError } from '../../base/errors.ts';
import { requirePackage } from '../../base/require-package.ts';
import { sanitize } from '../../base/text.ts';
import { cannotRead, looksLikePath } from './key-path.ts';

/** The part of pkcs11js that is used. */
export interface Pkcs11 {
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

export interface Attribute {
  readonly type: number;
  readonly value?: unknown;
}

/** Numbers of PKCS#11 version 2.40, and of 3.0 for EdDSA. */
export const CKA = {
  class: 0x000,
  value: 0x011,
  id: 0x102,
  label: 0x003,
  modulus: 0x120,
  exponent: 0x122,
  params: 0x180,
  point: 0x181,
} as const;
export const CKO = { certificate: 1, publicKey: 2, privateKey: 3 } as const;
export const CKM = { rsaPkcs: 0x0001, ecdsa: 0x1041, eddsa: 0x1057 } as const;
export const CKF = { tokenInitialized: 0x400, serialSession: 0x04 } as const;
export const CKU = { user: 1 } as const;
export const CKR = { pinIncorrect: 0xa0, pinLocked: 0xa4, userAlreadyLoggedIn: 0x100 } as const;

/** Modules stay loaded: a second C_Initialize of the same one fails, and the keys need it. */
const MODULES = new Map<string, Pkcs11>();

export function loadModule(path: string): Pkcs11 {
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
    if (!looksLikePath(path)) throw cannotRead('PKCS#11 module', path, cause);
    const text = `the PKCS#11 module ${sanitize(path, 256)} cannot be loaded`;
    throw new WherryError('INVALID_ARGUMENT', text, { localPath: path }, cause);
  }
  MODULES.set(path, api);
  return api;
}

/** Runs a step of a token; what the module says of a failure is TOKEN_FAILED. */
export function asTokenErrors<T>(what: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (isWherryError(error)) throw error;
    // The error itself stays out: its arguments may hold a PIN.
    throw new WherryError('TOKEN_FAILED', `the PKCS#11 token failed at ${what}: ${reasonOf(error)}`);
  }
}

/** The module's own name for what went wrong, such as CKR_DEVICE_REMOVED. */
export function reasonOf(error: unknown): string {
  return /^CKR_\w+/.exec((error as Error).message)?.[0] ?? `code ${codeOf(error)}`;
}

export function codeOf(error: unknown): number | undefined {
  return (error as { code?: number }).code;
}
