/** The words of a command line as a POSIX shell splits it, without expanding anything; undefined for an open quote. */
export function commandWords(line: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const letter = line[at]!;
    if (letter === ' ' || letter === '\t') {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    word ??= '';
    if (letter === '\\') word += line[++at] ?? '';
    else if (letter !== "'" && letter !== '"') word += letter;
    else {
      const end = closing(line, at + 1, letter);
      if (end < 0) return undefined;
      const inside = line.slice(at + 1, end);
      word += letter === "'" ? inside : inside.replace(/\\(["\\$`])/g, '$1');
      at = end;
    }
  }
  return word === undefined ? words : [...words, word];
}

function closing(line: string, from: number, quote: string): number {
  for (let at = from; at < line.length; at++) {
    if (quote === '"' && line[at] === '\\') at++;
    else if (line[at] === quote) return at;
  }
  return -1;
}

/** What a client of scp asks its server for. */
export interface ScpCommand {
  readonly mode: 'to' | 'from';
  readonly recursive: boolean;
  readonly preserve: boolean;
  /** The target has to be a folder. */
  readonly intoFolder: boolean;
  readonly paths: readonly string[];
}

/** `scp -t …` and `scp -f …`; undefined for any other command. */
export function parseScpCommand(line: string): ScpCommand | undefined {
  const [program, ...words] = commandWords(line) ?? [];
  if (program !== 'scp') return undefined;
  const flags = new Set<string>();
  while (words[0]?.startsWith('-') && words[0] !== '-') {
    const word = words.shift()!;
    if (word === '--') break;
    for (const flag of word.slice(1)) flags.add(flag);
  }
  const known = [...flags].every((flag) => 'tfrpdvq'.includes(flag));
  if (!known || flags.has('t') === flags.has('f') || words.length === 0) return undefined;
  return {
    mode: flags.has('t') ? 'to' : 'from',
    recursive: flags.has('r'),
    preserve: flags.has('p'),
    intoFolder: flags.has('d'),
    paths: words,
  };
}
