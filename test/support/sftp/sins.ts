/** What the in-memory SFTP server can do wrong, one name each. Nothing given: it behaves. */
export interface Sins {
  /** Replies of one turn go out in another order; the number seeds it. */
  reorderReplies?: number;
  /** No READ is answered with more than this many bytes. */
  shortReads?: number;
  /** The READ that covers this offset gets only so many bytes, once. */
  shortReadAt?: { offset: number; length: number };
  /** The file is cut to `size` after so many READs. */
  truncateWhileReading?: { afterReads: number; size: number };
  /** The file gets so many more bytes after so many READs. */
  growWhileReading?: { afterReads: number; bytes: number };
  /** The size that STAT and FSTAT tell. */
  lyingSize?: number | 'none';
  /** READs from this offset on get DATA with no bytes, once or always. */
  zeroLengthData?: { offset: number; times: number };
  /** The first READ at or behind `offset` gets so many bytes more than it asked for. */
  overlongData?: { offset: number; bytes: number };
  /** DATA packets carry so many bytes behind their data. */
  trailingBytes?: number;
  /** The reply with this number, counted from 0, is sent twice. */
  duplicateReply?: number;
  /** The reply with this number bears another request's id. */
  unknownId?: number;
  /** Requests of this type are answered by a packet of that type (with a body of `body`). */
  wrongReplyType?: { request: number; reply: number; body?: Uint8Array };
  /** STATUS ends behind the number. */
  statusWithoutMessage?: boolean;
  /** After so many packets, counted without INIT, the server goes. */
  earlyClose?: { after: number; how: 'eof' | 'close' | 'lost' | 'mid-frame' };
  /** After so many packets it answers nothing any more. */
  silentAfter?: number;
  /** Requests of these types are never answered. */
  silentOn?: readonly number[];
  /** Everything it sends arrives in pieces of one byte. */
  oneByteChunks?: boolean;
  /** NAME replies claim so many entries. */
  hugeNameCount?: number;
  /** Every reply claims this frame length. */
  hugeFrameLength?: number;
  /** Names that stand in every listing, bytes as they are. */
  listedNames?: readonly (string | Uint8Array)[];
  /** READDIR never ends: with entries, or with empty NAME replies. */
  neverEndingListing?: 'entries' | 'empty';
  /** The WRITE that covers this offset fails with that status; later ones too when `always`. */
  failWriteAt?: { offset: number; status: number; always?: boolean };
  /** Requests of a type (or extension of a name) fail with a status number and message. */
  failOn?: ReadonlyMap<number | string, { status: number; message?: string | Uint8Array }>;
  /** What VERSION announces; default all of OpenSSH's. */
  extensions?: readonly (readonly [name: string, data: string])[];
  /** Packet, read, write, handles of limits@openssh.com. */
  limits?: readonly [number, number, number, number];
  /** A WRITE of more bytes fails with that status, or ends the session. */
  largestWrite?: { bytes: number; status: number | 'close' };
  /** A READ that asks for more bytes fails with that status. */
  largestRead?: { bytes: number; status: number };
  /** A READ behind the end fails with that status; with `crossing` also one that only reaches there. */
  pastEnd?: { status: number; crossing?: boolean };
  /** The WRITE that covers this offset is answered with OK and stored only so far. */
  loseWriteAt?: { offset: number; stored: number };
  /** The first READ that covers this offset gets another byte there. */
  wrongByteAt?: { offset: number; told: boolean };
  /** READ answers at most 102,400 bytes, a larger WRITE fails. */
  windowsOpenssh?: boolean;
  /** ATTRS replies have no fields at all. */
  noAttributes?: boolean;
  /** Replies wait so many milliseconds; `random` spreads them between 0 and that. */
  delay?: number;
  /** VERSION tells this one. */
  version?: number;
  /** CLOSE of a handle that was written to fails with this status. */
  failClose?: number;
}

/** Everything OpenSSH 9.2 announces that the client knows. */
export const OPENSSH_EXTENSIONS: readonly (readonly [name: string, data: string])[] = [
  ['posix-rename@openssh.com', '1'],
  ['statvfs@openssh.com', '2'],
  ['fstatvfs@openssh.com', '2'],
  ['hardlink@openssh.com', '1'],
  ['fsync@openssh.com', '1'],
  ['lsetstat@openssh.com', '1'],
  ['limits@openssh.com', '1'],
  ['expand-path@openssh.com', '1'],
  ['home-directory', '1'],
];

/** The same without limits@openssh.com. */
export const NO_LIMITS_EXTENSION: readonly (readonly [name: string, data: string])[] =
  OPENSSH_EXTENSIONS.filter(([name]) => name !== 'limits@openssh.com');

export const WINDOWS_READ_BYTES = 102_400;
