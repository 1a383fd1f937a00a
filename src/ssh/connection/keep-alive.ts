import { WherryError } from '../../base/errors.ts';

export interface KeepAliveOptions {
  /** Milliseconds without any traffic before a probe is sent; 0 sends none. */
  readonly interval: number;
  /** Probes without an answer after which the connection counts as dead. */
  readonly count: number;
}

/** Asks a silent peer whether it is still there; one probe at a time is under way. */
export class KeepAlive {
  readonly #options: KeepAliveOptions;
  readonly #actions: { probe(): Promise<void>; dead(error: WherryError): void };
  #timer: ReturnType<typeof setInterval> | undefined;
  #quiet = true;
  #unanswered = 0;

  constructor(
    options: KeepAliveOptions,
    actions: { probe(): Promise<void>; dead(error: WherryError): void },
  ) {
    this.#options = options;
    this.#actions = actions;
  }

  start(): void {
    if (this.#options.interval <= 0) return;
    this.#timer = setInterval(() => this.#tick(), this.#options.interval);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Something arrived. */
  touch(): void {
    this.#quiet = false;
    this.#unanswered = 0;
  }

  #tick(): void {
    if (!this.#quiet) {
      this.#quiet = true;
      return;
    }
    if (this.#unanswered >= this.#options.count) {
      const seconds = (this.#options.interval * this.#unanswered) / 1000;
      const text = `the server did not answer a keep-alive request for ${seconds} s`;
      this.#actions.dead(new WherryError('CONNECTION_LOST', text, { phase: 'keep-alive' }));
      return;
    }
    if (this.#unanswered === 0) this.#actions.probe().catch(() => {});
    this.#unanswered++;
  }
}
