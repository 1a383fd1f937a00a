/** What each request does on the in-memory file system, and its answer: filexfer-02 section 6, OpenSSH PROTOCOL. */
import { posix } from 'node:path';
import type { MemoryFs } from './memory-fs.ts';
import { FsError, type FsNode, HOME, modeOf, newNode, STATUS, truncate, writeAt } from './memory-fs.ts';
import type { Sins } from './sins.ts';
import { attrs, type Cursor, str, u32, u64, type WireAttributes } from './wire.ts';

export interface Answer {
  type: number;
  body: Buffer;
}

interface OpenHandle {
  node: FsNode;
  /** Names still to be listed. */
  names: string[] | undefined;
  /** The folder that is listed. */
  folder: string;
  written: boolean;
  append: boolean;
}

/** Names in one READDIR reply. */
const PER_REPLY = 100;

/** The state of one session: its handles. */
export class RequestTable {
  readonly handles: Map<string, OpenHandle> = new Map();
  /** Handles ever closed and opened, to see that none is left behind. */
  opened = 0;
  reads = 0;
  readonly #fs: MemoryFs;
  readonly #sins: Sins;

  constructor(fs: MemoryFs, sins: Sins) {
    this.#fs = fs;
    this.#sins = sins;
  }

  answer(type: number, c: Cursor): Answer {
    const fs = this.#fs;
    switch (type) {
      case 3:
        return this.#open(c.text(), c.u32(), c.attrs());
      case 4:
        return this.#close(c.raw().toString('latin1'));
      case 5:
        return this.#read(this.#handle(c), c.u64(), c.u32());
      case 6:
        return this.#write(this.#handle(c), c.u64(), c.raw());
      case 7:
        return this.#attributes(fs.node(c.text(), false));
      case 8:
        return this.#attributes(this.#handle(c).node);
      case 9:
        return setAttributes(fs.node(c.text()), c.attrs());
      case 10:
        return setAttributes(this.#handle(c).node, c.attrs());
      case 11: {
        const path = c.text();
        const node = fs.node(path);
        if (node.type !== 'directory') throw new FsError(STATUS.FAILURE, 'not a folder');
        const names = ['.', '..', ...fs.children(path).map((child) => posix.basename(child))];
        return this.#newHandle(node, names, false, fs.resolve(path));
      }
      case 12:
        return this.#readDirectory(this.#handle(c));
      case 13:
        return done(() => fs.remove(c.text(), false));
      case 14:
        return done(() => fs.mkdir(c.text(), c.attrs().permissions ?? 0o755));
      case 15:
        return done(() => fs.remove(c.text(), true));
      case 16:
        return named(fs.absolute(c.text()));
      case 17:
        return this.#attributes(fs.node(c.text()));
      case 18:
        return done(() => fs.rename(c.text(), c.text(), false));
      case 19: {
        const node = fs.node(c.text(), false);
        if (node.type !== 'symlink') throw new FsError(STATUS.FAILURE, 'no link');
        return named(node.target);
      }
      case 20: {
        const node = newNode('symlink', 0o777);
        node.target = c.text();
        fs.add(c.text(), node);
        return status(STATUS.OK);
      }
      case 200:
        return this.#extended(c.text(), c);
      default:
        return status(STATUS.OP_UNSUPPORTED, 'unknown request');
    }
  }

  #extended(name: string, c: Cursor): Answer {
    const fs = this.#fs;
    switch (name) {
      case 'posix-rename@openssh.com':
        return done(() => fs.rename(c.text(), c.text(), true));
      case 'hardlink@openssh.com': {
        const node = fs.node(c.text());
        fs.add(c.text(), node);
        return status(STATUS.OK);
      }
      case 'statvfs@openssh.com':
        fs.node(c.text());
        return { type: 201, body: SPACE };
      case 'fstatvfs@openssh.com':
        this.#handle(c);
        return { type: 201, body: SPACE };
      case 'fsync@openssh.com':
        this.#handle(c);
        return status(STATUS.OK);
      case 'lsetstat@openssh.com':
        return setAttributes(fs.node(c.text(), false), c.attrs());
      case 'limits@openssh.com': {
        const limits = this.#sins.limits ?? [262_144, 261_120, 261_120, 1_000];
        return { type: 201, body: Buffer.concat(limits.map((limit) => u64(limit))) };
      }
      case 'expand-path@openssh.com':
        return named(fs.absolute(c.text().replace(/^~[^/]*/, HOME)));
      case 'home-directory': {
        const user = c.text();
        return named(user === '' ? HOME : `/home/${user}`);
      }
      default:
        return status(STATUS.OP_UNSUPPORTED, 'no such extension');
    }
  }

  #open(path: string, flags: number, given: WireAttributes): Answer {
    const fs = this.#fs;
    const at = fs.resolve(path);
    let node = fs.nodes.get(at);
    const write = (flags & 2) !== 0;
    if (node === undefined) {
      if ((flags & 8) === 0) throw new FsError(STATUS.NO_SUCH_FILE, 'No such file');
      node = fs.add(at, newNode('file', given.permissions ?? 0o644));
    } else if ((flags & 0x20) !== 0) throw new FsError(STATUS.FAILURE, 'File exists');
    else if (node.type === 'directory' && write) throw new FsError(STATUS.FAILURE, 'a folder');
    if ((flags & 0x10) !== 0) truncate(node, 0);
    return this.#newHandle(node, undefined, (flags & 4) !== 0);
  }

  #newHandle(node: FsNode, names?: string[], append = false, folder = ''): Answer {
    const handle = `h${this.opened++}\u0000\u00ff`;
    this.handles.set(handle, { node, names, folder, written: false, append });
    return { type: 102, body: str(Buffer.from(handle, 'latin1')) };
  }

  #handle(c: Cursor): OpenHandle {
    const handle = this.handles.get(c.raw().toString('latin1'));
    if (handle === undefined) throw new FsError(STATUS.FAILURE, 'invalid handle');
    return handle;
  }

  #close(name: string): Answer {
    const handle = this.handles.get(name);
    if (handle === undefined) throw new FsError(STATUS.FAILURE, 'invalid handle');
    this.handles.delete(name);
    const { failClose } = this.#sins;
    return failClose !== undefined && handle.written
      ? status(failClose, 'Disk quota exceeded')
      : status(STATUS.OK);
  }

  #read(handle: OpenHandle, offset: number, length: number): Answer {
    const { node } = handle;
    const sins = this.#sins;
    this.reads++;
    if (node.type === 'directory') throw new FsError(STATUS.FAILURE, 'a folder');
    if (sins.truncateWhileReading?.afterReads === this.reads - 1)
      truncate(node, Math.min(node.size, sins.truncateWhileReading.size));
    if (sins.growWhileReading?.afterReads === this.reads - 1) {
      const { bytes } = sins.growWhileReading;
      writeAt(node, node.size, Buffer.alloc(bytes, 0xab));
    }
    if (sins.zeroLengthData !== undefined && offset >= sins.zeroLengthData.offset) {
      if (sins.zeroLengthData.times-- > 0) return data(Buffer.alloc(0), 0);
    }
    if (offset >= node.size) return status(STATUS.EOF, 'End of file');
    let most = Math.min(length, node.size - offset);
    if (sins.windowsOpenssh) most = Math.min(most, 102_400);
    if (sins.shortReads !== undefined) most = Math.min(most, sins.shortReads);
    const short = sins.shortReadAt;
    if (short !== undefined && short.length > 0 && offset <= short.offset && offset + most > short.offset) {
      most = Math.min(most, short.length);
      sins.shortReadAt = { offset: short.offset, length: 0 };
    }
    const over = sins.overlongData;
    if (over !== undefined && offset >= over.offset) {
      const bytes = Buffer.alloc(length + over.bytes, 0xee);
      node.data.copy(bytes, 0, offset, Math.min(node.size, offset + bytes.length));
      return data(bytes, 0);
    }
    return data(Buffer.from(node.data.subarray(offset, offset + most)), sins.trailingBytes ?? 0);
  }

  #write(handle: OpenHandle, offset: number, bytes: Buffer): Answer {
    const { windowsOpenssh, largestWrite: largest, failWriteAt: fail } = this.#sins;
    if (largest !== undefined && largest.status !== 'close' && bytes.length > largest.bytes)
      return status(largest.status, 'too much');
    if (windowsOpenssh && bytes.length > 102_400) return status(STATUS.FAILURE, 'Failure');
    if (fail !== undefined) {
      const hit = offset <= fail.offset && offset + bytes.length > fail.offset;
      if (hit || (fail.always && offset > fail.offset)) return status(fail.status, 'no space left');
    }
    handle.written = true;
    writeAt(handle.node, handle.append ? handle.node.size : offset, bytes);
    return status(STATUS.OK);
  }

  #attributes(node: FsNode): Answer {
    return { type: 105, body: attrs(this.#shown(node)) };
  }

  #shown(node: FsNode): WireAttributes {
    const { noAttributes, lyingSize } = this.#sins;
    if (noAttributes) return {};
    const { uid, gid, atime, mtime } = node;
    const rest = { uid, gid, permissions: modeOf(node), atime, mtime };
    if (lyingSize === 'none') return rest;
    return { size: lyingSize ?? node.size, ...rest };
  }

  #readDirectory(handle: OpenHandle): Answer {
    const { listedNames, neverEndingListing, hugeNameCount } = this.#sins;
    if (handle.names === undefined) throw new FsError(STATUS.FAILURE, 'not a folder');
    if (neverEndingListing === 'empty') return { type: 104, body: u32(0) };
    const names: (string | Uint8Array)[] = handle.names.splice(0, PER_REPLY);
    if (listedNames !== undefined && handle.names.length === 0 && !handle.written) {
      handle.written = true;
      names.push(...listedNames);
    }
    if (neverEndingListing === 'entries') names.push('again');
    if (names.length === 0) return status(STATUS.EOF, 'End of file');
    const count = hugeNameCount ?? names.length;
    const entry = (name: string | Uint8Array): Buffer => {
      const node =
        typeof name === 'string' ? this.#fs.nodes.get(posix.resolve(HOME, handle.folder, name)) : undefined;
      const shown = attrs(this.#shown(node ?? newNode('file', 0o644)));
      return Buffer.concat([str(name), str(`-rw-r--r-- ${String(name)}`), shown]);
    };
    return { type: 104, body: Buffer.concat([u32(count), ...names.map(entry)]) };
  }
}

const SPACE: Buffer = Buffer.concat([4096, 1024, 1000, 900, 800, 70, 60, 50, 7, 3, 255].map((n) => u64(n)));

function data(bytes: Buffer, trailing: number): Answer {
  return { type: 103, body: Buffer.concat([str(bytes), Buffer.alloc(trailing, 0xcc)]) };
}

export function status(number: number, message: string | Uint8Array = 'Success'): Answer {
  return { type: 101, body: Buffer.concat([u32(number), str(message), str('en')]) };
}

function named(name: string): Answer {
  return { type: 104, body: Buffer.concat([u32(1), str(name), str(name), attrs({})]) };
}

function done(work: () => void): Answer {
  work();
  return status(STATUS.OK);
}

function setAttributes(node: FsNode, given: WireAttributes): Answer {
  if (given.size !== undefined) truncate(node, Number(given.size));
  if (given.permissions !== undefined) node.mode = given.permissions & 0o7777;
  if (given.uid !== undefined) node.uid = given.uid;
  if (given.gid !== undefined) node.gid = given.gid;
  if (given.mtime !== undefined) {
    node.mtime = given.mtime;
    node.atime = given.atime ?? 0;
  }
  return status(STATUS.OK);
}
