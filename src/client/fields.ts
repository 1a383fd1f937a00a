import { DEFAULT_ALGORITHMS } from '../index.ts';
import { SFTPClientError } from './client-error.ts';
import { ENUMS } from './tables/enums.ts';
import { flatName, type PropertyRow, type PropertyTable, type Values } from './tables/rows.ts';

export type FieldValue = boolean | number | string | Uint8Array;

/** How a group of fields is tied to its client. */
export interface FieldOwner {
  /** Put before the names in messages: `sshCert`. */
  readonly prefix: string;
  /** Locked fields refuse to be set. */
  isLocked(): boolean;
  /** The value at this moment, where it is not the stored one. */
  live?(key: string): FieldValue | undefined;
  /** A field is about to be set from outside, to a value that is checked already; throwing refuses it. */
  changed?(key: string, value: FieldValue): void;
}

/** The values of one table: `view` is what users see, checked and guarded; `put` is for the client itself. */
export class Fields<Table extends PropertyTable> {
  readonly view: Values<Table>;
  readonly #table: Table;
  readonly #values = new Map<string, FieldValue>();
  readonly #set = new Set<string>();

  constructor(table: Table, owner: FieldOwner) {
    this.#table = table;
    const view = {};
    for (const key of Object.keys(table)) {
      Object.defineProperty(view, key, {
        enumerable: true,
        get: () => owner.live?.(key) ?? this.#value(key),
        set: (value: unknown) => this.#assign(key, value, owner),
      });
    }
    this.view = Object.freeze(view) as Values<Table>;
  }

  /** Stores a value, of a read-only field too. */
  put<K extends keyof Table & string>(key: K, value: FieldValue): void {
    this.#values.set(key, value);
  }

  /** Whether the user has set it. */
  isSet(key: keyof Table & string): boolean {
    return this.#set.has(key);
  }

  /** What the user has set counts as sent: `isSet` begins anew. */
  settle(): void {
    this.#set.clear();
  }

  reset(): void {
    this.#values.clear();
    this.#set.clear();
  }

  /** For groups whose fields depend on each other: before and after a field is set from outside. */
  protected changing(_key: string, _value: FieldValue): void {}
  protected changed(_key: string): void {}

  #value(key: string): FieldValue {
    return this.#values.get(key) ?? defaultOf(this.#table[key]!);
  }

  #assign(key: string, value: unknown, owner: FieldOwner): void {
    const row = this.#table[key]!;
    const name = flatName(owner.prefix, key);
    if (row.access === 'ro') throw new SFTPClientError(211, `${name} is read-only`);
    if (row.locked !== undefined && owner.isLocked())
      throw new SFTPClientError(row.locked, `${name} cannot be changed while connected`);
    checkValue(name, row, value);
    this.changing(key, value);
    owner.changed?.(key, value);
    this.#values.set(key, value);
    this.#set.add(key);
    this.changed(key);
  }
}

/** The default of a property; that of an algorithm list is the one the core has. */
export function defaultOf(row: PropertyRow): boolean | number | string {
  return row.list === undefined ? row.default : DEFAULT_ALGORITHMS[row.list].join(',');
}

function checkValue(name: string, row: PropertyRow, value: unknown): asserts value is FieldValue {
  const wrong = (what: string): SFTPClientError => new SFTPClientError(10022, `${name} must be ${what}`);
  if (row.type === 'bool' && typeof value !== 'boolean') throw wrong('true or false');
  if (row.type === 'str' && typeof value !== 'string') throw wrong('a text');
  if (row.type === 'bytes' && typeof value !== 'string' && !(value instanceof Uint8Array))
    throw wrong('a text or bytes');
  if (row.type !== 'int') return;
  const [least, largest] = row.range ?? [0, Number.MAX_SAFE_INTEGER];
  if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > largest)
    throw wrong(`a whole number from ${least} to ${largest}, not ${String(value)}`);
  const numbers: readonly number[] | undefined = row.values && Object.values(ENUMS[row.values]);
  if (numbers !== undefined && !numbers.includes(value as number))
    throw wrong(`one of ${numbers.join(', ')}, not ${String(value)}`);
}
