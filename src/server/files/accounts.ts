import { readFileSync } from 'node:fs';

/** Names of owners and groups, which SFTP has since version 4, and their numbers. A number without a name is its digits. */
export interface Accounts {
  readonly users: ReadonlyMap<number, string>;
  readonly groups: ReadonlyMap<number, string>;
}

/** Owner and group of files in memory. */
export const MEMORY_OWNER = 1000;

/** For files in memory: root, and the users of the server. */
export function madeUpAccounts(userNames: readonly string[]): Accounts {
  const named = new Map<number, string>([[0, 'root']]);
  for (const [i, name] of userNames.entries()) named.set(MEMORY_OWNER + i, name);
  return { users: named, groups: named };
}

/** Those of this machine, as far as its files tell. */
export function systemAccounts(): Accounts {
  return { users: idsIn('/etc/passwd'), groups: idsIn('/etc/group') };
}

function idsIn(file: string): Map<number, string> {
  const names = new Map<number, string>();
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    // There is none: numbers have no names here.
  }
  for (const line of text.split('\n')) {
    const [name, , id] = line.split(':');
    if (name && id && !names.has(Number(id))) names.set(Number(id), name);
  }
  return names;
}

export function nameOf(names: ReadonlyMap<number, string>, id: number): string {
  return names.get(id) ?? String(id);
}

/** The number of a name; a domain behind `@` is left to the machine. */
export function idOf(names: ReadonlyMap<number, string>, given: string): number | undefined {
  const name = given.replace(/@.*$/, '');
  for (const [id, known] of names) if (known === name) return id;
  return /^\d{1,9}$/.test(name) ? Number(name) : undefined;
}
