import { CertificateView, findKey, findKeyFor, type KeyEntry, openKeyStore } from '../keys.ts';
import { toClientError } from './client-error.ts';
import { type FieldOwner, Fields, type FieldValue } from './fields.ts';
import { CERTIFICATE_FIELDS } from './tables/certificate-fields.ts';
import { CertStoreTypes } from './tables/enums.ts';

type FieldName = keyof typeof CERTIFICATE_FIELDS;

const TOLD = (Object.keys(CERTIFICATE_FIELDS) as FieldName[]).filter(
  (name): name is Exclude<FieldName, `store${string}`> => !name.startsWith('store'),
);

/** The fields of a key or certificate. Setting `subject` or `encoded` picks one and fills the rest. */
export class CertificateFields extends Fields<typeof CERTIFICATE_FIELDS> {
  #picked: KeyEntry | undefined;
  /** Nothing was looked for since the store has changed. */
  #stale = true;

  constructor(owner: FieldOwner) {
    super(CERTIFICATE_FIELDS, owner);
  }

  /** The key in use; where only a store was named, the first in it. */
  pick(): KeyEntry | undefined {
    if (this.#stale && this.isSet('store')) this.#choose('*');
    return this.#picked;
  }

  override reset(): void {
    super.reset();
    this.#picked = undefined;
    this.#stale = true;
  }

  protected override changed(key: string): void {
    this.#picked = undefined;
    this.#stale = true;
    if (key === 'subject') this.#choose(this.view.subject);
    else if (key === 'encoded') this.#take(this.view.encoded);
  }

  #choose(subject: string): void {
    this.#show(subject === '' ? undefined : findKey(this.#stored(), subject), '');
  }

  /** Takes the certificate or public key itself, with its private key where the store has that; `subject` tells that it has. */
  #take(encoded: FieldValue): void {
    const [given] = encoded === '' ? [] : this.#read(encoded, CertStoreTypes.cstAuto);
    const stored = given !== undefined && this.isSet('store') ? findKeyFor(this.#stored(), given) : undefined;
    // A store may have the bare key of a certificate.
    const bare = stored?.certificate === undefined && given?.certificate !== undefined;
    this.#show(bare ? { ...given, ...keyOf(stored) } : (stored ?? given), encoded);
    if (this.#picked?.privateKey === undefined) this.put('subject', '');
  }

  /** What was given stays as it was given. */
  #show(entry: KeyEntry | undefined, encoded: FieldValue): void {
    this.#picked = entry;
    this.#stale = false;
    const view = entry === undefined ? undefined : new CertificateView(entry);
    for (const name of TOLD) this.put(name, view?.[name] ?? CERTIFICATE_FIELDS[name].default);
    if (encoded !== '') this.put('encoded', encoded);
  }

  #stored(): KeyEntry[] {
    return this.#read(this.view.store, this.view.storeType);
  }

  #read(store: FieldValue, type: number): KeyEntry[] {
    try {
      return openKeyStore({ type, store: store as string | Uint8Array, password: this.view.storePassword });
    } catch (error) {
      throw toClientError(error);
    }
  }
}

function keyOf(entry: KeyEntry | undefined): Pick<KeyEntry, 'privateKey'> {
  return entry?.privateKey === undefined ? {} : { privateKey: entry.privateKey };
}
