import type { LoginAttempt } from '../../base/errors.ts';
import type { AuthMethod } from './method.ts';

/** How a login goes about its methods; `LoginRules` of the API says what each value means. */
export interface LoginPlanRules {
  /** The first method is the obvious choice: it is tried at once, without asking what the server takes. */
  readonly atOnce?: boolean | undefined;
  readonly afterRefusal?: 'next' | 'fail' | undefined;
  readonly repeat?: 'otherCredential' | 'never' | 'always' | undefined;
}

/** Which method comes next: the first that is left, in the caller's order, among those the server takes. */
export class LoginPlan {
  /** The caller speaks by itself from the first packet on. */
  readonly isCustom: boolean;
  /** `none` is an attempt of its own, not only a question. */
  readonly takesNone: boolean;
  readonly #rules: LoginPlanRules;
  readonly #succeeded = new Set<string>();
  #left: AuthMethod[];
  #untold: boolean;
  #over = false;

  constructor(methods: readonly AuthMethod[], rules: LoginPlanRules) {
    this.#rules = rules;
    this.isCustom = methods[0]?.name === 'custom';
    this.takesNone = methods.some(({ name }) => name === 'none');
    this.#left = methods.filter(({ name }) => name !== 'none');
    this.#untold = this.startsAtOnce;
  }

  get startsAtOnce(): boolean {
    return this.#rules.atOnce === true && !this.takesNone && this.#left.length > 0;
  }

  /** Undefined when nothing is left, or the rules say it is over. */
  next(allowed: readonly string[]): AuthMethod | undefined {
    if (this.#over) return undefined;
    if (this.#untold) return this.#left[0];
    return this.#left.find(({ name }) => this.#isTaken(name, allowed));
  }

  /** How an attempt that did not end the login went. */
  ended(method: AuthMethod, { outcome, allowed }: LoginAttempt): void {
    // Tried at once and not on the list yet, as in "password, then publickey": nobody has judged it.
    const unjudged = this.#untold && outcome === 'refused' && !allowed.includes(method.name);
    this.#untold = false;
    if (unjudged) return;
    this.#left = this.#left.filter((one) => one !== method);
    if (outcome === 'accepted') {
      this.#succeeded.add(method.name);
      if (this.#rules.repeat === 'always') this.#left.push(method);
    } else if (this.#rules.afterRefusal === 'fail') this.#over = true;
  }

  #isTaken(name: string, allowed: readonly string[]): boolean {
    if (this.#rules.repeat === 'never' && this.#succeeded.has(name)) return false;
    return name === 'custom' || allowed.includes(name);
  }
}
