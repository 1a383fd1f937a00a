/** Bytes of the files that are begun at the same time; small files overlap in great numbers, large ones do not. */
const BYTES = 16_777_216;
/** So many are begun whatever their size. */
const FEW = 4;

/** Lets files begin as long as few are under way, or little. */
export class FileGate {
  readonly #most: number;
  #files = 0;
  #bytes = 0;
  #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  async enter(size: number): Promise<void> {
    while (this.#files >= this.#most || (this.#files >= FEW && this.#bytes + size > BYTES)) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
    this.#files++;
    this.#bytes += size;
  }

  leave(size: number): void {
    this.#files--;
    this.#bytes -= size;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
