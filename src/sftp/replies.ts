import type { WireReader } from '../ssh/wire/reader.ts';
import { SftpReader } from './reader.ts';

/** What limits@openssh.com tells (OpenSSH PROTOCOL section 4.8); 0 means that the server names no limit. */
export interface SftpLimits {
  readonly maxPacketLength: number;
  readonly maxReadLength: number;
  readonly maxWriteLength: number;
  readonly maxOpenHandles: number;
}

export function readLimits(body: WireReader): SftpLimits {
  const count = (): number => Number(body.u64());
  return {
    maxPacketLength: count(),
    maxReadLength: count(),
    maxWriteLength: count(),
    maxOpenHandles: count(),
  };
}

/** Space on a remote file system, from statvfs@openssh.com (OpenSSH PROTOCOL section 4.4). */
export interface FileSystemSpace {
  readonly blockSize: bigint;
  readonly fragmentSize: bigint;
  /** In units of `fragmentSize`. */
  readonly blocks: bigint;
  readonly blocksFree: bigint;
  /** Free to this user. */
  readonly blocksAvailable: bigint;
  readonly files: bigint;
  readonly filesFree: bigint;
  readonly filesAvailable: bigint;
  readonly id: bigint;
  readonly readOnly: boolean;
  readonly noSetuid: boolean;
  readonly maxNameLength: bigint;
}

export function readSpace(body: WireReader): FileSystemSpace {
  const space = {
    blockSize: body.u64(),
    fragmentSize: body.u64(),
    blocks: body.u64(),
    blocksFree: body.u64(),
    blocksAvailable: body.u64(),
    files: body.u64(),
    filesFree: body.u64(),
    filesAvailable: body.u64(),
    id: body.u64(),
  };
  const flags = body.u64();
  return {
    ...space,
    readOnly: (flags & 1n) !== 0n,
    noSetuid: (flags & 2n) !== 0n,
    maxNameLength: body.u64(),
  };
}

/** Bytes on the device of a path, from space-available (draft-ietf-secsh-filexfer-extensions-00 section 4). */
export interface AvailableSpace {
  readonly total: bigint;
  readonly unused: bigint;
  /** What this user may use; 0 where the server does not know. */
  readonly totalForUser: bigint;
  readonly unusedForUser: bigint;
  readonly allocationUnit: number;
}

export function readAvailableSpace(body: WireReader): AvailableSpace {
  return {
    total: body.u64(),
    unused: body.u64(),
    totalForUser: body.u64(),
    unusedForUser: body.u64(),
    allocationUnit: body.u32(),
  };
}

/** The names of users-groups-by-id@openssh.com (OpenSSH PROTOCOL section 4.12); an unknown id has an empty name. */
export function readIdNames(body: WireReader): { users: string[]; groups: string[] } {
  return { users: readList(body.string()), groups: readList(body.string()) };
}

function readList(bytes: Uint8Array): string[] {
  const reader = new SftpReader(bytes, 0, 'list of names');
  const names: string[] = [];
  while (reader.remaining > 0) names.push(reader.text());
  return names;
}
