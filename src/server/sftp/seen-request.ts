import { SFTP_PACKETS, sftpPacketName } from '../../sftp/packets.ts';
import { SftpReader } from '../../sftp/reader.ts';
import { WireWriter } from '../../ssh/wire/writer.ts';
import type { ServedRequest } from '../hooks.ts';
import { offset, type ServedSession } from './served-session.ts';

const { SSH_FXP_READ, SSH_FXP_WRITE, SSH_FXP_EXTENDED, SSH_FXP_SYMLINK } = SFTP_PACKETS;

/** Requests that begin with a handle; the others begin with a path. */
const BY_HANDLE: ReadonlySet<string> = new Set([
  'SSH_FXP_CLOSE',
  'SSH_FXP_READ',
  'SSH_FXP_WRITE',
  'SSH_FXP_FSTAT',
  'SSH_FXP_FSETSTAT',
  'SSH_FXP_READDIR',
  'SSH_FXP_BLOCK',
  'SSH_FXP_UNBLOCK',
  'fstatvfs@openssh.com',
  'fsync@openssh.com',
  'copy-data',
  'check-file-handle',
  'text-seek',
]);
/** Those that begin with neither. */
const BY_NOTHING: ReadonlySet<string> = new Set([
  'limits@openssh.com',
  'users-groups-by-id@openssh.com',
  'home-directory',
  'vendor-id',
  'version-select',
]);

/** What a packet asks for, for whoever watches; as far as it can be read. */
export function seenRequest(session: ServedSession, packet: Uint8Array, number: number): ServedRequest {
  const reader = new SftpReader(packet, 5, 'sftp request');
  const { version } = session;
  const type = packet[0]!;
  let name = sftpPacketName(type);
  try {
    if (type === SSH_FXP_EXTENDED) name = reader.text();
    if (BY_NOTHING.has(name)) return { name, number, version };
    if (!BY_HANDLE.has(name)) {
      if (type === SSH_FXP_SYMLINK) reader.string();
      return { name, number, version, path: session.path(reader) };
    }
    const { path } = session.handle(reader);
    if (type !== SSH_FXP_READ && type !== SSH_FXP_WRITE) return { name, number, version, path };
    return { name, number, version, path, offset: offset(reader), length: reader.u32() };
  } catch {
    return { name, number, version };
  }
}

/** The packet of a READ or WRITE of at most so many bytes; the same one where it asks for no more. */
export function shortened(packet: Uint8Array, atMost: number): Uint8Array {
  const type = packet[0]!;
  if (type !== SSH_FXP_READ && type !== SSH_FXP_WRITE) return packet;
  const reader = new SftpReader(packet, 1, 'sftp request');
  const [id, handle, at, length] = [reader.u32(), reader.string(), reader.u64(), reader.u32()];
  if (length <= atMost) return packet;
  const shorter = new WireWriter().u8(type).u32(id).string(handle).u64(at).u32(atMost);
  return (type === SSH_FXP_READ ? shorter : shorter.raw(reader.raw(atMost))).finish();
}
