import { LIMITS, type LimitName } from '../../../base/limits.ts';
import { damaged, tooCostly } from './key-errors.ts';

/** The work one file may ask for, whatever it is made of: all of its parts draw on it, each by its own limit. */
export class WorkBudget {
  #spent = 0;
  #rsaWork = 0;

  /** The one of the file that is being read, which is synchronous: what proves keys is far below what reads files. */
  static current: WorkBudget | undefined;

  /** Runs a part of reading a file on its budget. */
  during<T>(read: () => T): T {
    const outer = WorkBudget.current;
    WorkBudget.current = this;
    try {
      return read();
    } finally {
      WorkBudget.current = outer;
    }
  }

  /** For one private RSA key, before it signs. */
  spendRsaKey(bits: number): void {
    this.#rsaWork += (bits / 1024) ** 3;
    if (this.#rsaWork > LIMITS.rsaKeyWork.value)
      throw tooCostly('rsaKeyWork', this.#rsaWork, 'work on RSA keys');
  }

  /** `weight` is for work that takes as long as several of what the limit counts. */
  spend(limit: LimitName, amount: number, what: string, weight = 1): void {
    if (amount < 1) throw damaged(`its key derivation has no ${what}`);
    this.#spent += (amount * weight) / LIMITS[limit].value;
    if (this.#spent > 1) throw tooCostly(limit, amount, what);
  }
}
