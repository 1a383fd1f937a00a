import { posix } from 'node:path';
import { fromUtf8 } from '../base/bytes.ts';
import { LIMITS } from '../base/limits.ts';
import type { FileAttributes } from '../sftp/attributes.ts';
import { FilesError, type OpenHow, type ServedFile, type ServedFiles, type ServedSpace } from './files.ts';
import { absolutePath, resolveLinks } from './paths.ts';

interface Node {
  readonly type: 'file' | 'directory' | 'symlink';
  /** Of a file; may be longer than `size`, for it grows in steps. */
  data: Uint8Array;
  size: number;
  /** Of a symbolic link. */
  target: string;
  mode: number;
  uid: number;
  gid: number;
  /** Seconds since 1970. */
  accessTime: number;
  modifyTime: number;
}

const TYPE_BITS = { file: 0o100000, directory: 0o040000, symlink: 0o120000 } as const;
const OWNER = 1000;
const BLOCK = 4096;

/** Files in memory, for a server that leaves nothing behind. Paths begin at `/`. */
export class MemoryFiles implements ServedFiles {
  readonly #nodes = new Map<string, Node>([['/', newNode('directory', 0o755)]]);

  /**
   * Puts a file there, with the folders above it, replacing one.
   *
   * @example
   * ```ts
   * import { memoryFiles } from 'wherry/server';
   *
   * const files = memoryFiles();
   * files.put('/inbox/hello.txt', 'hello\n');
   * ```
   */
  put(path: string, content: string | Uint8Array): void {
    const at = absolutePath(path);
    const folders = at.split('/').slice(1, -1);
    for (let depth = 1; depth <= folders.length; depth++) {
      const folder = `/${folders.slice(0, depth).join('/')}`;
      if (!this.#nodes.has(folder)) this.#nodes.set(folder, newNode('directory', 0o755));
    }
    const bytes = typeof content === 'string' ? fromUtf8(content) : content;
    const there = this.#nodes.get(at);
    // The same file, as for whoever has it open.
    const node = there?.type === 'file' ? there : newNode('file', 0o644);
    node.data = Uint8Array.from(bytes);
    node.size = bytes.length;
    this.#nodes.set(at, node);
  }

  /** The content of a file; undefined where there is none. */
  get(path: string): Uint8Array | undefined {
    const node = this.#nodes.get(this.#resolve(path, true));
    return node?.type === 'file' ? node.data.slice(0, node.size) : undefined;
  }

  /** The paths of all that is there, folders included, in order. */
  paths(): string[] {
    return [...this.#nodes.keys()].filter((path) => path !== '/').sort();
  }

  /** @internal */
  attributes(path: string, follow: boolean): FileAttributes {
    return attributesOf(this.#node(path, follow));
  }

  /** @internal */
  setAttributes(path: string, given: FileAttributes, follow: boolean): void {
    setAttributes(this.#node(path, follow), given);
  }

  /** @internal */
  open(path: string, how: OpenHow): ServedFile {
    const at = this.#resolve(path, true);
    let node = this.#nodes.get(at);
    if (node === undefined) {
      if (!how.create) throw new FilesError('SSH_FX_NO_SUCH_FILE', 'No such file');
      node = this.#add(at, newNode('file', how.mode ?? 0o644));
    } else if (how.exclusive) throw new FilesError('SSH_FX_FAILURE', 'File exists');
    else if (node.type === 'directory') throw new FilesError('SSH_FX_FAILURE', 'Is a directory');
    if (how.truncate) resize(node, 0);
    return new MemoryFile(node, how.append);
  }

  /** @internal */
  names(path: string): string[] {
    const at = this.#resolve(path, true);
    if (this.#node(at, false).type !== 'directory') throw new FilesError('SSH_FX_FAILURE', 'Not a directory');
    return this.#children(at).map((child) => posix.basename(child));
  }

  /** @internal */
  mkdir(path: string, mode: number | undefined): void {
    this.#add(this.#resolve(path, false), newNode('directory', mode ?? 0o755));
  }

  /** @internal */
  rmdir(path: string): void {
    const at = this.#resolve(path, false);
    if (this.#node(at, false).type !== 'directory') throw new FilesError('SSH_FX_FAILURE', 'Not a directory');
    if (at === '/' || this.#children(at).length > 0)
      throw new FilesError('SSH_FX_FAILURE', 'Directory not empty');
    this.#nodes.delete(at);
  }

  /** @internal */
  remove(path: string): void {
    const at = this.#resolve(path, false);
    if (this.#node(at, false).type === 'directory') throw new FilesError('SSH_FX_FAILURE', 'Is a directory');
    this.#nodes.delete(at);
  }

  /** @internal */
  rename(from: string, to: string, replace: boolean): void {
    const source = this.#resolve(from, false);
    const target = this.#resolve(to, false);
    const node = this.#node(source, false);
    this.#checkFolder(target);
    const there = this.#nodes.get(target);
    if (there !== undefined && !replace) throw new FilesError('SSH_FX_FAILURE', 'File exists');
    if (there?.type === 'directory' && (node.type !== 'directory' || this.#children(target).length > 0))
      throw new FilesError('SSH_FX_FAILURE', 'Directory not empty');
    if (source === target) return;
    if (`${target}/`.startsWith(`${source}/`))
      throw new FilesError('SSH_FX_FAILURE', 'a folder cannot go into itself');
    for (const [path, moved] of [...this.#nodes]) {
      if (path !== source && !path.startsWith(`${source}/`)) continue;
      this.#nodes.delete(path);
      this.#nodes.set(target + path.slice(source.length), moved);
    }
  }

  /** @internal */
  symlink(target: string, path: string): void {
    const node = newNode('symlink', 0o777);
    node.target = target;
    node.size = fromUtf8(target).length;
    this.#add(this.#resolve(path, false), node);
  }

  /** @internal */
  link(target: string, path: string): void {
    const node = this.#node(target, true);
    if (node.type === 'directory') throw new FilesError('SSH_FX_FAILURE', 'Is a directory');
    this.#add(this.#resolve(path, false), node);
  }

  /** @internal */
  readlink(path: string): string {
    const node = this.#node(path, false);
    if (node.type !== 'symlink') throw new FilesError('SSH_FX_FAILURE', 'not a symbolic link');
    return node.target;
  }

  /** @internal */
  realpath(path: string): string {
    return this.#resolve(path, true);
  }

  /** @internal */
  space(path: string): ServedSpace {
    this.#node(path, true);
    const used = [...this.#nodes.values()].reduce(
      (sum, node) => sum + Math.ceil(node.data.length / BLOCK),
      0,
    );
    const blocks = Math.floor(LIMITS.servedFileBytes.value / BLOCK);
    const blocksFree = Math.max(0, blocks - used);
    return { blockSize: BLOCK, blocks, blocksFree, files: blocks, filesFree: blocks - this.#nodes.size };
  }

  #resolve(path: string, follow: boolean): string {
    return resolveLinks(path, follow, (at) => {
      const node = this.#nodes.get(at);
      return node?.type === 'symlink' ? node.target : undefined;
    });
  }

  #node(path: string, follow: boolean): Node {
    const node = this.#nodes.get(this.#resolve(path, follow));
    if (node === undefined) throw new FilesError('SSH_FX_NO_SUCH_FILE', 'No such file');
    return node;
  }

  #add(at: string, node: Node): Node {
    this.#checkFolder(at);
    if (this.#nodes.has(at)) throw new FilesError('SSH_FX_FAILURE', 'File exists');
    this.#nodes.set(at, node);
    return node;
  }

  /** The folder something is to go into must be there. */
  #checkFolder(at: string): void {
    if (this.#nodes.get(posix.dirname(at))?.type !== 'directory')
      throw new FilesError('SSH_FX_NO_SUCH_FILE', 'No such directory');
  }

  #children(at: string): string[] {
    return [...this.#nodes.keys()].filter((path) => path !== '/' && posix.dirname(path) === at);
  }
}

/**
 * Files in memory for `startServer({ files })`: to fill before the server starts, and to look into afterwards.
 *
 * @example
 * ```ts
 * import { memoryFiles, startServer } from 'wherry/server';
 *
 * const files = memoryFiles();
 * files.put('/report.txt', 'all well\n');
 * await using server = await startServer({ users: { me: { password: 'secret' } }, files });
 * ```
 */
export function memoryFiles(): MemoryFiles {
  return new MemoryFiles();
}

class MemoryFile implements ServedFile {
  readonly #node: Node;
  readonly #append: boolean;

  constructor(node: Node, append: boolean) {
    this.#node = node;
    this.#append = append;
  }

  read(offset: number, length: number): Uint8Array {
    const { data, size } = this.#node;
    return data.slice(Math.min(offset, size), Math.min(offset + length, size));
  }

  write(offset: number, bytes: Uint8Array): void {
    const node = this.#node;
    const at = this.#append ? node.size : offset;
    if (at + bytes.length > node.size) resize(node, at + bytes.length);
    node.data.set(bytes, at);
    node.modifyTime = now();
  }

  attributes(): FileAttributes {
    return attributesOf(this.#node);
  }

  setAttributes(given: FileAttributes): void {
    setAttributes(this.#node, given);
  }

  sync(): void {}

  close(): void {}
}

function newNode(type: Node['type'], mode: number): Node {
  const time = now();
  return {
    type,
    data: new Uint8Array(0),
    size: 0,
    target: '',
    mode: mode & 0o7777,
    uid: OWNER,
    gid: OWNER,
    accessTime: time,
    modifyTime: time,
  };
}

function attributesOf({ type, size, mode, uid, gid, accessTime, modifyTime }: Node): FileAttributes {
  return { size, uid, gid, permissions: TYPE_BITS[type] + mode, accessTime, modifyTime };
}

function setAttributes(node: Node, given: FileAttributes): void {
  if (given.size !== undefined) {
    if (node.type !== 'file') throw new FilesError('SSH_FX_FAILURE', 'not a file');
    resize(node, given.size);
  }
  if (given.permissions !== undefined) node.mode = given.permissions & 0o7777;
  node.uid = given.uid ?? node.uid;
  node.gid = given.gid ?? node.gid;
  node.accessTime = given.accessTime ?? node.accessTime;
  node.modifyTime = given.modifyTime ?? node.modifyTime;
}

/** Makes a file as long as `size`, with zeros where there was nothing. */
function resize(node: Node, size: number): void {
  if (size > LIMITS.servedFileBytes.value)
    throw new FilesError('SSH_FX_FAILURE', 'No space left: a file in memory has its limit');
  if (size > node.data.length) {
    const larger = new Uint8Array(
      Math.max(size, Math.min(node.data.length * 2, LIMITS.servedFileBytes.value)),
    );
    larger.set(node.data.subarray(0, node.size));
    node.data = larger;
  } else node.data.fill(0, size, node.size);
  node.size = size;
  node.modifyTime = now();
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
