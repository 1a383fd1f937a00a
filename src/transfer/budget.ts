/** Whoever takes from a budget hears when there is room again. */
export interface BudgetUser {
  room(): void;
}

/** Bytes under way before anything is known of the road: enough for 1 Gbit/s at 60 ms. */
export const BUDGET_BYTES = 8_388_608;
/** As large as the receive window of a session: more could not be on its way. */
export const LARGEST_BUDGET_BYTES = 67_108_864;
/** What one road carries in a round trip, twice: half on its way to us while the other half is asked for. */
const ROUND_TRIPS = 2;
/** The rate is taken over so many milliseconds, and over two round trips at least. */
const SAMPLE_MS = 100;

/**
 * Bytes that all transfers of a session together may have under way: asked for and not yet here, or sent and not
 * yet acknowledged. Users that find no room wait in line. The budget grows with what the road holds, the product of
 * its rate and its round trip, and never shrinks.
 */
export class Budget {
  #limit: number;
  #used = 0;
  #users = 0;
  readonly #line = new Set<BudgetUser>();
  #roundTrip = Number.POSITIVE_INFINITY;
  #sampleBytes = 0;
  #sampleSince = 0;
  #rate = 0;

  constructor(limit: number = BUDGET_BYTES) {
    this.#limit = limit;
  }

  get limit(): number {
    return this.#limit;
  }

  get used(): number {
    return this.#used;
  }

  /** Milliseconds of the quickest answer so far; infinite before the first. */
  get roundTrip(): number {
    return this.#roundTrip;
  }

  /** Bytes per second over the last sample. */
  get rate(): number {
    return this.#rate;
  }

  /** What one of the users may keep to itself, such as bytes that wait for a disk. */
  get share(): number {
    return this.#limit / Math.max(1, this.#users);
  }

  join(): void {
    this.#users++;
  }

  /** Ends a use: `held` bytes that it still had come back. */
  leave(user: BudgetUser, held: number): void {
    this.#users--;
    this.#line.delete(user);
    this.#used -= held;
    this.#next();
  }

  /** Takes `bytes` when there is room and nobody waits longer; otherwise the user is in line for it. */
  take(bytes: number, user: BudgetUser): boolean {
    if (this.#used >= this.#limit || (this.#line.size > 0 && this.#first() !== user)) {
      this.#line.add(user);
      return false;
    }
    if (this.#line.size > 0) this.#line.delete(user);
    if (this.#used === 0) {
      this.#sampleSince = performance.now();
      this.#sampleBytes = 0;
    }
    this.#used += bytes;
    return true;
  }

  /** The user has nothing to ask for at present. */
  pass(user: BudgetUser): void {
    if (this.#line.size > 0 && this.#line.delete(user)) this.#next();
  }

  /** So many bytes have arrived or were acknowledged. */
  give(bytes: number): void {
    this.#used -= bytes;
    this.#sampleBytes += bytes;
    this.#measure();
    this.#next();
  }

  /** An answer took so long that had nothing to wait for but the road. */
  answered(milliseconds: number): void {
    if (milliseconds < this.#roundTrip) this.#roundTrip = milliseconds;
  }

  #measure(): void {
    const now = performance.now();
    const elapsed = now - this.#sampleSince;
    if (elapsed < SAMPLE_MS || (elapsed < 2 * this.#roundTrip && this.#roundTrip < 5000)) return;
    this.#rate = (this.#sampleBytes / elapsed) * 1000;
    this.#sampleBytes = 0;
    this.#sampleSince = now;
    if (this.#roundTrip === Number.POSITIVE_INFINITY) return;
    const onTheRoad = (ROUND_TRIPS * this.#rate * this.#roundTrip) / 1000;
    this.#limit = Math.max(this.#limit, Math.min(LARGEST_BUDGET_BYTES, Math.round(onTheRoad)));
  }

  #first(): BudgetUser | undefined {
    return this.#line.values().next().value;
  }

  /** Calls those in line as long as there is room and they take it. */
  #next(): void {
    while (this.#line.size > 0 && this.#used < this.#limit) {
      const first = this.#first()!;
      first.room();
      if (this.#first() === first) return;
    }
  }
}
