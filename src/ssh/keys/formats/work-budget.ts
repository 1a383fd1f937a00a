import { WherryError } from '../../../base/errors.ts';
import { LIMITS, type LimitName } from '../../../base/limits.ts';
import { type KeyTypeRow, keyTypeRow } from '../key-types.ts';
import type { PublicKey } from '../public-key.ts';
import { damaged, tooCostly } from './key-errors.ts';

/** What is done with a key: its numbers are checked, or besides it signs or verifies. */
export type KeyWork = 'read' | 'prove';

/** What each takes, in tenths of a millisecond: as measured with OpenSSL 3, rounded up. */
const KEY_WORK: Readonly<Record<KeyTypeRow['family'], Readonly<Record<KeyWork, (bits: number) => number>>>> =
  {
    ed25519: { read: () => 0.5, prove: () => 6 },
    ed448: { read: () => 0.5, prove: () => 10 },
    ec: { read: (bits) => (bits / 128) ** 3 / 3, prove: (bits) => (bits / 128) ** 3 },
    rsa: { read: () => 4, prove: (bits) => 4 + (bits / 1024) ** 3 },
    dsa: { read: () => 4, prove: () => 10 },
  };
const FOREIGN_KEY = 30;
const CERTIFICATE = 3;
/** Tenths of a millisecond again: what a derivation at its limit takes, and all that one file may. */
const DERIVATION = 7000;
const ALL = 10_000;

/** The work one file may ask for, whatever it is made of: all of its parts draw on it, each by its own limit, and all together. */
export class WorkBudget {
  #spent = 0;
  #keyWork = 0;

  /** `weight` is for work that takes as long as several of what the limit counts. */
  spend(limit: LimitName, amount: number, what: string, weight = 1): void {
    if (amount < 1) throw damaged(`its key derivation has no ${what}`);
    this.#spent += (amount * weight) / LIMITS[limit].value;
    if (this.#spent > 1) throw tooCostly(limit, amount, what);
    this.#checkAll(limit);
  }

  /** For one key; a private one before it signs. */
  spendKey(key: PublicKey, work: KeyWork): void {
    this.#spendKeyWork(KEY_WORK[keyTypeRow(key.type).family][work](key.bits));
  }

  /** For one certificate, whose key may be of a kind SSH has no type for. */
  spendCertificate(key: PublicKey | undefined): void {
    this.#spendKeyWork(CERTIFICATE);
    if (key === undefined) this.#spendKeyWork(FOREIGN_KEY);
    else this.spendKey(key, 'read');
  }

  #spendKeyWork(amount: number): void {
    this.#keyWork += amount;
    if (this.#keyWork > LIMITS.keyWork.value) {
      throw tooCostly('keyWork', Math.ceil(this.#keyWork), 'tenths of a millisecond for its keys');
    }
    this.#checkAll('keyWork');
  }

  #checkAll(limit: LimitName): void {
    if (this.#spent * DERIVATION + this.#keyWork <= ALL) return;
    const text = 'the keys of the file and what opens them together ask for more than a second of work';
    throw new WherryError('KEY_UNSUPPORTED', text, { limit });
  }
}
