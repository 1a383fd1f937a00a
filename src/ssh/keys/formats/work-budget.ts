import { LIMITS, type LimitName } from '../../../base/limits.ts';
import { damaged, tooCostly } from './key-errors.ts';

/** The work one file may ask for, whatever it is made of: all of its parts draw on it, each by its own limit. */
export class WorkBudget {
  #spent = 0;

  /** `weight` is for work that takes as long as several of what the limit counts. */
  spend(limit: LimitName, amount: number, what: string, weight = 1): void {
    if (amount < 1) throw damaged(`its key derivation has no ${what}`);
    this.#spent += (amount * weight) / LIMITS[limit].value;
    if (this.#spent > 1) throw tooCostly(limit, amount, what);
  }
}
