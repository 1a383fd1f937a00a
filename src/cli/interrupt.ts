import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The wish to end early: by a signal of the system, or because nobody reads the output any more. */
export class Interrupt {
  readonly #controller = new AbortController();
  #exit: number | undefined;
  #reason = '';

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The exit code it asks for; undefined as long as nobody does. */
  get exit(): number | undefined {
    return this.#exit;
  }

  /** In words, for the error line; empty where nobody is to be told. */
  get reason(): string {
    return this.#reason;
  }

  stop(exit: number, reason: string): void {
    if (this.#exit !== undefined) return;
    this.#exit = exit;
    this.#reason = reason;
    this.#controller.abort();
  }

  /** The first signal asks for a tidy end, the second one ends at once. */
  listen(): void {
    for (const name of SIGNALS) {
      process.on(name, () => {
        const exit = exitOf(name);
        if (this.#exit !== undefined) process.exit(exit);
        this.stop(exit, name === 'SIGINT' ? 'interrupted' : `ended by ${name}`);
      });
    }
  }

  /** What a reader who goes away does to a Unix filter. */
  stopByPipe(): void {
    this.stop(exitOf('SIGPIPE'), '');
  }
}

/** As a shell tells it: 128 and the number of the signal. */
function exitOf(name: NodeJS.Signals): number {
  return 128 + constants.signals[name];
}
