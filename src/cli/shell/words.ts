/** One word of a line: its text without quotes, and whether it has a pattern that stands outside of quotes. */
export interface Word {
  readonly text: string;
  readonly pattern: boolean;
}

/** Takes a line apart at blanks; quotes and backslashes keep what they cover. Undefined where a quote is not closed. */
export function splitWords(line: string): Word[] | undefined {
  const words: Word[] = [];
  let text = '';
  let inWord = false;
  let pattern = false;
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const char = line[i]!;
    if (quote !== '') {
      if (char === quote) quote = '';
      else if (char === '\\' && quote === '"' && i + 1 < line.length) text += line[++i];
      else text += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      inWord = true;
    } else if (char === '\\' && i + 1 < line.length) {
      text += line[++i];
      inWord = true;
    } else if (/\s/.test(char)) {
      if (inWord) words.push({ text, pattern });
      [text, inWord, pattern] = ['', false, false];
    } else {
      text += char;
      inWord = true;
      if (char === '*' || char === '?') pattern = true;
    }
  }
  if (quote !== '') return undefined;
  if (inWord) words.push({ text, pattern });
  return words;
}

/** A name as it must be typed, so that `splitWords` gives it back. */
export function quoteWord(text: string): string {
  return text.replace(/[\s"'\\*?]/g, '\\$&');
}
