import { readFileSync } from 'node:fs';
import { isWherryError, type PrivateKey, type PublicKey, parsePrivateKey } from '../index.ts';
import { fingerprint, parsePublicKeyLine } from '../keys.ts';
import { SFTPClientError, toClientError } from './client-error.ts';
import { type FieldOwner, Fields, type FieldValue } from './fields.ts';
import { CERTIFICATE_FIELDS } from './tables/certificate-fields.ts';
import { CertStoreTypes } from './tables/enums.ts';

/** A key that was picked from a store. */
export interface PickedKey {
  readonly privateKey?: PrivateKey;
  readonly publicKey: PublicKey;
}

const FILE_TYPES: readonly number[] = Object.entries(CertStoreTypes)
  .filter(([name]) => name.endsWith('File'))
  .map(([, number]) => number);

/** The fields of a key or certificate. Setting `subject` or `encoded` picks one and fills the rest. */
export class CertificateFields extends Fields<typeof CERTIFICATE_FIELDS> {
  #picked: PickedKey | undefined;

  constructor(owner: FieldOwner) {
    super(CERTIFICATE_FIELDS, owner);
  }

  /** The key in use; where only a store was named, the first in it. */
  pick(): PickedKey | undefined {
    if (this.#picked === undefined && this.isSet('store')) this.#choose(this.view.store);
    return this.#picked;
  }

  override reset(): void {
    super.reset();
    this.#picked = undefined;
  }

  protected override changed(key: string): void {
    if (key === 'subject') this.#choose(this.view.store);
    else if (key === 'encoded') this.#choose(this.view.encoded);
    else this.#picked = undefined;
  }

  #choose(from: FieldValue): void {
    try {
      this.#picked = readKey(from, this.view.storeType, this.view.storePassword);
    } catch (error) {
      throw isWherryError(error)
        ? toClientError(error)
        : new SFTPClientError(1006, String(error), { cause: error });
    }
    const { privateKey, publicKey } = this.#picked;
    const hex = (algorithm: 'md5' | 'sha1' | 'sha256'): string => hexFingerprint(publicKey.blob, algorithm);
    this.put('privateKeyAvailable', privateKey !== undefined);
    this.put('fingerprint', hex('md5'));
    this.put('fingerprintSha1', hex('sha1'));
    this.put('fingerprintSha256', hex('sha256'));
    this.put('publicKeyAlgorithm', publicKey.type);
  }
}

/** A fingerprint in hex with colons, as the reference shows it. */
export function hexFingerprint(blob: Uint8Array, algorithm: 'md5' | 'sha1' | 'sha256'): string {
  const [, text] = /^[^:]+:(.*)$/.exec(fingerprint(blob, algorithm))!;
  if (algorithm === 'md5') return text!;
  return Buffer.from(text!, 'base64').toString('hex').match(/../g)!.join(':');
}

function readKey(from: FieldValue, type: number, password: string): PickedKey {
  const bytes = FILE_TYPES.includes(type) ? readFileSync(String(from)) : from;
  const text = typeof bytes === 'string' ? bytes : Buffer.from(bytes as Uint8Array).toString('latin1');
  if (/^(ssh-|ecdsa-|sk-)/.test(text.trim())) return { publicKey: parsePublicKeyLine(text).publicKey };
  const privateKey = parsePrivateKey(text, password === '' ? undefined : password);
  return { privateKey, publicKey: privateKey.publicKey };
}
