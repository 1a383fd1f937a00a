/**
 * What a terminal obeys rather than shows, or what makes text look like other text. The two joiners are spelling in
 * Persian, Hindi and others, and stay.
 */
const UNPRINTABLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
/** Fullwidth and wide characters, roughly (Unicode UAX 11): they take two columns. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const NO_WIDTH = /[\p{M}\p{Cf}]/u;

/** Names and messages of others made fit for a terminal: one line, nothing in it that steers. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '?');
}

/** One JSON line with nothing in it that a terminal obeys; the values stay exactly what they are. */
export function jsonLine(value: object): string {
  const text = JSON.stringify(value).replace(UNPRINTABLE, (char) =>
    Array.from(
      { length: char.length },
      (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
  return `${text}\n`;
}

/** Columns a printable text takes on a terminal. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const char of text) columns += NO_WIDTH.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
  return columns;
}

/** The text in exactly `columns` columns: padded behind, or with `…` for its middle. */
export function fit(text: string, columns: number): string {
  const width = columnsOf(text);
  if (width <= columns) return text + ' '.repeat(columns - width);
  if (columns < 1) return '';
  const characters = [...text];
  const tail = take(characters.toReversed(), Math.floor((columns - 1) / 2)).toReversed();
  const head = take(characters, columns - 1 - columnsOf(tail.join('')));
  const short = `${head.join('')}…${tail.join('')}`;
  return short + ' '.repeat(columns - columnsOf(short));
}

function take(characters: readonly string[], columns: number): string[] {
  const taken: string[] = [];
  let width = 0;
  for (const char of characters) {
    width += columnsOf(char);
    if (width > columns) break;
    taken.push(char);
  }
  return taken;
}
