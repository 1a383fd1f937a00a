import { WherryError } from '../base/errors.ts';
import { checkLimit } from '../base/limits.ts';
import type { WireReader } from '../ssh/wire/reader.ts';
import type { WireWriter } from '../ssh/wire/writer.ts';
import { ATTRIBUTE_FIELDS, type FieldGroup, fieldsOf, SUBSECOND_TIMES } from './attribute-fields.ts';
import { byteOfType, type FileType, typeOfByte, typeOfPermissions } from './file-type.ts';
import { ALL_VERSIONS, type SftpVersion } from './versions.ts';

export type { FileType } from './file-type.ts';

/**
 * Attributes of a remote file. A field that the server did not send is absent, never invented; which ones there can be
 * depends on the SFTP version in use.
 */
export interface FileAttributes {
  /** Version 4 and later; `fileType` also reads it from the permissions. */
  type?: FileType;
  /** Bytes. */
  size?: number;
  /** Bytes the file takes up on disk. Version 6. */
  allocationSize?: number;
  /** Numbers of owner and group: version 3. They are sent as names made of digits in later versions. */
  uid?: number;
  gid?: number;
  /** Names of owner and group: version 4 and later. Names made of digits are sent as numbers in version 3. */
  owner?: string;
  group?: string;
  /** The whole POSIX mode: type bits and permission bits. */
  permissions?: number;
  /** Times in seconds since 1970, UTC; nanoseconds behind the second, in version 4 and later. */
  accessTime?: number;
  accessTimeNanoseconds?: number;
  /** Version 4 and later. */
  createTime?: number;
  createTimeNanoseconds?: number;
  modifyTime?: number;
  modifyTimeNanoseconds?: number;
  /** When attributes were last changed. Version 6. */
  changeTime?: number;
  changeTimeNanoseconds?: number;
  /** The access control list as text, one entry a line: `type:flags:who:rights`. Version 4 and later. */
  acl?: string;
  /** Bits of ATTRIBUTE_BITS: version 5 and later. Only those in `bitsValid` (version 6) mean anything. */
  bits?: number;
  bitsValid?: number;
  /** What the server takes the contents for. Version 6. */
  textHint?: TextHint;
  /** Version 6. */
  mimeType?: string;
  /** Hard links. Version 6. */
  linkCount?: number;
  /** The name as it is on the server, before it became UTF-8. Version 6. */
  untranslatedName?: string;
  extended?: readonly (readonly [name: string, data: Uint8Array])[];
}

/** How sure the server is that a file is text, filexfer-13 section 7.10. */
export type TextHint = 'known-text' | 'guessed-text' | 'known-binary' | 'guessed-binary';

const FIELDS: Readonly<Record<SftpVersion, readonly FieldGroup[]>> = byVersion(fieldsOf);
const KNOWN_FLAGS: Readonly<Record<SftpVersion, number>> = byVersion(
  (version) =>
    fieldsOf(version).reduce((all, { flag }) => all + flag, 0) + (version >= 4 ? SUBSECOND_TIMES : 0),
);
const EXTENDED = 0x8000_0000;

/** Every attribute a version has: what SSH_FXP_STAT and its kin ask for since version 4. */
export const WANTED_ATTRIBUTES: Readonly<Record<SftpVersion, number>> = byVersion(
  (version) => KNOWN_FLAGS[version] - EXTENDED,
);

function byVersion<T>(make: (version: SftpVersion) => T): Record<SftpVersion, T> {
  const [three, four, five, six] = ALL_VERSIONS.map(make) as [T, T, T, T];
  return { 3: three, 4: four, 5: five, 6: six };
}

/** ATTRS: filexfer-02 section 5, filexfer-04 and -05 section 5, filexfer-13 section 7. */
export function decodeAttributes(reader: WireReader, version: SftpVersion = 3): FileAttributes {
  const start = reader.position;
  const flags = reader.u32();
  const unknown = (flags & ~KNOWN_FLAGS[version]) >>> 0;
  if (unknown !== 0) throw reader.malformed(`unknown attribute flags ${unknown.toString(16)}`);
  const attributes: FileAttributes = {};
  if (version >= 4) attributes.type = typeOfByte(reader.u8());
  const shape = { version, subseconds: (flags & SUBSECOND_TIMES) !== 0 };
  for (const group of FIELDS[version]) if ((flags & group.flag) !== 0) group.read(reader, attributes, shape);
  checkLimit('attributeBytes', reader.position - start);
  return attributes;
}

/**
 * Writes what is there and nothing else. Fields that share a flag (in version 3 uid and gid, the two times) go
 * together. `type` is for the type byte, where the attributes do not tell it.
 */
export function encodeAttributes(
  writer: WireWriter,
  attributes: FileAttributes,
  version: SftpVersion = 3,
  type: FileType = 'unknown',
): void {
  const given = inTermsOf(version, attributes);
  const groups = FIELDS[version].filter((group) => group.fields.some((field) => given[field] !== undefined));
  checkSendable(given, version, groups);
  const subseconds = version >= 4 && SUBSECOND_FIELDS.some((field) => given[field] !== undefined);
  const flags = groups.reduce((all, group) => all + group.flag, subseconds ? SUBSECOND_TIMES : 0);
  writer.u32(flags);
  if (version >= 4) {
    const told = given.type ?? typeOfPermissions(given.permissions);
    writer.u8(byteOfType(told === 'unknown' ? type : told, version));
  }
  for (const group of groups) group.write(writer, given, { version, subseconds });
}

const SUBSECOND_FIELDS = [
  'accessTimeNanoseconds',
  'createTimeNanoseconds',
  'modifyTimeNanoseconds',
  'changeTimeNanoseconds',
] as const;

/** Left out where a version has no place for them: they refine or repeat what is sent. */
const REFINEMENTS: ReadonlySet<string> = new Set(['type', 'bitsValid', ...SUBSECOND_FIELDS]);

/** Owner and group as the version has them: numbers in version 3, names later. */
function inTermsOf(version: SftpVersion, attributes: FileAttributes): FileAttributes {
  const { uid, gid, owner, group, ...rest } = attributes;
  if (version === 3) {
    const numbers = { uid: uid ?? numeric(owner, 'owner'), gid: gid ?? numeric(group, 'group') };
    return { ...rest, ...withoutAbsent(numbers) };
  }
  for (const [field, value] of [['uid', uid] as const, ['gid', gid] as const]) checkNumber(field, value);
  const names = { owner: owner ?? uid?.toString(), group: group ?? gid?.toString() };
  return { ...rest, ...withoutAbsent(names) };
}

function withoutAbsent<T extends object>(object: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}

function numeric(name: string | undefined, field: string): number | undefined {
  if (name === undefined) return undefined;
  if (/^\d{1,10}$/.test(name)) return Number(name);
  throw new WherryError(
    'SFTP_OP_UNSUPPORTED',
    `SFTP version 3 knows ${field}s by number only, not by a name such as ${JSON.stringify(name)}`,
  );
}

function checkSendable(given: FileAttributes, version: SftpVersion, groups: readonly FieldGroup[]): void {
  const sendable = new Set<string>(groups.flatMap((group) => group.fields));
  for (const [field, value] of Object.entries(given)) {
    if (value === undefined) continue;
    checkNumber(field, value);
    if (sendable.has(field) || REFINEMENTS.has(field)) continue;
    const known = ATTRIBUTE_FIELDS.some((group) => group.fields.includes(field as keyof FileAttributes));
    throw known
      ? new WherryError('SFTP_OP_UNSUPPORTED', `SFTP version ${version} has no attribute ${field}`)
      : new WherryError('INVALID_ARGUMENT', `there is no attribute ${field}`);
  }
  for (const { fields, together } of groups) {
    const missing = together ? fields.find((field) => given[field] === undefined) : undefined;
    if (missing !== undefined) {
      throw new WherryError(
        'INVALID_ARGUMENT',
        `attributes ${fields.join(' and ')} go together: ${missing} is missing`,
      );
    }
  }
}

const WIDE_FIELDS: ReadonlySet<string> = new Set(['size', 'allocationSize']);
const TIME_FIELDS: ReadonlySet<string> = new Set(['accessTime', 'createTime', 'modifyTime', 'changeTime']);
const BILLION = 1_000_000_000;

/** What does not fit its field would arrive as another number. */
function checkNumber(field: string, value: unknown): void {
  if (typeof value !== 'number' || TIME_FIELDS.has(field)) return;
  const most = WIDE_FIELDS.has(field)
    ? Number.MAX_SAFE_INTEGER
    : field.endsWith('Nanoseconds')
      ? BILLION - 1
      : 0xffff_ffff;
  if (!Number.isInteger(value) || value < 0 || value > most) {
    throw new WherryError(
      'INVALID_ARGUMENT',
      `${field} must be a whole number from 0 to ${most}, not ${value}`,
    );
  }
}

/**
 * The file type that the permissions tell, or else the type the server named; `unknown` where it sent neither.
 *
 * @example
 * ```ts
 * import { fileType } from 'wherry';
 *
 * console.log(fileType(await sftp.stat(remoteFolder))); // 'directory'
 * ```
 */
export function fileType(attributes: FileAttributes): FileType {
  const told = typeOfPermissions(attributes.permissions);
  return told === 'unknown' ? (attributes.type ?? 'unknown') : told;
}
