import { WherryError } from '../base/errors.ts';
import { checkLimit } from '../base/limits.ts';
import type { WireReader } from '../ssh/wire/reader.ts';
import type { WireWriter } from '../ssh/wire/writer.ts';

/** What a file is, told from the type bits of its permissions. */
export type FileType =
  | 'file'
  | 'directory'
  | 'symlink'
  | 'socket'
  | 'character'
  | 'block'
  | 'fifo'
  | 'unknown';

/** Attributes of a remote file. A field that the server did not send is absent, never invented. */
export interface FileAttributes {
  /** Bytes. */
  size?: number;
  uid?: number;
  gid?: number;
  /** The whole POSIX mode: type bits and permission bits. */
  permissions?: number;
  /** Seconds since 1970, UTC. */
  accessTime?: number;
  modifyTime?: number;
  extended?: readonly (readonly [name: string, data: Uint8Array])[];
}

interface FieldGroup {
  readonly flag: number;
  readonly fields: readonly (keyof FileAttributes)[];
  read(reader: WireReader, into: FileAttributes): void;
  write(writer: WireWriter, from: FileAttributes): void;
}

/** Flag bits and their fields in wire order, draft-ietf-secsh-filexfer-02 section 5. */
const ATTRIBUTE_FIELDS: readonly FieldGroup[] = [
  {
    flag: 0x1,
    fields: ['size'],
    read: (r, into) => {
      into.size = readSize(r);
    },
    write: (w, from) => w.u64(BigInt(from.size!)),
  },
  {
    flag: 0x2,
    fields: ['uid', 'gid'],
    read: (r, into) => {
      into.uid = r.u32();
      into.gid = r.u32();
    },
    write: (w, from) => w.u32(from.uid!).u32(from.gid!),
  },
  {
    flag: 0x4,
    fields: ['permissions'],
    read: (r, into) => {
      into.permissions = r.u32();
    },
    write: (w, from) => w.u32(from.permissions!),
  },
  {
    flag: 0x8,
    fields: ['accessTime', 'modifyTime'],
    read: (r, into) => {
      into.accessTime = r.u32();
      into.modifyTime = r.u32();
    },
    write: (w, from) => w.u32(from.accessTime!).u32(from.modifyTime!),
  },
  {
    flag: 0x8000_0000,
    fields: ['extended'],
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

const KNOWN_FLAGS = ATTRIBUTE_FIELDS.reduce((all, group) => all + group.flag, 0);

export function decodeAttributes(reader: WireReader): FileAttributes {
  const flags = reader.u32();
  const unknown = (flags & ~KNOWN_FLAGS) >>> 0;
  if (unknown !== 0) throw reader.malformed(`unknown attribute flags ${unknown.toString(16)}`);
  const attributes: FileAttributes = {};
  for (const group of ATTRIBUTE_FIELDS) if ((flags & group.flag) !== 0) group.read(reader, attributes);
  return attributes;
}

/** Writes what is there and nothing else. Fields that share a flag (uid and gid, the two times) go together. */
export function encodeAttributes(writer: WireWriter, attributes: FileAttributes): void {
  const groups = ATTRIBUTE_FIELDS.filter((group) =>
    group.fields.some((field) => attributes[field] !== undefined),
  );
  for (const { fields } of groups) {
    const missing = fields.find((field) => attributes[field] === undefined);
    if (missing !== undefined) {
      throw new WherryError(
        'INVALID_ARGUMENT',
        `attributes ${fields.join(' and ')} go together: ${missing} is missing`,
      );
    }
  }
  for (const field of groups.flatMap((group) => group.fields)) checkNumber(field, attributes[field]);
  writer.u32(groups.reduce((flags, group) => flags + group.flag, 0));
  for (const group of groups) group.write(writer, attributes);
}

/** What does not fit its field would arrive as another number. */
function checkNumber(field: string, value: unknown): void {
  if (typeof value !== 'number') return;
  const most = field === 'size' ? Number.MAX_SAFE_INTEGER : 0xffff_ffff;
  if (!Number.isInteger(value) || value < 0 || value > most) {
    throw new WherryError(
      'INVALID_ARGUMENT',
      `${field} must be a whole number from 0 to ${most}, not ${value}`,
    );
  }
}

/** Sizes and offsets beyond 2^53 - 1 cannot be told exactly and are refused. */
function readSize(reader: WireReader): number {
  const size = reader.u64();
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw reader.malformed(`size ${size} is beyond 2^53`);
  return Number(size);
}

const TYPE_BITS: ReadonlyMap<number, FileType> = new Map([
  [0o010000, 'fifo'],
  [0o020000, 'character'],
  [0o040000, 'directory'],
  [0o060000, 'block'],
  [0o100000, 'file'],
  [0o120000, 'symlink'],
  [0o140000, 'socket'],
]);

/**
 * The file type that the permissions tell; `unknown` where the server sent none or no type bits.
 *
 * @example
 * ```ts
 * import { fileType } from 'wherry';
 *
 * console.log(fileType(await sftp.stat(remoteFolder))); // 'directory'
 * ```
 */
export function fileType(attributes: FileAttributes): FileType {
  const { permissions } = attributes;
  return permissions === undefined ? 'unknown' : (TYPE_BITS.get(permissions & 0o170000) ?? 'unknown');
}
