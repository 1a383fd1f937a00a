/** What a file is. `special` is a kind the protocol has no name for; `unknown` means that the server did not tell. */
export type FileType =
  | 'file'
  | 'directory'
  | 'symlink'
  | 'special'
  | 'unknown'
  | 'socket'
  | 'character'
  | 'block'
  | 'fifo';

/** The type byte of version 4 and later, filexfer-13 section 7.2. */
const TYPE_BYTES: ReadonlyMap<number, FileType> = new Map([
  [1, 'file'],
  [2, 'directory'],
  [3, 'symlink'],
  [4, 'special'],
  [5, 'unknown'],
  [6, 'socket'],
  [7, 'character'],
  [8, 'block'],
  [9, 'fifo'],
]);

const BYTES: ReadonlyMap<FileType, number> = new Map([...TYPE_BYTES].map(([byte, type]) => [type, byte]));

/** The type bits of POSIX permissions. */
const TYPE_BITS: ReadonlyMap<number, FileType> = new Map([
  [0o010000, 'fifo'],
  [0o020000, 'character'],
  [0o040000, 'directory'],
  [0o060000, 'block'],
  [0o100000, 'file'],
  [0o120000, 'symlink'],
  [0o140000, 'socket'],
]);

export function typeOfByte(byte: number): FileType {
  return TYPE_BYTES.get(byte) ?? 'unknown';
}

/** Versions 4 has no byte for sockets, devices and pipes: they are special there. */
export function byteOfType(type: FileType, version: number): number {
  const byte = BYTES.get(type) ?? 5;
  return version === 4 && byte > 5 ? 4 : byte;
}

export function typeOfPermissions(permissions: number | undefined): FileType {
  return permissions === undefined ? 'unknown' : (TYPE_BITS.get(permissions & 0o170000) ?? 'unknown');
}
