import { WherryError } from './errors.ts';

/** One place of a name: any run of characters, or a test for one. */
type Part = '*' | ((char: string) => boolean);
/** One name of a path; `**` is any number of them. */
type Step = '**' | readonly Part[];

/** Alternatives that one pattern may stand for. */
const MOST_ALTERNATIVES = 1024;

/**
 * A pattern for paths as a test: `*`, `?`, `[a-z]`, `[!a-z]`, `{a,b}`, `**` for any number of folders, `\` before a
 * character that stands for itself. Names of a server are held against it, so the time is bounded by the product of the
 * lengths, whatever both are: a regular expression made of the pattern would not be.
 */
export function pathPattern(pattern: string): (path: string) => boolean {
  const alternatives = withoutBraces(pattern).map((text) => steps(text));
  return (path) => {
    const names = path.split('/').map((name) => [...name]);
    return alternatives.some((alternative) =>
      fits(alternative, names, '**', (step, name) =>
        fits(step as readonly Part[], name, '*', (part, char) => (part as (char: string) => boolean)(char)),
      ),
    );
  };
}

/** What a pattern with `{a,b}` stands for; braces without a comma in them stand for themselves. */
function withoutBraces(pattern: string): string[] {
  const found: string[] = [];
  const open = [pattern];
  for (let text = open.pop(); text !== undefined; text = open.pop()) {
    const group = firstGroup(text);
    if (group === undefined) found.push(text);
    else
      open.push(...group.choices.map((choice) => text!.slice(0, group.at) + choice + text!.slice(group.end)));
    if (found.length + open.length > MOST_ALTERNATIVES)
      throw new WherryError('INVALID_ARGUMENT', `a pattern stands for at most ${MOST_ALTERNATIVES} others`);
  }
  return found;
}

function firstGroup(text: string): { at: number; end: number; choices: string[] } | undefined {
  const starts: number[] = [];
  const commas: number[][] = [];
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '\\') i++;
    else if (char === '{') {
      starts.push(i);
      commas.push([]);
    } else if (char === ',') commas.at(-1)?.push(i);
    else if (char === '}' && starts.length > 0) {
      const [at, marks] = [starts.pop()!, commas.pop()!];
      if (marks.length === 0) continue;
      const edges = [at, ...marks, i];
      return { at, end: i + 1, choices: edges.slice(1).map((edge, n) => text.slice(edges[n]! + 1, edge)) };
    }
  }
  return undefined;
}

function steps(pattern: string): Step[] {
  return pattern.split('/').map((name) => (name === '**' ? '**' : parts([...name])));
}

function parts(chars: readonly string[]): Part[] {
  const found: Part[] = [];
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i]!;
    const end = char === '[' ? chars.indexOf(']', i + 2) : -1;
    if (char === '*') found.push('*');
    else if (char === '?') found.push(() => true);
    else if (end > 0) {
      found.push(oneOf(chars.slice(i + 1, end)));
      i = end;
    } else {
      const literal = char === '\\' ? (chars[++i] ?? char) : char;
      found.push((one) => one === literal);
    }
  }
  return found;
}

function oneOf(chars: readonly string[]): (char: string) => boolean {
  const negated = chars.length > 1 && (chars[0] === '!' || chars[0] === '^');
  const set = negated ? chars.slice(1) : chars;
  const ranges: [string, string][] = [];
  for (let i = 0; i < set.length; i++) {
    const last = set[i + 1] === '-' ? set[i + 2] : undefined;
    ranges.push([set[i]!, last ?? set[i]!]);
    if (last !== undefined) i += 2;
  }
  return (char) => ranges.some(([from, to]) => char >= from && char <= to) !== negated;
}

/** Only the last `any` is ever gone back to. */
function fits<Wanted, Given>(
  wanted: readonly Wanted[],
  given: readonly Given[],
  any: Wanted,
  one: (wanted: Wanted, given: Given) => boolean,
): boolean {
  let [w, g, last, resume] = [0, 0, -1, 0];
  while (g < given.length) {
    if (w < wanted.length && wanted[w] === any) {
      last = w++;
      resume = g;
    } else if (w < wanted.length && one(wanted[w]!, given[g]!)) {
      w++;
      g++;
    } else if (last >= 0) {
      w = last + 1;
      g = ++resume;
    } else return false;
  }
  while (wanted[w] === any && w < wanted.length) w++;
  return w === wanted.length;
}
