import { encodeAttributes, type FileAttributes } from '../../sftp/attributes.ts';
import { UTF8_NAMES } from '../../sftp/names.ts';
import { SFTP_PACKETS } from '../../sftp/packets.ts';
import { SFTP_STATUS, type SftpStatusName } from '../../sftp/status.ts';
import type { SftpVersion } from '../../sftp/versions.ts';
import { WireWriter } from '../../ssh/wire/writer.ts';
import type { ServedSpace } from '../files/served-files.ts';
import { longname } from './longname.ts';

/** One reply: its type, and what stands behind the request's id. */
export interface Reply {
  readonly type: number;
  readonly body: Uint8Array;
}

/** What to say in a version that has not the status itself; SSH_FX_FAILURE where nothing is listed. */
const OLDER: Partial<Record<SftpStatusName, SftpStatusName>> = {
  SSH_FX_NO_SUCH_PATH: 'SSH_FX_NO_SUCH_FILE',
  SSH_FX_INVALID_FILENAME: 'SSH_FX_NO_SUCH_FILE',
  SSH_FX_WRITE_PROTECT: 'SSH_FX_PERMISSION_DENIED',
  SSH_FX_INVALID_PARAMETER: 'SSH_FX_BAD_MESSAGE',
  SSH_FX_OWNER_INVALID: 'SSH_FX_UNKNOWN_PRINCIPAL',
  SSH_FX_GROUP_INVALID: 'SSH_FX_UNKNOWN_PRINCIPAL',
};

/** SSH_FXP_STATUS; a status of a later version becomes the nearest that this one has. */
export function status(version: SftpVersion, name: SftpStatusName, message: string): Reply {
  let known = name;
  while (SFTP_STATUS[known].since > version) known = OLDER[known] ?? 'SSH_FX_FAILURE';
  const body = new WireWriter().u32(SFTP_STATUS[known].number).text(message).text('en');
  return { type: SFTP_PACKETS.SSH_FXP_STATUS, body: body.finish() };
}

export function done(): Reply {
  return status(3, 'SSH_FX_OK', 'Success');
}

export function handle(id: Uint8Array): Reply {
  return { type: SFTP_PACKETS.SSH_FXP_HANDLE, body: new WireWriter().string(id).finish() };
}

export function data(bytes: Uint8Array): Reply {
  const body = new WireWriter(bytes.length + 4).string(bytes).finish();
  return { type: SFTP_PACKETS.SSH_FXP_DATA, body };
}

/** `found` as `shown` makes it for the version. */
export function attributes(version: SftpVersion, found: FileAttributes): Reply {
  const body = new WireWriter();
  encodeAttributes(body, found, version);
  return { type: SFTP_PACKETS.SSH_FXP_ATTRS, body: body.finish() };
}

export interface NamedAttributes {
  readonly name: string;
  readonly attributes: FileAttributes;
}

/** SSH_FXP_NAME; version 6 hears whether the listing ends with it. */
export function names(version: SftpVersion, entries: readonly NamedAttributes[], last?: boolean): Reply {
  const body = new WireWriter(4096).u32(entries.length);
  for (const { name, attributes: found } of entries) {
    const bytes = UTF8_NAMES.encode(name);
    body.string(bytes);
    if (version === 3) body.text(longname(name, found));
    encodeAttributes(body, found, version);
  }
  if (version >= 6 && last !== undefined) body.bool(last);
  return { type: SFTP_PACKETS.SSH_FXP_NAME, body: body.finish() };
}

/** SSH_FXP_NAME with one path and no attributes. */
export function path(version: SftpVersion, name: string): Reply {
  const bytes = UTF8_NAMES.encode(name);
  const body = new WireWriter().u32(1).string(bytes);
  if (version === 3) body.string(bytes);
  encodeAttributes(body, {}, version);
  return { type: SFTP_PACKETS.SSH_FXP_NAME, body: body.finish() };
}

export function extended(body: WireWriter): Reply {
  return { type: SFTP_PACKETS.SSH_FXP_EXTENDED_REPLY, body: body.finish() };
}

/** The reply of statvfs@openssh.com, OpenSSH PROTOCOL section 4.4. */
export function statvfs({ blockSize, blocks, blocksFree, files, filesFree }: ServedSpace): Reply {
  const id = 0;
  const flags = 0;
  const longestName = 255;
  const sizes = [blockSize, blockSize, blocks, blocksFree, blocksFree, files, filesFree, filesFree];
  return extended(
    [...sizes, id, flags, longestName].reduce<WireWriter>(
      (body, number) => body.u64(number),
      new WireWriter(),
    ),
  );
}

/** The reply of space-available, draft-ietf-secsh-filexfer-extensions-00 section 4. */
export function spaceAvailable({ blockSize, blocks, blocksFree }: ServedSpace): Reply {
  const unit = BigInt(blockSize);
  const [all, free] = [BigInt(blocks) * unit, BigInt(blocksFree) * unit];
  return extended(new WireWriter().u64(all).u64(free).u64(all).u64(free).u32(Number(unit)));
}
