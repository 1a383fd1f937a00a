import { type FileAttributes, fileType } from '../index.ts';
import { SFTPClientError } from './client-error.ts';
import type { Fields, FieldValue } from './fields.ts';
import { SFTPFileTypes } from './tables/enums.ts';
import type { FILE_FIELDS } from './tables/file-fields.ts';

type FileFields = Fields<typeof FILE_FIELDS>;

const TYPE_NUMBERS: Readonly<Record<string, number>> = {
  file: SFTPFileTypes.sftRegular,
  directory: SFTPFileTypes.sftDirectory,
  symlink: SFTPFileTypes.sftSymlink,
  special: SFTPFileTypes.sftSpecial,
  unknown: SFTPFileTypes.sftUnknown,
  socket: SFTPFileTypes.sftSocket,
  character: SFTPFileTypes.sftCharDevice,
  block: SFTPFileTypes.sftBlockDevice,
  fifo: SFTPFileTypes.sftFIFO,
};

/** The two notations of the permissions go together. */
export const FILE_LINKS: Readonly<Record<string, (fields: FileFields, value: FieldValue) => void>> = {
  permissions: (fields, value) => fields.put('permissionsOctal', (value as number).toString(8)),
  permissionsOctal: (fields, value) => fields.put('permissions', fromOctal(value as string)),
};

function fromOctal(text: string): number {
  if (!/^[0-7]{1,11}$/.test(text) || Number.parseInt(text, 8) > 0xffff_ffff)
    throw new SFTPClientError(
      10022,
      `filePermissionsOctal must be an octal number, not "${text.slice(0, 40)}"`,
    );
  return Number.parseInt(text, 8);
}

/** The number for what a file is. */
export function typeNumber(attributes: FileAttributes): number {
  return TYPE_NUMBERS[fileType(attributes)] ?? SFTPFileTypes.sftUnknown;
}

/** A time of the protocol as the reference has it. */
export function milliseconds(seconds: number | undefined, nanoseconds = 0): number | undefined {
  if (seconds === undefined) return undefined;
  const time = seconds * 1000 + Math.floor(nanoseconds / 1_000_000);
  if (!Number.isSafeInteger(time))
    throw new SFTPClientError(1103, `a file time of ${seconds} s is beyond 2^53 ms`);
  return time;
}

/** Shows what the server told; nothing counts as set by the user any more. */
export function showAttributes(fields: FileFields, attributes: FileAttributes): void {
  const type = fileType(attributes);
  const { permissions, uid, gid, owner, group } = attributes;
  fields.reset();
  const told: Partial<Record<keyof typeof FILE_FIELDS, FieldValue | undefined>> = {
    type: typeNumber(attributes),
    isDir: type === 'directory',
    isSymlink: type === 'symlink',
    size: attributes.size,
    allocationSize: attributes.allocationSize,
    permissions,
    permissionsOctal: permissions?.toString(8),
    ownerId: uid?.toString() ?? owner,
    groupId: gid?.toString() ?? group,
    accessTime: milliseconds(attributes.accessTime, attributes.accessTimeNanoseconds),
    creationTime: milliseconds(attributes.createTime, attributes.createTimeNanoseconds),
    modifiedTime: milliseconds(attributes.modifyTime, attributes.modifyTimeNanoseconds),
    acl: attributes.acl,
    attributeBits: attributes.bits,
    attributeBitsValid: attributes.bitsValid,
  };
  for (const [name, value] of Object.entries(told)) {
    if (value !== undefined) fields.put(name as keyof typeof FILE_FIELDS, value);
  }
}

/** The attributes the user has set; in version 3 those that travel together are completed from what the server told. */
export function setAttributes(fields: FileFields, queried: FileAttributes, version: number): FileAttributes {
  const { view } = fields;
  const attributes: FileAttributes = {};
  if (fields.isSet('permissions') || fields.isSet('permissionsOctal'))
    attributes.permissions = view.permissions & 0o7777;
  if (fields.isSet('acl')) attributes.acl = view.acl;
  if (fields.isSet('creationTime')) {
    attributes.createTime = seconds(view.creationTime);
    attributes.createTimeNanoseconds = nanoseconds(view.creationTime);
  }
  Object.assign(attributes, version === 3 ? idsOfVersion3(fields, queried) : namesOf(fields));
  if (fields.isSet('accessTime') || fields.isSet('modifiedTime'))
    Object.assign(attributes, timesOf(fields, queried, version));
  return attributes;
}

function idsOfVersion3(fields: FileFields, queried: FileAttributes): FileAttributes {
  if (!fields.isSet('ownerId') && !fields.isSet('groupId')) return {};
  const { ownerId, groupId } = fields.view;
  return {
    uid: idNumber('fileOwnerId', fields.isSet('ownerId') ? ownerId : queried.uid),
    gid: idNumber('fileGroupId', fields.isSet('groupId') ? groupId : queried.gid),
  };
}

function namesOf(fields: FileFields): FileAttributes {
  if (!fields.isSet('ownerId') && !fields.isSet('groupId')) return {};
  return { owner: fields.view.ownerId, group: fields.view.groupId };
}

function timesOf(fields: FileFields, queried: FileAttributes, version: number): FileAttributes {
  const { accessTime, modifiedTime } = fields.view;
  const accessed = fields.isSet('accessTime') ? seconds(accessTime) : queried.accessTime;
  const modified = fields.isSet('modifiedTime') ? seconds(modifiedTime) : queried.modifyTime;
  if (version === 3) return { accessTime: accessed ?? modified ?? 0, modifyTime: modified ?? accessed ?? 0 };
  return {
    ...(fields.isSet('accessTime')
      ? { accessTime: accessed!, accessTimeNanoseconds: nanoseconds(accessTime) }
      : {}),
    ...(fields.isSet('modifiedTime')
      ? { modifyTime: modified!, modifyTimeNanoseconds: nanoseconds(modifiedTime) }
      : {}),
  };
}

function seconds(time: number): number {
  return Math.floor(time / 1000);
}

function nanoseconds(time: number): number {
  return (time % 1000) * 1_000_000;
}

function idNumber(name: string, value: string | number | undefined): number {
  if (typeof value === 'number') return value;
  if (value === undefined || !/^\d{1,10}$/.test(value) || Number(value) > 0xffff_ffff)
    throw new SFTPClientError(10022, `${name} must be a number in SFTP version 3, not "${value ?? ''}"`);
  return Number(value);
}
