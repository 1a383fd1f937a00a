import { UsageError } from './usage-error.ts';

/** What a mode makes of the permissions there are. */
export type ModeChange = (before: number, isFolder: boolean) => number;

const WHO: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o1007, a: 0o7777 };
const BITS: Readonly<Record<string, number>> = { r: 0o444, w: 0o222, x: 0o111, s: 0o6000, t: 0o1000 };

/** A mode as chmod(1) takes it: octal, or clauses such as `u+x,go-w,a=rX`. */
export function parseMode(text: string): ModeChange {
  if (/^[0-7]{1,4}$/.test(text)) {
    const mode = Number.parseInt(text, 8);
    return () => mode;
  }
  const clauses = text.split(',').map(parseClause);
  return (before, isFolder) => clauses.reduce((mode, clause) => clause(mode, isFolder), before & 0o7777);
}

function parseClause(text: string): ModeChange {
  const [, who = '', sign = '', letters = ''] = /^([ugoa]*)([+\-=])([rwxXst]*)$/.exec(text) ?? [];
  if (sign === '') throw new UsageError('a mode is octal, such as 644, or symbols, such as u+x,go-w');
  const mask = [...(who === '' ? 'a' : who)].reduce((all, letter) => all | WHO[letter]!, 0);
  return (before, isFolder) => {
    const executable = isFolder || (before & 0o111) !== 0;
    const bits = [...letters].reduce(
      (all, letter) => all | (letter === 'X' ? (executable ? 0o111 : 0) : BITS[letter]!),
      0,
    );
    if (sign === '+') return before | (bits & mask);
    if (sign === '-') return before & ~(bits & mask);
    return (before & ~mask) | (bits & mask);
  };
}
