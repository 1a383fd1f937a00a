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

/** A piece of text, or a choice between several rows of pieces. */
type Piece = string | readonly (readonly Piece[])[];

/** What a pattern with `{a,b}` stands for; braces without a comma in them stand for themselves. */
function withoutBraces(pattern: string): readonly string[] {
  const pieces = piecesOf(pattern);
  if (countOf(pieces) > MOST_ALTERNATIVES)
    throw new WherryError('INVALID_ARGUMENT', `a pattern stands for at most ${MOST_ALTERNATIVES} others`);
  return textsOf(pieces);
}

/** A brace that is still open: the choices before the last comma in it, and the pieces since. */
interface Group {
  readonly choices: Piece[][];
  pieces: Piece[];
}

function piecesOf(pattern: string): readonly Piece[] {
  const open: Group[] = [];
  let group: Group = { choices: [], pieces: [] };
  for (const [text] of pattern.matchAll(/\\?[^{},\\]+|\\.|./gs)) {
    const outer = open.at(-1);
    if (text === '{') {
      open.push(group);
      group = { choices: [], pieces: [] };
    } else if (text === ',' && outer !== undefined) {
      group.choices.push(group.pieces);
      group.pieces = [];
    } else if (text === '}' && outer !== undefined) {
      open.pop();
      if (group.choices.length > 0) outer.pieces.push([...group.choices, group.pieces]);
      else if (group.pieces.every((piece) => typeof piece === 'string'))
        outer.pieces.push(`{${group.pieces.join('')}}`);
      else outer.pieces.push('{', ...group.pieces, '}');
      group = outer;
    } else group.pieces.push(text);
  }
  // Braces that are never closed stand for themselves, and so do the commas in them.
  const commas = ({ choices, pieces }: Group): Piece[] => [
    ...choices.flatMap((choice) => [...choice, ',']),
    ...pieces,
  ];
  return [...open, group].flatMap((one, depth) => (depth === 0 ? commas(one) : ['{', ...commas(one)]));
}

/** How many texts pieces stand for; Infinity at most. */
function countOf(pieces: readonly Piece[]): number {
  return pieces.reduce<number>(
    (count, piece) =>
      typeof piece === 'string' ? count : count * piece.reduce((sum, choice) => sum + countOf(choice), 0),
    1,
  );
}

function textsOf(pieces: readonly Piece[]): readonly string[] {
  let texts: readonly string[] = [''];
  for (const piece of pieces) {
    const choices = typeof piece === 'string' ? [piece] : piece.flatMap(textsOf);
    texts = texts.length === 1 && texts[0] === '' ? choices : combined(texts, choices);
  }
  return texts;
}

const combined = (texts: readonly string[], choices: readonly string[]): string[] =>
  choices.flatMap((choice) => texts.map((text) => text + choice));

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
