import { posix } from 'node:path';
import { fromUtf8 } from '../../base/bytes.ts';
import { LIMITS } from '../../base/limits.ts';
import type { FileAttributes } from '../../sftp/attributes.ts';
import { UTF8_NAMES } from '../../sftp/names.ts';
import { attributesOf, MemoryFile, type MemoryNode, newNode, resize, setAttributes } from './memory-node.ts';
import { partsOf, resolveLinks } from './paths.ts';
import {
  FilesError,
  type OpenHow,
  type ServedFile,
  type ServedFiles,
  type ServedSpace,
} from './served-files.ts';

const BLOCK = 4096;

/** Files in memory, for a server that leaves nothing behind. Paths begin at `/`. */
export class MemoryFiles implements ServedFiles {
  readonly #root: MemoryNode = newNode('directory', 0o755);

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
    const at = posix.resolve('/', path);
    const folder = this.#makeFolders(posix.dirname(at));
    const bytes = typeof content === 'string' ? fromUtf8(content) : content;
    const there = folder.entries.get(posix.basename(at));
    // The same file, as for whoever has it open.
    const node = there?.type === 'file' ? there : newNode('file', 0o644);
    node.data = Uint8Array.from(bytes);
    node.size = bytes.length;
    folder.entries.set(posix.basename(at), node);
  }

  /** Makes a folder and those above it, as far as they are not there. */
  putFolder(path: string): void {
    this.#makeFolders(path);
  }

  /** The content of a file; undefined where there is none. */
  get(path: string): Uint8Array | undefined {
    const node = this.#find(this.#resolve(path, true));
    return node?.type === 'file' ? node.data.slice(0, node.size) : undefined;
  }

  /** The paths of all that is there, folders included, in order. */
  paths(): string[] {
    const found: string[] = [];
    walk(this.#root, '', (path) => found.push(path));
    return found.sort();
  }

  /** @internal The thing itself, to be changed behind a client's back. */
  node(path: string, follow = true): MemoryNode {
    const node = this.#find(this.#resolve(path, follow));
    if (node === undefined) throw new FilesError('SSH_FX_NO_SUCH_FILE', 'No such file');
    return node;
  }

  /** @internal */
  attributes(path: string, follow: boolean): FileAttributes {
    return attributesOf(this.node(path, follow));
  }

  /** @internal */
  setAttributes(path: string, given: FileAttributes, follow: boolean): void {
    setAttributes(this.node(path, follow), given);
  }

  /** @internal */
  open(path: string, how: OpenHow): ServedFile {
    const at = this.#resolve(path, !how.noFollow);
    let node = this.#find(at);
    if (node === undefined) {
      if (!how.create) throw new FilesError('SSH_FX_NO_SUCH_FILE', 'No such file');
      node = this.#add(at, newNode('file', how.mode ?? 0o644));
    } else if (how.exclusive) throw exists();
    else if (node.type === 'directory') throw isFolder();
    else if (node.type === 'symlink') throw new FilesError('SSH_FX_LINK_LOOP', 'Is a symbolic link');
    if (how.truncate && how.write) resize(node, 0);
    return new MemoryFile(node, how.append);
  }

  /** @internal */
  names(path: string): string[] {
    return [...this.#folder(this.#resolve(path, true)).entries.keys()];
  }

  /** @internal */
  mkdir(path: string, mode: number | undefined): void {
    this.#add(this.#resolve(path, false), newNode('directory', mode ?? 0o755));
  }

  /** @internal */
  rmdir(path: string): void {
    const at = this.#resolve(path, false);
    if (at === '/') throw new FilesError('SSH_FX_PERMISSION_DENIED', 'the root stays');
    if (this.#folder(at).entries.size > 0)
      throw new FilesError('SSH_FX_DIR_NOT_EMPTY', 'Directory not empty');
    this.#delete(at);
  }

  /** @internal */
  remove(path: string): void {
    const at = this.#resolve(path, false);
    const node = this.node(at, false);
    if (node.type === 'directory') throw isFolder();
    node.links--;
    this.#delete(at);
  }

  /** @internal */
  rename(from: string, to: string, replace: boolean): void {
    const source = this.#resolve(from, false);
    const target = this.#resolve(to, false);
    const node = this.node(source, false);
    const there = this.#find(target);
    const folder = this.#folderOf(target);
    if (there !== undefined && !replace) throw exists();
    if (there?.type === 'directory' && (node.type !== 'directory' || there.entries.size > 0))
      throw new FilesError('SSH_FX_DIR_NOT_EMPTY', 'Directory not empty');
    if (there === node) return;
    if (`${target}/`.startsWith(`${source}/`))
      throw new FilesError('SSH_FX_FAILURE', 'a folder cannot go into itself');
    if (there !== undefined) there.links--;
    this.#delete(source);
    folder.entries.set(posix.basename(target), node);
  }

  /** @internal */
  symlink(target: string, path: string): void {
    const node = newNode('symlink', 0o777);
    node.target = target;
    node.size = UTF8_NAMES.encode(target).length;
    this.#add(this.#resolve(path, false), node);
  }

  /** @internal */
  link(target: string, path: string): void {
    const node = this.node(target, true);
    if (node.type === 'directory') throw isFolder();
    this.#add(this.#resolve(path, false), node);
    node.links++;
  }

  /** @internal */
  readlink(path: string): string {
    const node = this.node(path, false);
    if (node.type !== 'symlink') throw new FilesError('SSH_FX_FAILURE', 'not a symbolic link');
    return node.target;
  }

  /** @internal */
  realpath(path: string): string {
    return this.#resolve(path, true);
  }

  /** @internal */
  space(path: string): ServedSpace {
    this.node(path);
    let used = 0;
    let count = 0;
    walk(this.#root, '', (_, { data }) => {
      used += Math.ceil(data.length / BLOCK);
      count++;
    });
    const blocks = Math.floor(LIMITS.servedFileBytes.value / BLOCK);
    const blocksFree = Math.max(0, blocks - used);
    return { blockSize: BLOCK, blocks, blocksFree, files: blocks, filesFree: Math.max(0, blocks - count) };
  }

  #resolve(path: string, follow: boolean): string {
    return resolveLinks(path, follow, (at) => {
      const node = this.#find(at);
      return node?.type === 'symlink' ? node.target : undefined;
    });
  }

  /** What is at a path without links; undefined where nothing is. */
  #find(at: string): MemoryNode | undefined {
    let node: MemoryNode | undefined = this.#root;
    for (const part of partsOf(at)) node = node?.entries.get(part);
    return node;
  }

  #folder(at: string): MemoryNode {
    const node = this.#find(at);
    if (node === undefined) throw new FilesError('SSH_FX_NO_SUCH_FILE', 'No such directory');
    if (node.type !== 'directory') throw new FilesError('SSH_FX_NOT_A_DIRECTORY', 'Not a directory');
    return node;
  }

  /** The folder something is to go into must be there. */
  #folderOf(at: string): MemoryNode {
    const folder = this.#find(posix.dirname(at));
    if (folder?.type !== 'directory') throw new FilesError('SSH_FX_NO_SUCH_PATH', 'No such directory');
    return folder;
  }

  #makeFolders(path: string): MemoryNode {
    let folder = this.#root;
    for (const part of partsOf(path)) {
      const next = folder.entries.get(part) ?? newNode('directory', 0o755);
      folder.entries.set(part, next);
      folder = next;
    }
    return folder;
  }

  #add(at: string, node: MemoryNode): MemoryNode {
    const folder = this.#folderOf(at);
    if (at === '/' || folder.entries.has(posix.basename(at))) throw exists();
    folder.entries.set(posix.basename(at), node);
    return node;
  }

  #delete(at: string): void {
    this.#folderOf(at).entries.delete(posix.basename(at));
  }
}

function walk(folder: MemoryNode, path: string, seen: (path: string, node: MemoryNode) => void): void {
  for (const [name, node] of folder.entries) {
    seen(`${path}/${name}`, node);
    walk(node, `${path}/${name}`, seen);
  }
}

function exists(): FilesError {
  return new FilesError('SSH_FX_FILE_ALREADY_EXISTS', 'File exists');
}

function isFolder(): FilesError {
  return new FilesError('SSH_FX_FILE_IS_A_DIRECTORY', 'Is a directory');
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
