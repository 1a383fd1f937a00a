import { WherryError } from './errors.ts';

/** Milliseconds for the whole life of one waiting step, with an AbortSignal beside it. */
export interface WaitOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds without any activity before the operation fails with TIMEOUT; 0 waits for ever. */
  timeout?: number | undefined;
}

/** The error for a fired signal: the caller's own reason rides along as the cause. */
export function abortedError(signal: AbortSignal, phase: string): WherryError {
  const reason: unknown = signal.reason;
  if (reason instanceof DOMException && reason.name === 'TimeoutError') {
    return new WherryError('TIMEOUT', `${phase} took longer than its signal allowed`, { phase }, reason);
  }
  return new WherryError('ABORTED', `${phase} was aborted`, { phase }, reason);
}

/** Who waits under a signal: one listener for all of them, for one each is dear, and from the eleventh on a leak to Node. */
interface Watch {
  readonly waiting: Set<Deadline>;
  readonly tell: () => void;
}

const watches = new WeakMap<AbortSignal, Watch>();

function watch(signal: AbortSignal): Watch {
  const known = watches.get(signal);
  if (known !== undefined) return known;
  const waiting = new Set<Deadline>();
  const tell = (): void => {
    let thrown: { readonly error: unknown } | undefined;
    for (const deadline of waiting) {
      try {
        deadline.abort();
      } catch (error) {
        // What a listener of the user's throws must keep nobody else waiting.
        thrown ??= { error };
      }
    }
    if (thrown !== undefined) throw thrown.error;
  };
  const made = { waiting, tell };
  watches.set(signal, made);
  return made;
}

/**
 * The waiting of one operation: for activity, by a timer, and under a signal. `touch()` marks activity (one assignment,
 * fit for the hot path); `onExpire` is called at most once, and never after `clear()`.
 */
export class Deadline {
  #last: number = performance.now();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #paused = false;
  #done = false;
  readonly #timeout: number;
  readonly #signal: AbortSignal | undefined;
  readonly #onExpire: (error: WherryError) => void;
  readonly #phase: () => string;
  readonly #waiting: () => boolean;

  /** `waiting`: whether the other side is owed anything; while it is not, silence is no fault. */
  constructor(
    options: WaitOptions,
    phase: string | (() => string),
    onExpire: (error: WherryError) => void,
    waiting: () => boolean = () => true,
  ) {
    this.#waiting = waiting;
    this.#timeout = options.timeout ?? 0;
    this.#phase = typeof phase === 'string' ? () => phase : phase;
    this.#onExpire = onExpire;
    this.#signal = options.signal;
    if (this.#signal?.aborted) queueMicrotask(() => this.abort());
    else if (this.#signal !== undefined) {
      const { waiting: others, tell } = watch(this.#signal);
      if (others.size === 0) this.#signal.addEventListener('abort', tell, { once: true });
      others.add(this);
    }
    if (this.#timeout > 0) this.#arm(this.#timeout);
  }

  /** The signal has fired. */
  abort(): void {
    if (this.#signal !== undefined) this.#expire(abortedError(this.#signal, this.#phase()));
  }

  touch(): void {
    this.#last = performance.now();
  }

  /** Stops the clock while a person or another party is being waited for; `resume` starts it anew. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.touch();
  }

  clear(): void {
    this.#done = true;
    clearTimeout(this.#timer);
    if (this.#signal === undefined) return;
    const { waiting, tell } = watch(this.#signal);
    if (waiting.delete(this) && waiting.size === 0) this.#signal.removeEventListener('abort', tell);
  }

  #arm(ms: number): void {
    this.#timer = setTimeout(() => this.#check(), ms);
  }

  #check(): void {
    if (this.#paused || !this.#waiting()) this.touch();
    const left = this.#timeout - (performance.now() - this.#last);
    if (left > 1) {
      this.#arm(left);
      return;
    }
    const phase = this.#phase();
    const text = `nothing happened for ${this.#timeout / 1000} s during ${phase}`;
    this.#expire(new WherryError('TIMEOUT', text, { phase }));
  }

  #expire(error: WherryError): void {
    if (this.#done) return;
    this.clear();
    this.#onExpire(error);
  }
}

/** What `work` gives, unless TIMEOUT or ABORTED comes first; what it gives after that goes to `late`. */
export async function inTime<T>(
  work: Promise<T>,
  wait: WaitOptions,
  phase: string,
  late: (value: T) => unknown,
): Promise<T> {
  let giveUp: (error: WherryError) => void = () => {};
  const expired = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  const deadline = new Deadline(wait, phase, (error) => giveUp(error));
  try {
    return await Promise.race([work, expired]);
  } catch (error) {
    work.then(late).catch(() => {});
    throw error;
  } finally {
    deadline.clear();
  }
}
