import { type AlgorithmOptions, algorithmNames } from '../index.ts';
import { matchesPatterns } from './pattern-list.ts';
import { UsageError } from './usage-error.ts';

type Kind = 'ciphers' | 'macs' | 'kex' | 'hostKey';

/**
 * A list of ssh_config(5): names, or `+`, `-` or `^` and names that are added to, taken from or put before the
 * defaults. Names that are not known here are left out, for the file is made for another program.
 */
export function algorithmList(kind: Kind, text: string, note: (text: string) => void): readonly string[] {
  const { supported, defaults } = algorithmNames()[kind];
  const [, sign = '', rest = ''] = /^([+\-^]?)(.*)$/s.exec(text) ?? [];
  const named = rest.split(',').map((name) => name.trim());
  if (sign === '-') return defaults.filter((name) => !matchesPatterns(named, name));
  const known = named.filter((name) => supported.includes(name));
  for (const name of named) if (!supported.includes(name)) note(`configuration: ${name} is not known here`);
  if (sign === '+') return [...defaults, ...known.filter((name) => !defaults.includes(name))];
  if (sign === '^') return [...known, ...defaults.filter((name) => !known.includes(name))];
  if (known.length === 0)
    throw new UsageError(`the configuration names no ${kind} that are known here: ${rest}`);
  return known;
}

export function algorithmLists(
  texts: Readonly<Partial<Record<Kind, string>>>,
  note: (text: string) => void,
): AlgorithmOptions {
  const entries = Object.entries(texts) as [Kind, string][];
  return Object.fromEntries(entries.map(([kind, text]) => [kind, algorithmList(kind, text, note)]));
}
