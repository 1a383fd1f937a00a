import { Writable } from 'node:stream';

/** A standard stream as an output: text with back pressure, and a clear end when nobody reads any more. */
export class Output {
  readonly #stream: NodeJS.WriteStream;
  #broken = false;
  #lineOpen = false;

  /** `onBroken` is called once, with EPIPE when the reader has gone. */
  constructor(stream: NodeJS.WriteStream, onBroken: (error: NodeJS.ErrnoException) => void) {
    this.#stream = stream;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#broken) return;
      this.#broken = true;
      onBroken(error);
    });
  }

  /** Whether lines can be painted over; a dumb terminal cannot. */
  get isTerminal(): boolean {
    return this.#stream.isTTY === true && process.env.TERM !== 'dumb';
  }

  /** Whether colours may be used: on a terminal, unless NO_COLOR is set (https://no-color.org). */
  get hasColours(): boolean {
    return this.isTerminal && !process.env.NO_COLOR;
  }

  get columns(): number {
    return this.#stream.columns || 80;
  }

  write(text: string): void {
    this.#lineOpen = !text.endsWith('\n');
    if (!this.#broken) this.#stream.write(text);
  }

  /** Resolves when the text is on its way, so that a slow reader slows the writer down. */
  async writeSlowly(text: string): Promise<void> {
    this.#lineOpen = !text.endsWith('\n');
    if (this.#broken || this.#stream.write(text)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#stream.off('drain', done);
        this.#stream.off('error', done);
        resolve();
      };
      this.#stream.on('drain', done);
      this.#stream.on('error', done);
    });
  }

  /** On a terminal: what was written last ends with a line end, so that a prompt does not paint over it. */
  finishLine(): void {
    if (this.#lineOpen && this.isTerminal) this.write('\n');
  }

  /** Resolves when everything has left the process. */
  flush(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#broken) resolve();
      else this.#stream.write('', () => resolve());
    });
  }

  /** A stream that ends without ending the standard stream below it. */
  asStream(): Writable {
    const stream = new Writable({
      highWaterMark: 1_048_576,
      write: (chunk: Uint8Array, _encoding, done) => {
        this.#lineOpen = chunk.at(-1) !== 10;
        this.#stream.write(chunk, (error) => done(error ?? null));
      },
    });
    // Whoever writes learns of a failure by itself; an error without a listener would end the process.
    return stream.on('error', () => {});
  }
}
