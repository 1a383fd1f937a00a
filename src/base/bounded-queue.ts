/** Hands items from producers to consumers; a producer waits while `capacity` items wait to be taken. */
export class BoundedQueue<T> {
  readonly #capacity: number;
  #items: T[] = [];
  #takers: ((item: T | undefined) => void)[] = [];
  #waiting: (() => void)[] = [];
  #ended = false;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Resolves when there is room for the next one. What comes after `end` is dropped. */
  push(item: T): Promise<void> | undefined {
    if (this.#ended) return undefined;
    const taker = this.#takers.shift();
    if (taker !== undefined) {
      taker(item);
      return undefined;
    }
    this.#items.push(item);
    if (this.#items.length < this.#capacity) return undefined;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** The next item; undefined when there will be none. */
  take(): Promise<T | undefined> {
    const item = this.#items.shift();
    if (item !== undefined) {
      if (this.#items.length < this.#capacity) this.#waiting.shift()?.();
      return Promise.resolve(item);
    }
    if (this.#ended) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#takers.push(resolve);
    });
  }

  /** No more items; those that wait are still handed out, unless `drop`. */
  end(drop = false): void {
    this.#ended = true;
    if (drop) this.#items = [];
    for (const resolve of this.#waiting.splice(0)) resolve();
    if (this.#items.length === 0) for (const taker of this.#takers.splice(0)) taker(undefined);
  }
}
