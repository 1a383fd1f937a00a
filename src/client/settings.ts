import { DEFAULT_ALGORITHMS } from '../index.ts';
import { SFTPClientError } from './client-error.ts';
import { nearest } from './nearest.ts';
import { BASE_SETTINGS, FURTHER_SETTINGS } from './tables/base-settings.ts';
import type { SettingRow } from './tables/setting-row.ts';
import { SFTP_SETTINGS } from './tables/sftp-settings.ts';
import { SSH_SETTINGS } from './tables/ssh-settings.ts';

type Tables = typeof SFTP_SETTINGS & typeof SSH_SETTINGS & typeof BASE_SETTINGS & typeof FURTHER_SETTINGS;
export type SettingName = keyof Tables;
type SettingValue<Name extends SettingName> = {
  bool: boolean;
  int: number;
  str: string;
  list: readonly string[];
}[Tables[Name]['type']];

/** All settings by name. */
export const SETTINGS: Readonly<Record<SettingName, SettingRow>> = {
  ...SFTP_SETTINGS,
  ...SSH_SETTINGS,
  ...BASE_SETTINGS,
  ...FURTHER_SETTINGS,
};

const BY_LOWER_NAME = new Map(Object.keys(SETTINGS).map((name) => [name.toLowerCase(), name as SettingName]));

/** A configuration string taken apart. */
export interface ConfigString {
  readonly name: SettingName;
  /** The number in brackets behind an indexed name. */
  readonly index: number | undefined;
  /** What stands behind the first `=`, without the double quotes around it; undefined where it is only read. */
  readonly value: string | undefined;
}

/** Takes `Name`, `Name=Value` or `Name[3]=Value` apart; an unknown name is an error that knows a better one. */
export function parseConfigString(text: string): ConfigString {
  if (typeof text !== 'string')
    throw new SFTPClientError(10022, 'config takes a text: Name=Value, or Name to read it');
  const equals = text.indexOf('=');
  const left = (equals < 0 ? text : text.slice(0, equals)).trim();
  const [, bare, index] = /^([^[\]]*?)(?:\[\s*(\d{0,10})\s*\])?$/.exec(left) ?? [undefined, left, undefined];
  const name = BY_LOWER_NAME.get(bare!.trim().toLowerCase());
  if (name === undefined) {
    const better = nearest(bare!, Object.keys(SETTINGS));
    throw new SFTPClientError(10022, `there is no setting "${bare}"; did you mean ${better}?`);
  }
  if (index !== undefined && SETTINGS[name].indexed !== true)
    throw new SFTPClientError(10022, `${name} is not written with a number in brackets`);
  return {
    name,
    index: index === undefined || index === '' ? undefined : Number(index),
    value: equals < 0 ? undefined : unquoted(text.slice(equals + 1)),
  };
}

function unquoted(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

type Stored = boolean | number | string | readonly string[];

/** The values of the settings. */
export class Settings {
  readonly #values = new Map<string, Stored>();

  get<Name extends SettingName>(name: Name): SettingValue<Name> {
    const stored = this.#values.get(name);
    return (stored ?? fromDefault(SETTINGS[name])) as SettingValue<Name>;
  }

  /** The value where the user has set one. */
  given<Name extends SettingName>(name: Name): SettingValue<Name> | undefined {
    return this.#values.get(name) as SettingValue<Name> | undefined;
  }

  /** Sets a value from its text, after checking it. */
  set(name: SettingName, text: string, index?: number): void {
    const row = SETTINGS[name];
    if (row.kind === 'readonly') throw new SFTPClientError(211, `${name} is read-only`);
    this.#values.set(key(name, index), parsed(name, row, text));
  }

  /** Takes back a `set`. */
  restore(name: SettingName, value: Stored | undefined): void {
    if (value === undefined) this.#values.delete(name);
    else this.#values.set(name, value);
  }

  /** The value as `config()` tells it. */
  text(name: SettingName, index?: number): string {
    const value = this.#values.get(key(name, index)) ?? fromDefault(SETTINGS[name]);
    if (typeof value === 'boolean') return value ? 'True' : 'False';
    return typeof value === 'object' ? value.join(',') : String(value);
  }

  reset(): void {
    this.#values.clear();
  }
}

function key(name: string, index: number | undefined): string {
  return index === undefined ? name : `${name}[${index}]`;
}

function fromDefault(row: SettingRow): Stored {
  if (row.algorithms !== undefined) return DEFAULT_ALGORITHMS[row.algorithms];
  return row.type === 'list' ? listOf(String(row.default)) : row.default;
}

const BOOLEANS: Readonly<Record<string, boolean>> = {
  true: true,
  1: true,
  yes: true,
  false: false,
  0: false,
  no: false,
};

/** Line ends may be written in words. */
const LINE_ENDS: Readonly<Record<string, string>> = { CR: '\r', LF: '\n', CRLF: '\r\n' };

function parsed(name: string, row: SettingRow, text: string): Stored {
  const wrong = (what: string): SFTPClientError =>
    new SFTPClientError(10022, `${name} must be ${what}, not ${JSON.stringify(text.slice(0, 100))}`);
  if (row.type === 'bool') {
    const value = BOOLEANS[text.trim().toLowerCase()];
    if (value === undefined) throw wrong('True or False');
    return value;
  }
  if (row.type === 'int') {
    const [least, largest] = row.range ?? [0, Number.MAX_SAFE_INTEGER];
    const value = /^[+-]?\d{1,20}$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (!Number.isSafeInteger(value) || value < least || value > largest)
      throw wrong(`a whole number from ${least} to ${largest}`);
    return value;
  }
  if (row.type === 'list') return listOf(text);
  if (row.allowed === undefined) return text;
  const given = LINE_ENDS[text.trim().toUpperCase()] ?? text;
  const allowed = row.allowed.find(
    (one) => one === given || one.toLowerCase() === given.trim().toLowerCase(),
  );
  if (allowed === undefined || (given.trim() === '' && allowed !== given))
    throw wrong(`one of ${row.allowed.map((one) => JSON.stringify(one)).join(', ')}`);
  return allowed;
}

function listOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
