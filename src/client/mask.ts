/** One place of a mask: any run of characters, any one, or one of a set. */
type Part = '*' | '?' | ((char: string) => boolean);

/**
 * A mask as a test for names: `?` one character, `*` any run, `[a-z,0-9,x]` one of these, `\` before a character that
 * stands for itself. The time is bounded by the product of the two lengths, whatever the mask.
 */
export function maskTest(mask: string, ignoreCase: boolean): (name: string) => boolean {
  const parts = parseMask(ignoreCase ? mask.toLowerCase() : mask);
  return (name) => fits(parts, [...(ignoreCase ? name.toLowerCase() : name)]);
}

/** Whether a text has a character in it that makes it a mask. */
export function isMask(text: string): boolean {
  return /[*?[]/.test(text);
}

/** A test for several masks with a delimiter between; one must fit. An empty delimiter: it is one mask. */
export function masksTest(masks: string, delimiter: string, ignoreCase: boolean): (name: string) => boolean {
  const parts = delimiter === '' ? [masks] : masks.split(delimiter).map((part) => part.trim());
  const tests = parts.filter((part) => part !== '').map((part) => maskTest(part, ignoreCase));
  return (name) => tests.some((test) => test(name));
}

function parseMask(mask: string): Part[] {
  const parts: Part[] = [];
  const chars = [...mask];
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i]!;
    const end = char === '[' ? chars.indexOf(']', i + 1) : -1;
    if (char === '*' || char === '?') parts.push(char);
    else if (end > i + 1) {
      parts.push(parseSet(chars.slice(i + 1, end)));
      i = end;
    } else {
      const literal = char === '\\' ? (chars[++i] ?? char) : char;
      parts.push((one) => one === literal);
    }
  }
  return parts;
}

/** What stands between brackets: single characters and ranges, which commas may separate. */
function parseSet(chars: readonly string[]): (char: string) => boolean {
  const tests: ((char: string) => boolean)[] = [];
  for (let i = 0; i < chars.length; i++) {
    const from = chars[i]!;
    const to = chars[i + 1] === '-' ? chars[i + 2] : undefined;
    if (to !== undefined) {
      tests.push((char) => char >= from && char <= to);
      i += 2;
    } else if (from !== ',' || chars.length === 1) tests.push((char) => char === from);
  }
  return (char) => tests.some((test) => test(char));
}

/** Only the last `*` is ever gone back to. */
function fits(parts: readonly Part[], chars: readonly string[]): boolean {
  let p = 0;
  let c = 0;
  let star = -1;
  let resume = 0;
  while (c < chars.length) {
    const part = parts[p];
    if (part === '*') {
      star = p++;
      resume = c;
    } else if (part === '?' || (typeof part === 'function' && part(chars[c]!))) {
      p++;
      c++;
    } else if (star >= 0) {
      p = star + 1;
      c = ++resume;
    } else return false;
  }
  while (parts[p] === '*') p++;
  return p === parts.length;
}
