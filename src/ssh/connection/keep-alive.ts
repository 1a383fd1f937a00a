import { WherryError } from '../../base/errors.ts';

export interface KeepAliveOptions {
  /** Milliseconds without any traffic before a probe is sent; 0 sends none. */
  readonly interval: number;
  /** Probes without an answer after which the connection counts as dead. */
  readonly count: number;
}

/** Asks a silent peer, once an interval, whether it is still there; whatever arrives is an answer. */
export class KeepAlive {
  readonly #options: KeepAliveOptions;
  readonly #actions: { probe(): Promise<void>; dead(error: WherryError): void };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = 0;
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
    this.#last = performance.now();
    this.#arm(this.#options.interval);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Something arrived. */
  touch(): void {
    this.#last = performance.now();
    this.#unanswered = 0;
  }

  #arm(ms: number): void {
    this.#timer = setTimeout(() => this.#tick(), ms);
    this.#timer.unref();
  }

  #tick(): void {
    const { interval, count } = this.#options;
    const left = this.#unanswered > 0 ? 0 : interval - (performance.now() - this.#last);
    if (left > 1) {
      this.#arm(left);
      return;
    }
    if (this.#unanswered >= count) {
      const text = `the server did not answer ${count} keep-alive requests, sent every ${interval / 1000} s`;
      this.#actions.dead(new WherryError('CONNECTION_LOST', text, { phase: 'keep-alive' }));
      return;
    }
    this.#unanswered++;
    this.#actions.probe().catch(() => {});
    this.#arm(interval);
  }
}
