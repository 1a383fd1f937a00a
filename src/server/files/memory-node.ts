import { LIMITS } from '../../base/limits.ts';
import type { FileAttributes } from '../../sftp/attributes.ts';
import { MEMORY_OWNER } from './accounts.ts';
import { aclOfMode, modeOfAcl } from './mode-acl.ts';
import { FilesError, type ServedFile } from './served-files.ts';

/** A file, folder or link in memory. */
export interface MemoryNode {
  readonly identity: string;
  readonly type: 'file' | 'directory' | 'symlink';
  /** Of a file; may be longer than `size`, for it grows in steps. */
  data: Uint8Array;
  size: number;
  /** Of a symbolic link. */
  target: string;
  /** Of a folder. */
  readonly entries: Map<string, MemoryNode>;
  links: number;
  mode: number;
  uid: number;
  gid: number;
  /** Seconds since 1970, and nanoseconds behind them. */
  accessTime: number;
  accessTimeNanoseconds: number;
  modifyTime: number;
  modifyTimeNanoseconds: number;
  createTime: number;
  changeTime: number;
  /** A list that was set and says more than a mode can. */
  acl: string | undefined;
}

const TYPE_BITS = { file: 0o100000, directory: 0o040000, symlink: 0o120000 } as const;
let made = 0;

export function newNode(type: MemoryNode['type'], mode: number): MemoryNode {
  const time = now();
  return {
    identity: `memory ${made++}`,
    type,
    data: new Uint8Array(0),
    size: 0,
    target: '',
    entries: new Map(),
    links: 1,
    mode: mode & 0o7777,
    uid: MEMORY_OWNER,
    gid: MEMORY_OWNER,
    accessTime: time,
    accessTimeNanoseconds: 0,
    modifyTime: time,
    modifyTimeNanoseconds: 0,
    createTime: time,
    changeTime: time,
    acl: undefined,
  };
}

export function attributesOf(node: MemoryNode): FileAttributes {
  const { type, size, mode, uid, gid, accessTime, accessTimeNanoseconds } = node;
  const { modifyTime, modifyTimeNanoseconds, createTime, changeTime, links, data } = node;
  return {
    type,
    size,
    allocationSize: data.length,
    uid,
    gid,
    permissions: TYPE_BITS[type] + mode,
    accessTime,
    accessTimeNanoseconds,
    modifyTime,
    modifyTimeNanoseconds,
    createTime,
    changeTime,
    acl: node.acl ?? aclOfMode(mode),
    linkCount: links,
  };
}

export function setAttributes(node: MemoryNode, given: FileAttributes): void {
  const { acl } = given;
  if (acl?.startsWith('raw:')) throw new FilesError('SSH_FX_INVALID_PARAMETER', 'no access control list');
  if (given.size !== undefined) {
    if (node.type !== 'file') throw new FilesError('SSH_FX_FILE_IS_A_DIRECTORY', 'not a file');
    resize(node, given.size);
  }
  if (given.permissions !== undefined) {
    node.mode = given.permissions & 0o7777;
    node.acl = undefined;
  }
  if (acl !== undefined) {
    const mode = modeOfAcl(acl);
    node.acl = mode === undefined ? acl : undefined;
    if (mode !== undefined) node.mode = (node.mode & 0o7000) | mode;
  }
  node.uid = given.uid ?? node.uid;
  node.gid = given.gid ?? node.gid;
  if (given.accessTime !== undefined) {
    node.accessTime = given.accessTime;
    node.accessTimeNanoseconds = given.accessTimeNanoseconds ?? 0;
  }
  if (given.modifyTime !== undefined) {
    node.modifyTime = given.modifyTime;
    node.modifyTimeNanoseconds = given.modifyTimeNanoseconds ?? 0;
  }
  node.createTime = given.createTime ?? node.createTime;
  node.changeTime = now();
}

/** Makes a file as long as `size`, with zeros where there was nothing. */
export function resize(node: MemoryNode, size: number): void {
  const most = LIMITS.servedFileBytes.value;
  if (size > most)
    throw new FilesError('SSH_FX_NO_SPACE_ON_FILESYSTEM', 'No space left: a file in memory has its limit');
  if (size > node.data.length) {
    const larger = new Uint8Array(Math.max(size, Math.min(node.data.length * 2, most)));
    larger.set(node.data.subarray(0, node.size));
    node.data = larger;
  } else node.data.fill(0, size, node.size);
  node.size = size;
  touch(node);
}

function touch(node: MemoryNode): void {
  node.modifyTime = now();
  node.modifyTimeNanoseconds = 0;
  node.changeTime = node.modifyTime;
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}

/** An open file in memory. */
export class MemoryFile implements ServedFile {
  readonly identity: string;
  readonly #node: MemoryNode;
  readonly #append: boolean;

  constructor(node: MemoryNode, append: boolean) {
    this.identity = node.identity;
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
    touch(node);
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
