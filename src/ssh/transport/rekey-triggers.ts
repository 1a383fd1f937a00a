/** When new keys are due (RFC 4253 section 9, RFC 4344 section 3). */
export interface RekeyLimits {
  /** Bytes and packets in one direction. */
  readonly rekeyBytes: number;
  readonly rekeyPackets: number;
  /** Milliseconds under the same keys; 0 or absent: no matter how long. */
  readonly rekeyInterval?: number | undefined;
}

interface Counter {
  readonly bytes: number;
  readonly packets: number;
}

/** Watches what goes through under the keys of the moment, and asks for new ones. */
export class RekeyTriggers {
  readonly #limits: RekeyLimits;
  readonly #rekey: (reason: string) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(limits: RekeyLimits, rekey: (reason: string) => void) {
    this.#limits = limits;
    this.#rekey = rekey;
  }

  /** A packet went through `counter`; its counts begin anew with every key. */
  count(counter: Counter, verb: 'sent' | 'received'): void {
    if (counter.bytes > this.#limits.rekeyBytes || counter.packets > this.#limits.rekeyPackets) {
      this.#rekey(`${verb} enough under these keys`);
    }
  }

  /** New keys are in use. */
  restart(): void {
    this.stop();
    const interval = this.#limits.rekeyInterval ?? 0;
    if (interval <= 0) return;
    this.#timer = setTimeout(() => this.#rekey('long enough under these keys'), interval);
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
