import type { AlgorithmKind } from '../../index.ts';
import type { EnumName } from './enums.ts';

/** The kinds of values of the reference: `int` is a whole number within 2^53, `bytes` a text or bytes. */
export type ValueType = 'bool' | 'int' | 'str' | 'bytes';

/** What each kind is in TypeScript. */
export interface ValueOf {
  bool: boolean;
  int: number;
  str: string;
  bytes: string | Uint8Array;
}

/** One property. */
export interface PropertyRow {
  readonly type: ValueType;
  readonly default: boolean | number | string;
  readonly access: 'rw' | 'ro';
  /** Least and largest number; without it a number is from 0 to 2^53 - 1. */
  readonly range?: readonly [least: number, largest: number];
  /** An algorithm list: its default is the one of the core, best first. */
  readonly list?: AlgorithmKind;
  /** The numbers have names. */
  readonly values?: EnumName;
  /** Error number for setting it while connected. */
  readonly locked?: number;
  readonly doc: string;
  /** Where it differs from the reference, and why. */
  readonly differs?: string;
  /** What of it does not work yet. */
  readonly pending?: string;
}

export type PropertyTable = Readonly<Record<string, PropertyRow>>;

type Value<Row extends PropertyRow> = ValueOf[Row['type']];

/** The values of a table as properties: what is read-only there is readonly here. */
export type Values<Table extends PropertyTable> = {
  readonly [K in keyof Table as Table[K]['access'] extends 'ro' ? K : never]: Value<Table[K]>;
} & {
  -readonly [K in keyof Table as Table[K]['access'] extends 'rw' ? K : never]: Value<Table[K]>;
};

/** The same values under names with a prefix: `sshCert` and `store` make `sshCertStore`. */
export type Prefixed<Prefix extends string, Table extends PropertyTable> = {
  readonly [K in keyof Table & string as Table[K]['access'] extends 'ro'
    ? `${Prefix}${Capitalize<K>}`
    : never]: Value<Table[K]>;
} & {
  -readonly [K in keyof Table & string as Table[K]['access'] extends 'rw'
    ? `${Prefix}${Capitalize<K>}`
    : never]: Value<Table[K]>;
};

/** `sshCert` and `store` make `sshCertStore`; without a prefix the name stays. */
export function flatName(prefix: string, key: string): string {
  return prefix === '' ? key : prefix + key.charAt(0).toUpperCase() + key.slice(1);
}
