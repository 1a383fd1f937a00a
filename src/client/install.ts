import { SFTPClientError } from './client-error.ts';
import { DIR_LIST_FIELDS } from './tables/dir-list-fields.ts';
import { flatName, type PropertyTable } from './tables/rows.ts';

/** The group of a client whose fields also have flat names. */
export interface FlatGroup {
  readonly prefix: string;
  readonly table: PropertyTable;
  /** The group's view on a client. */
  of(client: object): object;
}

/** Gives a class one accessor for each field, under its flat name, that reads and writes the group. */
export function install(prototype: object, groups: readonly FlatGroup[]): void {
  for (const { prefix, table, of } of groups) {
    for (const key of Object.keys(table)) {
      Object.defineProperty(prototype, flatName(prefix, key), {
        configurable: true,
        enumerable: true,
        get(this: object) {
          return (of(this) as Record<string, unknown>)[key];
        },
        set(this: object, value: unknown) {
          (of(this) as Record<string, unknown>)[key] = value;
        },
      });
    }
  }
}

/** Gives a class one method for each field of a listing's entries: `dirListFileName(i)`; the default where there is none. */
export function installIndexed(prototype: object, entries: (client: object) => readonly object[]): void {
  for (const [key, row] of Object.entries(DIR_LIST_FIELDS)) {
    const name = flatName('dirList', key);
    Object.defineProperty(prototype, name, {
      configurable: true,
      writable: true,
      value(this: object, index: number) {
        if (!Number.isInteger(index) || index < 0)
          throw new SFTPClientError(10022, `${name} takes a number from 0, not ${String(index)}`);
        const entry = entries(this)[index] as Record<string, unknown> | undefined;
        return entry === undefined ? row.default : entry[key];
      },
    });
  }
}
