import { WherryError } from '../../base/errors.ts';
import { WireReader } from './reader.ts';
import { SECRET_BYTES, WireWriter } from './writer.ts';

/** The field types a message row may name (RFC 4251 section 5). */
export interface FieldTypes {
  u8: number;
  bool: boolean;
  u32: number;
  u64: bigint;
  text: string;
  string: Uint8Array;
  mpint: Uint8Array;
  nameList: readonly string[];
  /** Everything to the end of the message, raw. */
  rest: Uint8Array;
}

type FieldName = keyof FieldTypes;

/** A message as a row: its number, its fields in wire order, the section that defines it. */
export interface MessageRow {
  readonly number: number;
  readonly fields: Readonly<Record<string, FieldName>>;
  readonly ref: string;
}

/** The value of a message, derived from its row. */
export type MessageOf<R extends MessageRow> = {
  -readonly [K in keyof R['fields']]: FieldTypes[R['fields'][K]];
};

type Codec<K extends FieldName> = {
  read(reader: WireReader): FieldTypes[K];
  write(writer: WireWriter, value: FieldTypes[K]): void;
};

const CODECS: { [K in FieldName]: Codec<K> } = {
  u8: { read: (r) => r.u8(), write: (w, v) => w.u8(v) },
  bool: { read: (r) => r.bool(), write: (w, v) => w.bool(v) },
  u32: { read: (r) => r.u32(), write: (w, v) => w.u32(v) },
  u64: { read: (r) => r.u64(), write: (w, v) => w.u64(v) },
  text: { read: (r) => r.text(), write: (w, v) => w.text(v) },
  string: { read: (r) => r.string(), write: (w, v) => w.string(v) },
  mpint: { read: (r) => r.mpint(), write: (w, v) => w.mpint(v) },
  nameList: { read: (r) => r.nameList(), write: (w, v) => w.nameList(v) },
  rest: { read: (r) => r.rest(), write: (w, v) => w.raw(v) },
};

/** The payload of a message: its number, then its fields. */
export function encode<R extends MessageRow>(row: R, value: MessageOf<R>): Uint8Array {
  const writer = new WireWriter(SECRET_BYTES);
  writer.u8(row.number);
  for (const [name, type] of Object.entries(row.fields)) {
    (CODECS[type] as Codec<FieldName>).write(writer, (value as Record<string, FieldTypes[FieldName]>)[name]!);
  }
  return writer.take();
}

/**
 * The fields of a payload. Bytes after the last field are let pass, as RFC 4250 lets later revisions add
 * fields; a message that is too short or of another number throws SSH_MALFORMED.
 */
export function decode<R extends MessageRow>(row: R, payload: Uint8Array): MessageOf<R> {
  if (payload[0] !== row.number) {
    throw new WherryError('SSH_MALFORMED', `message ${payload[0]} where ${row.number} was expected`);
  }
  const reader = new WireReader(payload, 1, `message ${row.number}`);
  const value: Record<string, unknown> = {};
  for (const [name, type] of Object.entries(row.fields)) value[name] = CODECS[type].read(reader);
  return value as MessageOf<R>;
}
