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

/** Shows what the server told; nothing counts as set by the user any more. */
export function showAttributes(fields: FileFields, attributes: FileAttributes): void {
  const type = fileType(attributes);
  const { size = 0, permissions, uid, gid, accessTime = 0, modifyTime = 0 } = attributes;
  fields.reset();
  fields.put('type', typeNumber(attributes));
  fields.put('isDir', type === 'directory');
  fields.put('isSymlink', type === 'symlink');
  fields.put('size', size);
  fields.put('permissions', permissions ?? 0);
  fields.put('permissionsOctal', permissions?.toString(8) ?? '');
  fields.put('ownerId', uid?.toString() ?? '');
  fields.put('groupId', gid?.toString() ?? '');
  fields.put('accessTime', accessTime * 1000);
  fields.put('modifiedTime', modifyTime * 1000);
}

/** The attributes the user has set; those that travel together are completed from what the server told. */
export function setAttributes(fields: FileFields, queried: FileAttributes): FileAttributes {
  const { view } = fields;
  const attributes: FileAttributes = {};
  if (fields.isSet('permissions') || fields.isSet('permissionsOctal'))
    attributes.permissions = view.permissions & 0o7777;
  if (fields.isSet('ownerId') || fields.isSet('groupId')) {
    attributes.uid = idNumber('fileOwnerId', fields.isSet('ownerId') ? view.ownerId : queried.uid);
    attributes.gid = idNumber('fileGroupId', fields.isSet('groupId') ? view.groupId : queried.gid);
  }
  if (fields.isSet('accessTime') || fields.isSet('modifiedTime')) {
    const modified = fields.isSet('modifiedTime') ? seconds(view.modifiedTime) : queried.modifyTime;
    const accessed = fields.isSet('accessTime') ? seconds(view.accessTime) : queried.accessTime;
    attributes.accessTime = accessed ?? modified ?? 0;
    attributes.modifyTime = modified ?? accessed ?? 0;
  }
  return attributes;
}

function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

function idNumber(name: string, value: string | number | undefined): number {
  if (typeof value === 'number') return value;
  if (value === undefined || !/^\d{1,10}$/.test(value) || Number(value) > 0xffff_ffff)
    throw new SFTPClientError(10022, `${name} must be a number in SFTP version 3, not "${value ?? ''}"`);
  return Number(value);
}
