/** A POSIX-like file system in memory, as far as SFTP version 3 can see one. */
import { posix } from 'node:path';

export interface FsNode {
  type: 'file' | 'directory' | 'symlink';
  /** Of a file. `data` may be longer than `size`: it grows in steps. */
  data: Buffer;
  size: number;
  /** Of a symbolic link. */
  target: string;
  /** Permission bits only. */
  mode: number;
  uid: number;
  gid: number;
  atime: number;
  mtime: number;
}

/** Status numbers of filexfer-02 section 7. */
export const STATUS = {
  OK: 0,
  EOF: 1,
  NO_SUCH_FILE: 2,
  PERMISSION_DENIED: 3,
  FAILURE: 4,
  BAD_MESSAGE: 5,
  OP_UNSUPPORTED: 8,
} as const;

export class FsError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export const HOME = '/home/me';

export class MemoryFs {
  readonly nodes: Map<string, FsNode> = new Map([['/', newNode('directory', 0o755)]]);

  constructor() {
    this.mkdir('/home');
    this.mkdir(HOME);
  }

  absolute(path: string): string {
    return posix.resolve(HOME, path);
  }

  /** The path behind all symbolic links, the last one too when `follow`. */
  resolve(path: string, follow = true, depth = 0): string {
    if (depth > 16) throw new FsError(STATUS.FAILURE, 'too many links');
    const parts = this.absolute(path).split('/').filter(Boolean);
    let at = '/';
    for (const [i, part] of parts.entries()) {
      at = posix.join(at, part);
      const node = this.nodes.get(at);
      if (node?.type === 'symlink' && (follow || i < parts.length - 1))
        at = this.resolve(posix.resolve(posix.dirname(at), node.target), true, depth + 1);
    }
    return at;
  }

  node(path: string, follow = true): FsNode {
    const node = this.nodes.get(this.resolve(path, follow));
    if (node === undefined) throw new FsError(STATUS.NO_SUCH_FILE, 'No such file');
    return node;
  }

  /** A new node at a path whose folder must be there and whose name must be free. */
  add(path: string, node: FsNode): FsNode {
    const at = this.resolve(path, false);
    if (this.nodes.get(posix.dirname(at))?.type !== 'directory')
      throw new FsError(STATUS.NO_SUCH_FILE, 'No such file');
    if (this.nodes.has(at)) throw new FsError(STATUS.FAILURE, 'exists');
    this.nodes.set(at, node);
    return node;
  }

  mkdir(path: string, mode = 0o755): void {
    this.add(path, newNode('directory', mode));
  }

  /** Puts a file there, replacing one. */
  put(path: string, data: Uint8Array): FsNode {
    const at = this.absolute(path);
    const node = newNode('file', 0o644);
    node.data = Buffer.from(data);
    node.size = data.length;
    this.nodes.set(at, node);
    return node;
  }

  /** The contents of a file. */
  get(path: string): Buffer {
    const node = this.node(path);
    return node.data.subarray(0, node.size);
  }

  has(path: string): boolean {
    return this.nodes.has(this.absolute(path));
  }

  children(path: string): string[] {
    const at = this.resolve(path);
    return [...this.nodes.keys()].filter((name) => name !== '/' && posix.dirname(name) === at);
  }

  remove(path: string, directory: boolean): void {
    const at = this.resolve(path, false);
    const node = this.node(path, false);
    if ((node.type === 'directory') !== directory) throw new FsError(STATUS.FAILURE, 'of the wrong kind');
    if (directory && this.children(at).length > 0) throw new FsError(STATUS.FAILURE, 'not empty');
    this.nodes.delete(at);
  }

  rename(from: string, to: string, replace: boolean): void {
    const node = this.node(from, false);
    const target = this.resolve(to, false);
    if (this.nodes.has(target)) {
      if (!replace) throw new FsError(STATUS.FAILURE, 'target exists');
      this.nodes.delete(target);
    }
    this.nodes.delete(this.resolve(from, false));
    this.nodes.set(target, node);
  }
}

export function newNode(type: FsNode['type'], mode: number): FsNode {
  return {
    type,
    data: Buffer.alloc(0),
    size: 0,
    target: '',
    mode,
    uid: 1000,
    gid: 1000,
    atime: 1_700_000_000,
    mtime: 1_700_000_001,
  };
}

export function writeAt(node: FsNode, offset: number, data: Uint8Array): void {
  const end = offset + data.length;
  if (end > node.data.length) {
    const larger = Buffer.alloc(Math.max(end, node.data.length * 2));
    node.data.copy(larger);
    node.data = larger;
  }
  node.data.set(data, offset);
  node.size = Math.max(node.size, end);
}

export function truncate(node: FsNode, size: number): void {
  if (size > node.size) writeAt(node, size, new Uint8Array(0));
  else node.data.fill(0, size, node.size);
  node.size = size;
}

const TYPE_BITS = { file: 0o100000, directory: 0o040000, symlink: 0o120000 } as const;

export function modeOf(node: FsNode): number {
  return TYPE_BITS[node.type] + node.mode;
}
