import { posix } from 'node:path';
import { LIMITS } from '../base/limits.ts';
import { decodeAttributes, encodeAttributes, type FileAttributes } from '../sftp/attributes.ts';
import { OPEN_FLAGS, SFTP_PACKETS } from '../sftp/packets.ts';
import type { SftpReader } from '../sftp/reader.ts';
import { SFTP_STATUS } from '../sftp/status.ts';
import { WireWriter } from '../ssh/wire/writer.ts';
import { FilesError, type OpenHow, type ServedFile, type ServedFiles, type ServedSpace } from './files.ts';
import { longname } from './longname.ts';

/** One reply: its type, and what stands behind the request's id. */
export interface Reply {
  readonly type: number;
  readonly body: Uint8Array;
}

interface OpenHandle {
  /** Undefined for a folder. */
  readonly file: ServedFile | undefined;
  readonly path: string;
  /** Names still to be listed. */
  readonly names: string[];
  readonly writable: boolean;
}

/** Names in one SSH_FXP_NAME. */
const NAMES_PER_REPLY = 100;
/** Bytes of one READ, and what limits@openssh.com tells of both directions: as OpenSSH. */
const READ_BYTES = 261_120;
const PACKET_BYTES = 262_144;

type Handler = (requests: SftpRequests, reader: SftpReader) => Reply;

/** What is announced in SSH_FXP_VERSION, and how it is answered. */
export const SERVED_EXTENSIONS: Readonly<
  Record<string, { readonly data: string; readonly answer: Handler }>
> = {
  'posix-rename@openssh.com': {
    data: '1',
    answer: (it, r) => it.change((files) => files.rename(it.path(r), it.path(r), true)),
  },
  'statvfs@openssh.com': { data: '2', answer: (it, r) => space(it.files.space(it.path(r))) },
  'fstatvfs@openssh.com': { data: '2', answer: (it, r) => space(it.files.space(it.handle(r).path)) },
  'hardlink@openssh.com': {
    data: '1',
    answer: (it, r) => it.change((files) => files.link(it.path(r), it.path(r))),
  },
  'fsync@openssh.com': {
    data: '1',
    answer: (it, r) => {
      it.handle(r).file?.sync();
      return done();
    },
  },
  'lsetstat@openssh.com': {
    data: '1',
    answer: (it, r) => it.change((files) => files.setAttributes(it.path(r), decodeAttributes(r), false)),
  },
  'limits@openssh.com': {
    data: '1',
    answer: () => {
      const limits = [PACKET_BYTES, READ_BYTES, READ_BYTES, LIMITS.servedHandles.value];
      const body = limits.reduce((writer, limit) => writer.u64(limit), new WireWriter());
      return { type: SFTP_PACKETS.SSH_FXP_EXTENDED_REPLY, body: body.finish() };
    },
  },
  'expand-path@openssh.com': {
    data: '1',
    answer: (it, r) => name(it.absolute(r.text().replace(/^~[^/]*\/?/, `${it.home}/`))),
  },
  'copy-data': {
    data: '1',
    answer: (it, r) => {
      const source = it.file(r);
      const [from, length] = [offset(r), offset(r)];
      const target = it.handle(r);
      if (target.file === undefined || !target.writable)
        throw new FilesError('SSH_FX_FAILURE', 'not open for writing');
      return copy(source, from, length, target.file, offset(r));
    },
  },
  'home-directory': { data: '', answer: (it) => name(it.home) },
};

const HANDLERS: ReadonlyMap<number, Handler> = new Map<number, Handler>([
  [SFTP_PACKETS.SSH_FXP_OPEN, (it, r) => it.open(it.path(r), r.u32(), decodeAttributes(r))],
  [SFTP_PACKETS.SSH_FXP_CLOSE, (it, r) => it.closeHandle(r)],
  [SFTP_PACKETS.SSH_FXP_READ, (it, r) => read(it.file(r), offset(r), r.u32())],
  [
    SFTP_PACKETS.SSH_FXP_WRITE,
    (it, r) => {
      const { file, writable } = it.handle(r);
      if (file === undefined || !writable) throw new FilesError('SSH_FX_FAILURE', 'not open for writing');
      file.write(offset(r), r.string());
      return done();
    },
  ],
  [SFTP_PACKETS.SSH_FXP_LSTAT, (it, r) => attributes(it.files.attributes(it.path(r), false))],
  [SFTP_PACKETS.SSH_FXP_STAT, (it, r) => attributes(it.files.attributes(it.path(r), true))],
  [
    SFTP_PACKETS.SSH_FXP_FSTAT,
    (it, r) => {
      const { file, path } = it.handle(r);
      return attributes(file?.attributes() ?? it.files.attributes(path, true));
    },
  ],
  [
    SFTP_PACKETS.SSH_FXP_SETSTAT,
    (it, r) => it.change((files) => files.setAttributes(it.path(r), decodeAttributes(r), true)),
  ],
  [
    SFTP_PACKETS.SSH_FXP_FSETSTAT,
    (it, r) =>
      it.change((files) => {
        const { file, path } = it.handle(r);
        const given = decodeAttributes(r);
        if (file === undefined) files.setAttributes(path, given, true);
        else file.setAttributes(given);
      }),
  ],
  [SFTP_PACKETS.SSH_FXP_OPENDIR, (it, r) => it.openFolder(it.path(r))],
  [SFTP_PACKETS.SSH_FXP_READDIR, (it, r) => it.readFolder(it.handle(r))],
  [SFTP_PACKETS.SSH_FXP_REMOVE, (it, r) => it.change((files) => files.remove(it.path(r)))],
  [
    SFTP_PACKETS.SSH_FXP_MKDIR,
    (it, r) => it.change((files) => files.mkdir(it.path(r), decodeAttributes(r).permissions)),
  ],
  [SFTP_PACKETS.SSH_FXP_RMDIR, (it, r) => it.change((files) => files.rmdir(it.path(r)))],
  [SFTP_PACKETS.SSH_FXP_REALPATH, (it, r) => name(it.files.realpath(it.path(r)))],
  [SFTP_PACKETS.SSH_FXP_RENAME, (it, r) => it.change((files) => files.rename(it.path(r), it.path(r), false))],
  [SFTP_PACKETS.SSH_FXP_READLINK, (it, r) => name(it.files.readlink(it.path(r)))],
  [
    // OpenSSH's order, target first, which its clients and ours send; the draft has it the other way round.
    SFTP_PACKETS.SSH_FXP_SYMLINK,
    (it, r) => it.change((files) => files.symlink(r.text(), it.path(r))),
  ],
  [
    SFTP_PACKETS.SSH_FXP_EXTENDED,
    (it, r) => {
      const wanted = r.text();
      if (Object.hasOwn(SERVED_EXTENSIONS, wanted)) return SERVED_EXTENSIONS[wanted]!.answer(it, r);
      throw new FilesError('SSH_FX_OP_UNSUPPORTED', 'no such extension');
    },
  ],
]);

/** The requests of one session on a tree of files, and its open handles: filexfer-02 section 6, OpenSSH PROTOCOL. */
export class SftpRequests {
  readonly files: ServedFiles;
  readonly home: string;
  readonly #readOnly: boolean;
  readonly #handles = new Map<string, OpenHandle>();
  #next = 0;

  constructor(files: ServedFiles, home: string, readOnly: boolean) {
    this.files = files;
    this.home = home;
    this.#readOnly = readOnly;
  }

  /** Does what a packet asks for; throws a FilesError, or SFTP_PROTOCOL when it cannot be parsed. */
  answer(type: number, reader: SftpReader): Reply {
    const handler = HANDLERS.get(type);
    if (handler === undefined) throw new FilesError('SSH_FX_OP_UNSUPPORTED', 'unknown request');
    return handler(this, reader);
  }

  /** The client is gone. */
  end(): void {
    for (const { file } of this.#handles.values()) file?.close();
    this.#handles.clear();
  }

  absolute(path: string): string {
    return posix.resolve(this.home, path);
  }

  path(reader: SftpReader): string {
    return this.absolute(reader.text());
  }

  handle(reader: SftpReader): OpenHandle {
    const found = this.#handles.get(reader.text());
    if (found === undefined) throw new FilesError('SSH_FX_FAILURE', 'invalid handle');
    return found;
  }

  file(reader: SftpReader): ServedFile {
    const { file } = this.handle(reader);
    if (file === undefined) throw new FilesError('SSH_FX_FAILURE', 'a folder');
    return file;
  }

  change(work: (files: ServedFiles) => void): Reply {
    if (this.#readOnly) throw new FilesError('SSH_FX_PERMISSION_DENIED', 'the server is read-only');
    work(this.files);
    return done();
  }

  open(path: string, flags: number, given: FileAttributes): Reply {
    const has = (flag: number): boolean => (flags & flag) !== 0;
    const how: OpenHow = {
      write: has(OPEN_FLAGS.SSH_FXF_WRITE) || has(OPEN_FLAGS.SSH_FXF_APPEND),
      append: has(OPEN_FLAGS.SSH_FXF_APPEND),
      create: has(OPEN_FLAGS.SSH_FXF_CREAT),
      truncate: has(OPEN_FLAGS.SSH_FXF_TRUNC),
      exclusive: has(OPEN_FLAGS.SSH_FXF_CREAT) && has(OPEN_FLAGS.SSH_FXF_EXCL),
      mode: given.permissions === undefined ? undefined : given.permissions & 0o7777,
    };
    if (this.#readOnly && (how.write || how.create || how.truncate))
      throw new FilesError('SSH_FX_PERMISSION_DENIED', 'the server is read-only');
    this.#checkRoom();
    return this.#keep({ file: this.files.open(path, how), path, names: [], writable: how.write });
  }

  openFolder(path: string): Reply {
    this.#checkRoom();
    const names = ['.', '..', ...this.files.names(path)];
    return this.#keep({ file: undefined, path, names, writable: false });
  }

  readFolder({ file, path, names }: OpenHandle): Reply {
    if (file !== undefined) throw new FilesError('SSH_FX_FAILURE', 'not a folder');
    const entries = names.splice(0, NAMES_PER_REPLY).flatMap((entry) => {
      try {
        return [[entry, this.files.attributes(posix.join(path, entry), false)] as const];
      } catch {
        return []; // Gone since the folder was opened.
      }
    });
    if (entries.length === 0 && names.length === 0) throw new FilesError('SSH_FX_EOF', 'End of file');
    const body = new WireWriter(4096).u32(entries.length);
    for (const [entry, found] of entries) {
      body.text(entry).text(longname(entry, found));
      encodeAttributes(body, found);
    }
    return { type: SFTP_PACKETS.SSH_FXP_NAME, body: body.finish() };
  }

  closeHandle(reader: SftpReader): Reply {
    const id = reader.text();
    const found = this.#handles.get(id);
    if (found === undefined) throw new FilesError('SSH_FX_FAILURE', 'invalid handle');
    this.#handles.delete(id);
    found.file?.close();
    return done();
  }

  #checkRoom(): void {
    if (this.#handles.size >= LIMITS.servedHandles.value)
      throw new FilesError('SSH_FX_FAILURE', 'too many open files');
  }

  #keep(handle: OpenHandle): Reply {
    const id = `handle ${this.#next++}`;
    this.#handles.set(id, handle);
    return { type: SFTP_PACKETS.SSH_FXP_HANDLE, body: new WireWriter().text(id).finish() };
  }
}

/** SSH_FXP_STATUS. */
export function status(name: keyof typeof SFTP_STATUS, message: string): Reply {
  const body = new WireWriter().u32(SFTP_STATUS[name].number).text(message).text('en');
  return { type: SFTP_PACKETS.SSH_FXP_STATUS, body: body.finish() };
}

function done(): Reply {
  return status('SSH_FX_OK', 'Success');
}

function read(file: ServedFile, at: number, length: number): Reply {
  const data = file.read(at, Math.min(length, READ_BYTES));
  if (data.length === 0 && length > 0) throw new FilesError('SSH_FX_EOF', 'End of file');
  return {
    type: SFTP_PACKETS.SSH_FXP_DATA,
    body: new WireWriter(data.length + 4).string(data).finish(),
  };
}

/** draft-ietf-secsh-filexfer-extensions-00 section 7: a length of 0 copies to the end. */
function copy(source: ServedFile, from: number, length: number, target: ServedFile, to: number): Reply {
  // The size of now: a file copied behind itself would never end.
  const { size = 0 } = source.attributes();
  const end = length === 0 ? size : Math.min(size, from + length);
  for (let at = from; at < end; ) {
    const bytes = source.read(at, Math.min(READ_BYTES, end - at));
    if (bytes.length === 0) break;
    target.write(to + at - from, bytes);
    at += bytes.length;
  }
  return done();
}

function offset(reader: SftpReader): number {
  const value = reader.u64();
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw new FilesError('SSH_FX_FAILURE', 'an offset beyond 2^53');
  return Number(value);
}

function attributes(found: FileAttributes): Reply {
  const body = new WireWriter();
  encodeAttributes(body, found);
  return { type: SFTP_PACKETS.SSH_FXP_ATTRS, body: body.finish() };
}

function name(path: string): Reply {
  const body = new WireWriter().u32(1).text(path).text(path);
  encodeAttributes(body, {});
  return { type: SFTP_PACKETS.SSH_FXP_NAME, body: body.finish() };
}

/** The reply of statvfs@openssh.com, OpenSSH PROTOCOL section 4.4. */
function space({ blockSize, blocks, blocksFree, files, filesFree }: ServedSpace): Reply {
  const numbers = [
    blockSize,
    blockSize,
    blocks,
    blocksFree,
    blocksFree,
    files,
    filesFree,
    filesFree,
    0,
    0,
    255,
  ];
  const body = numbers.reduce<WireWriter>((writer, number) => writer.u64(number), new WireWriter());
  return { type: SFTP_PACKETS.SSH_FXP_EXTENDED_REPLY, body: body.finish() };
}
