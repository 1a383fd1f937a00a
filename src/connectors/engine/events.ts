import type { ExecutionProgress, ExecutionStatus, LogLine } from '../executions/execution-record.ts';

/** What happens in an execution and in its children, as it happens. Secrets are masked. */
export type ExecutionEvent = {
  readonly execution_id: number;
  readonly parent_id: number | null;
  readonly name: string;
} & (
  | { readonly kind: 'status'; readonly status: ExecutionStatus; readonly message: string }
  | { readonly kind: 'log'; readonly line: LogLine }
  | { readonly kind: 'progress'; readonly progress: ExecutionProgress }
);

export type EventHandler = (event: ExecutionEvent) => void;

/** Hands the events of an execution to whoever listens, and to loops over them. */
export class EventHub {
  readonly #listener: EventHandler;
  readonly #queues = new Set<EventQueue>();

  constructor(listener: EventHandler) {
    this.#listener = listener;
  }

  send(event: ExecutionEvent): void {
    for (const queue of this.#queues) queue.push(event);
    try {
      this.#listener(event);
    } catch {
      // Whoever listens must not change how the work ends.
    }
  }

  /** The events from now on. */
  read(): AsyncGenerator<ExecutionEvent, void, void> {
    const queue = new EventQueue();
    this.#queues.add(queue);
    return queue.read();
  }

  /** There will be no more events. */
  close(): void {
    for (const queue of this.#queues) queue.close();
    this.#queues.clear();
  }
}

class EventQueue {
  readonly #events: ExecutionEvent[] = [];
  #closed = false;
  #wake: (() => void) | undefined;

  push(event: ExecutionEvent): void {
    this.#events.push(event);
    this.#wake?.();
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  async *read(): AsyncGenerator<ExecutionEvent, void, void> {
    for (;;) {
      const event = this.#events.shift();
      if (event !== undefined) yield event;
      else if (this.#closed) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}
