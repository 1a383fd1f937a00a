import { WherryError } from '../base/errors.ts';
import { checkLimit } from '../base/limits.ts';
import type { WireReader } from '../ssh/wire/reader.ts';
import type { WireWriter } from '../ssh/wire/writer.ts';
import { aclToText, readAcl, textToAcl } from './acl.ts';
import type { FileAttributes, TextHint } from './attributes.ts';
import type { SftpVersion } from './versions.ts';

/** What decides how a field looks on the wire, beside its flag. */
export interface Shape {
  readonly version: SftpVersion;
  /** Every time is followed by its nanoseconds. */
  readonly subseconds: boolean;
}

export interface FieldGroup {
  readonly flag: number;
  readonly since: SftpVersion;
  readonly until: SftpVersion;
  readonly fields: readonly (keyof FileAttributes)[];
  /** One flag says that all fields are there: none of them may be missing. */
  readonly together: boolean;
  read(reader: WireReader, into: FileAttributes, shape: Shape): void;
  write(writer: WireWriter, from: FileAttributes, shape: Shape): void;
}

/** SSH_FILEXFER_ATTR_SUBSECOND_TIMES: a flag without a field of its own. */
export const SUBSECOND_TIMES = 0x100;

type TimeField = 'accessTime' | 'createTime' | 'modifyTime' | 'changeTime';

function time(flag: number, since: SftpVersion, field: TimeField): FieldGroup {
  const fraction = `${field}Nanoseconds` as const;
  return {
    flag,
    since,
    until: 6,
    fields: [field],
    together: false,
    read: (r, into, { subseconds }) => {
      // int64 in filexfer-13, uint64 before it: no server means a time after the year 292 billion.
      into[field] = Number(BigInt.asIntN(64, r.u64()));
      if (subseconds) into[fraction] = r.u32();
    },
    write: (w, from, { subseconds }) => {
      w.u64(
        BigInt.asUintN(64, BigInt(seconds(from, field, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER))),
      );
      if (subseconds) w.u32(from[fraction] ?? 0);
    },
  };
}

function seconds(from: FileAttributes, field: TimeField, least: number, most: number): number {
  const value = from[field]!;
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new WherryError(
    'INVALID_ARGUMENT',
    `${field} must be a whole number from ${least} to ${most}, not ${value}`,
  );
}

const TEXT_HINTS: readonly TextHint[] = ['known-text', 'guessed-text', 'known-binary', 'guessed-binary'];

/** Flag bits and their fields, in the order in which every version has them on the wire. */
export const ATTRIBUTE_FIELDS: readonly FieldGroup[] = [
  {
    flag: 0x1,
    since: 3,
    until: 6,
    fields: ['size'],
    together: true,
    read: (r, into) => {
      into.size = readSize(r);
    },
    write: (w, from) => w.u64(BigInt(from.size!)),
  },
  {
    flag: 0x400,
    since: 6,
    until: 6,
    fields: ['allocationSize'],
    together: true,
    read: (r, into) => {
      into.allocationSize = readSize(r);
    },
    write: (w, from) => w.u64(BigInt(from.allocationSize!)),
  },
  {
    flag: 0x2,
    since: 3,
    until: 3,
    fields: ['uid', 'gid'],
    together: true,
    read: (r, into) => {
      into.uid = r.u32();
      into.gid = r.u32();
    },
    write: (w, from) => w.u32(from.uid!).u32(from.gid!),
  },
  {
    // An empty name means that there is none, or that it is to stay (filexfer-13 section 7.5).
    flag: 0x80,
    since: 4,
    until: 6,
    fields: ['owner', 'group'],
    together: false,
    read: (r, into) => {
      const owner = r.text();
      const group = r.text();
      if (owner !== '') into.owner = owner;
      if (group !== '') into.group = group;
    },
    write: (w, from) => w.text(from.owner ?? '').text(from.group ?? ''),
  },
  {
    flag: 0x4,
    since: 3,
    until: 6,
    fields: ['permissions'],
    together: true,
    read: (r, into) => {
      into.permissions = r.u32();
    },
    write: (w, from) => w.u32(from.permissions!),
  },
  {
    flag: 0x8,
    since: 3,
    until: 3,
    fields: ['accessTime', 'modifyTime'],
    together: true,
    read: (r, into) => {
      into.accessTime = r.u32();
      into.modifyTime = r.u32();
    },
    write: (w, from) =>
      w.u32(seconds(from, 'accessTime', 0, 0xffff_ffff)).u32(seconds(from, 'modifyTime', 0, 0xffff_ffff)),
  },
  time(0x8, 4, 'accessTime'),
  time(0x10, 4, 'createTime'),
  time(0x20, 4, 'modifyTime'),
  time(0x8000, 6, 'changeTime'),
  {
    flag: 0x40,
    since: 4,
    until: 6,
    fields: ['acl'],
    together: true,
    read: (r, into, { version }) => {
      into.acl = aclToText(readAcl(r.string(), version));
    },
    write: (w, from, { version }) => w.string(textToAcl(from.acl!, version)),
  },
  {
    flag: 0x200,
    since: 5,
    until: 6,
    fields: ['bits'],
    together: true,
    read: (r, into, { version }) => {
      into.bits = r.u32();
      if (version === 6) into.bitsValid = r.u32();
    },
    write: (w, from, { version }) => {
      w.u32(from.bits!);
      // Bits that are set are meant; bits to be cleared have to be named.
      if (version === 6) w.u32(from.bitsValid ?? from.bits!);
    },
  },
  {
    flag: 0x800,
    since: 6,
    until: 6,
    fields: ['textHint'],
    together: true,
    read: (r, into) => {
      const hint = TEXT_HINTS[r.u8()];
      if (hint !== undefined) into.textHint = hint;
    },
    write: (w, from) => w.u8(hintNumber(from.textHint!)),
  },
  {
    flag: 0x1000,
    since: 6,
    until: 6,
    fields: ['mimeType'],
    together: true,
    read: (r, into) => {
      into.mimeType = r.text();
    },
    write: (w, from) => w.text(from.mimeType!),
  },
  {
    flag: 0x2000,
    since: 6,
    until: 6,
    fields: ['linkCount'],
    together: true,
    read: (r, into) => {
      into.linkCount = r.u32();
    },
    write: (w, from) => w.u32(from.linkCount!),
  },
  {
    flag: 0x4000,
    since: 6,
    until: 6,
    fields: ['untranslatedName'],
    together: true,
    read: (r, into) => {
      into.untranslatedName = r.text();
    },
    write: (w, from) => w.text(from.untranslatedName!),
  },
  {
    flag: 0x8000_0000,
    since: 3,
    until: 6,
    fields: ['extended'],
    together: true,
    read: (r, into) => {
      const count = r.u32();
      checkLimit('attributeExtensions', count);
      into.extended = Array.from({ length: count }, () => [r.text(), Uint8Array.from(r.string())] as const);
    },
    write: (w, from) => {
      w.u32(from.extended!.length);
      for (const [name, data] of from.extended!) w.text(name).string(data);
    },
  },
];

export function fieldsOf(version: SftpVersion): FieldGroup[] {
  return ATTRIBUTE_FIELDS.filter(({ since, until }) => since <= version && version <= until);
}

/** Sizes and offsets beyond 2^53 - 1 cannot be told exactly and are refused. */
function readSize(reader: WireReader): number {
  const size = reader.u64();
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw reader.malformed(`size ${size} is beyond 2^53`);
  return Number(size);
}

function hintNumber(hint: TextHint): number {
  const number = TEXT_HINTS.indexOf(hint);
  if (number >= 0) return number;
  throw new WherryError('INVALID_ARGUMENT', `textHint must be one of ${TEXT_HINTS.join(', ')}`);
}

/** Bits of `bits` and `bitsValid`, filexfer-13 section 7.9. */
export const ATTRIBUTE_BITS = {
  SSH_FILEXFER_ATTR_FLAGS_READONLY: 0x1,
  SSH_FILEXFER_ATTR_FLAGS_SYSTEM: 0x2,
  SSH_FILEXFER_ATTR_FLAGS_HIDDEN: 0x4,
  SSH_FILEXFER_ATTR_FLAGS_CASE_INSENSITIVE: 0x8,
  SSH_FILEXFER_ATTR_FLAGS_ARCHIVE: 0x10,
  SSH_FILEXFER_ATTR_FLAGS_ENCRYPTED: 0x20,
  SSH_FILEXFER_ATTR_FLAGS_COMPRESSED: 0x40,
  SSH_FILEXFER_ATTR_FLAGS_SPARSE: 0x80,
  SSH_FILEXFER_ATTR_FLAGS_APPEND_ONLY: 0x100,
  SSH_FILEXFER_ATTR_FLAGS_IMMUTABLE: 0x200,
  SSH_FILEXFER_ATTR_FLAGS_SYNC: 0x400,
  SSH_FILEXFER_ATTR_FLAGS_TRANSLATION_ERR: 0x800,
} as const;
