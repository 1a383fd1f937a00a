import { SFTPClientError } from './client-error.ts';
import { nearest } from './nearest.ts';
import { EVENTS, type EventArguments, type EventName } from './tables/events.ts';

/** A handler of an event; what it returns is waited for where it is a promise. */
export type EventHandler<Name extends EventName> = (event: EventArguments[Name]) => unknown;

interface Entry {
  readonly handler: (event: never) => unknown;
  readonly once: boolean;
}

/** Events kept for `release`; of more, the oldest are dropped. */
const MOST_KEPT = 1000;

/** Handlers by event, called one after the other in the order they came. */
export class Emitter {
  readonly #entries = new Map<string, readonly Entry[]>();
  /** Whether what no method waits for is kept for `release` at this moment. */
  readonly #keeps: () => boolean;
  #kept: (() => void)[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(keeps: () => boolean = () => false) {
    this.#keeps = keeps;
  }

  add<Name extends EventName>(name: Name, handler: EventHandler<Name>, once: boolean): void {
    checkName(name);
    if (typeof handler !== 'function')
      throw new SFTPClientError(10022, `the handler of ${name} is no function`);
    this.#entries.set(name, [...(this.#entries.get(name) ?? []), { handler, once }]);
  }

  remove<Name extends EventName>(name: Name, handler: EventHandler<Name>): void {
    checkName(name);
    const entries = this.#entries.get(name) ?? [];
    const at = entries.findLastIndex((entry) => entry.handler === handler);
    if (at >= 0) this.#entries.set(name, entries.toSpliced(at, 1));
  }

  hears(name: EventName): boolean {
    return (this.#entries.get(name)?.length ?? 0) > 0;
  }

  /**
   * Calls the handlers with `event`, which they may change; a promise only where one of them returns one. What a
   * handler throws is thrown.
   */
  emit<Name extends EventName>(name: Name, event: EventArguments[Name]): Promise<void> | undefined {
    const entries = this.#entries.get(name);
    if (entries === undefined || entries.length === 0) return undefined;
    if (this.#waiting.size > 0) for (const raised of [...this.#waiting]) raised();
    if (entries.some(({ once }) => once))
      this.#entries.set(
        name,
        entries.filter(({ once }) => !once),
      );
    for (let i = 0; i < entries.length; i++) {
      const answer = entries[i]!.handler(event as never);
      if (isThenable(answer)) return finish(answer, entries.slice(i + 1), event);
    }
    return undefined;
  }

  /** For what no method waits for: a handler's failure becomes an `error` event, whose own handlers may fail silently. */
  notify<Name extends EventName>(name: Name, event: EventArguments[Name]): void {
    if (!this.#keeps()) {
      this.#notify(name, event);
      return;
    }
    if (this.#kept.length === MOST_KEPT) this.#kept.shift();
    this.#kept.push(() => this.#notify(name, event));
  }

  /** Raises what was kept; returns how many events that were. */
  release(): number {
    const kept = this.#kept;
    this.#kept = [];
    for (const raise of kept) raise();
    return kept.length;
  }

  /** Resolves when an event with handlers is raised, or after so many milliseconds. */
  next(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const raised = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(raised);
        resolve();
      };
      const timer = setTimeout(raised, milliseconds);
      this.#waiting.add(raised);
    });
  }

  #notify<Name extends EventName>(name: Name, event: EventArguments[Name]): void {
    const failed = (error: unknown): void => {
      if (name === 'error') return;
      const description = error instanceof Error ? error.message : String(error);
      this.#notify('error', { errorCode: 1098, description, localFile: '', remoteFile: '' });
    };
    try {
      this.emit(name, event)?.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}

async function finish(answer: PromiseLike<unknown>, rest: readonly Entry[], event: unknown): Promise<void> {
  await answer;
  for (const { handler } of rest) await handler(event as never);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function';
}

function checkName(name: string): void {
  if (Object.hasOwn(EVENTS, name)) return;
  throw new SFTPClientError(
    10022,
    `there is no event ${name}; did you mean ${nearest(name, Object.keys(EVENTS))}?`,
  );
}
