import type { Output } from './output.ts';
import { progressLine } from './progress-line.ts';
import type { ProgressView } from './report.ts';

const REPAINT_MS = 100;
const TO_START = '\r';
/** To the end of the screen: a line that was wider than a window made narrow has wrapped. */
const CLEAR_TO_END = '\u001b[J';

/** The last line of a terminal, painted over and over. */
export class ProgressBar {
  readonly #output: Output;
  #shown = false;
  #paintedAt = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  show(view: ProgressView): void {
    const now = performance.now();
    if (this.#shown && now - this.#paintedAt < REPAINT_MS) return;
    this.#paintedAt = now;
    this.#shown = true;
    // The last column stays free: a terminal may wrap behind it. The cursor goes back to the start, so that what a
    // person types meanwhile, such as ^C, lands on the bar and goes away with it.
    const line = progressLine(view, this.#output.columns - 1);
    this.#output.write(TO_START + line + CLEAR_TO_END + TO_START);
  }

  /** Takes the bar away, so that other text can go there. */
  clear(): void {
    if (this.#shown) this.#output.write(TO_START + CLEAR_TO_END);
    this.#shown = false;
  }
}
