import * as fs from 'node:fs';
import { join } from 'node:path';
import type { FileAttributes } from '../sftp/attributes.ts';
import type { SFTP_STATUS } from '../sftp/status.ts';
import { FilesError, type OpenHow, type ServedFile, type ServedFiles, type ServedSpace } from './files.ts';
import { partsOf, resolveLinks } from './paths.ts';

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;

const STATUS_OF: Readonly<Record<string, keyof typeof SFTP_STATUS>> = {
  ENOENT: 'SSH_FX_NO_SUCH_FILE',
  ENOTDIR: 'SSH_FX_NO_SUCH_FILE',
  EACCES: 'SSH_FX_PERMISSION_DENIED',
  EPERM: 'SSH_FX_PERMISSION_DENIED',
  EROFS: 'SSH_FX_PERMISSION_DENIED',
};

/**
 * A folder of this machine. Links are followed here, name by name, and never by the system: an absolute target
 * begins at the folder, and `..` stops there, so no path leaves it.
 */
export class FolderFiles implements ServedFiles {
  readonly #root: string;

  constructor(root: string) {
    this.#root = fs.realpathSync(root);
    if (!fs.statSync(this.#root).isDirectory()) throw new Error(`${root} is no folder`);
  }

  attributes(path: string, follow: boolean): FileAttributes {
    return asStatus(() => attributesOf(fs.lstatSync(this.#local(path, follow))));
  }

  setAttributes(path: string, given: FileAttributes, follow: boolean): void {
    const local = this.#local(path, follow);
    asStatus(() => {
      if (!fs.lstatSync(local).isSymbolicLink()) {
        if (given.size !== undefined) fs.truncateSync(local, given.size);
        if (given.permissions !== undefined) fs.chmodSync(local, given.permissions & 0o7777);
      }
      if (given.uid !== undefined && given.gid !== undefined) fs.lchownSync(local, given.uid, given.gid);
      const { accessTime, modifyTime } = given;
      if (accessTime !== undefined && modifyTime !== undefined) fs.lutimesSync(local, accessTime, modifyTime);
    });
  }

  open(path: string, how: OpenHow): ServedFile {
    const local = this.#local(path, true);
    return asStatus(() => {
      const there = fs.lstatSync(local, { throwIfNoEntry: false });
      // Opening a fifo waits for its other end, and a device is no file to serve.
      if (there !== undefined && !there.isFile())
        throw new FilesError('SSH_FX_FAILURE', there.isDirectory() ? 'Is a directory' : 'not a regular file');
      const flags =
        (how.write ? O_RDWR : O_RDONLY) |
        (how.create ? O_CREAT : 0) |
        (how.exclusive ? O_EXCL : 0) |
        (how.truncate && how.write ? O_TRUNC : 0);
      return new FolderFile(
        fs.openSync(local, flags | O_NOFOLLOW | O_NONBLOCK, how.mode ?? 0o666),
        how.append,
      );
    });
  }

  names(path: string): string[] {
    return asStatus(() => fs.readdirSync(this.#local(path, true)));
  }

  mkdir(path: string, mode: number | undefined): void {
    asStatus(() => fs.mkdirSync(this.#local(path, false), mode ?? 0o777));
  }

  rmdir(path: string): void {
    const local = this.#local(path, false);
    if (local === this.#root) throw new FilesError('SSH_FX_PERMISSION_DENIED', 'the root stays');
    asStatus(() => fs.rmdirSync(local));
  }

  remove(path: string): void {
    const local = this.#local(path, false);
    asStatus(() => {
      if (fs.lstatSync(local).isDirectory()) throw new FilesError('SSH_FX_FAILURE', 'Is a directory');
      fs.unlinkSync(local);
    });
  }

  rename(from: string, to: string, replace: boolean): void {
    const source = this.#local(from, false);
    const target = this.#local(to, false);
    asStatus(() => {
      if (!replace && fs.lstatSync(target, { throwIfNoEntry: false }) !== undefined)
        throw new FilesError('SSH_FX_FAILURE', 'File exists');
      fs.renameSync(source, target);
    });
  }

  symlink(target: string, path: string): void {
    asStatus(() => fs.symlinkSync(target, this.#local(path, false)));
  }

  link(target: string, path: string): void {
    asStatus(() => fs.linkSync(this.#local(target, true), this.#local(path, false)));
  }

  readlink(path: string): string {
    return asStatus(() => fs.readlinkSync(this.#local(path, false)));
  }

  realpath(path: string): string {
    return asStatus(() => this.#resolve(path, true));
  }

  space(path: string): ServedSpace {
    const { bsize, blocks, bfree, files, ffree } = asStatus(() =>
      fs.statfsSync(this.#local(path, true), { bigint: true }),
    );
    return { blockSize: bsize, blocks, blocksFree: bfree, files, filesFree: ffree };
  }

  /** The path on this machine; no part of it is a link, but for the last one where links are not followed. */
  #local(path: string, follow: boolean): string {
    return join(this.#root, ...partsOf(asStatus(() => this.#resolve(path, follow))));
  }

  #resolve(path: string, follow: boolean): string {
    return resolveLinks(path, follow, (at) => {
      const parts = partsOf(at);
      // Elsewhere a backslash and a colon are part of a name; on Windows they would steer.
      if (process.platform === 'win32' && /[\\:]/.test(parts.at(-1) ?? ''))
        throw new FilesError('SSH_FX_NO_SUCH_FILE', 'not a file name here');
      const local = join(this.#root, ...parts);
      const there = fs.lstatSync(local, { throwIfNoEntry: false });
      return there?.isSymbolicLink() ? fs.readlinkSync(local) : undefined;
    });
  }
}

class FolderFile implements ServedFile {
  readonly #descriptor: number;
  readonly #append: boolean;

  constructor(descriptor: number, append: boolean) {
    this.#descriptor = descriptor;
    this.#append = append;
  }

  read(offset: number, length: number): Uint8Array {
    return asStatus(() => {
      const bytes = Buffer.allocUnsafe(length);
      return bytes.subarray(0, fs.readSync(this.#descriptor, bytes, 0, length, offset));
    });
  }

  write(offset: number, bytes: Uint8Array): void {
    asStatus(() => {
      const start = this.#append ? fs.fstatSync(this.#descriptor).size : offset;
      for (let done = 0; done < bytes.length; )
        done += fs.writeSync(this.#descriptor, bytes, done, bytes.length - done, start + done);
    });
  }

  attributes(): FileAttributes {
    return asStatus(() => attributesOf(fs.fstatSync(this.#descriptor)));
  }

  setAttributes(given: FileAttributes): void {
    asStatus(() => {
      const { size, permissions, uid, gid, accessTime, modifyTime } = given;
      if (size !== undefined) fs.ftruncateSync(this.#descriptor, size);
      if (permissions !== undefined) fs.fchmodSync(this.#descriptor, permissions & 0o7777);
      if (uid !== undefined && gid !== undefined) fs.fchownSync(this.#descriptor, uid, gid);
      if (accessTime !== undefined && modifyTime !== undefined)
        fs.futimesSync(this.#descriptor, accessTime, modifyTime);
    });
  }

  sync(): void {
    asStatus(() => fs.fsyncSync(this.#descriptor));
  }

  close(): void {
    asStatus(() => fs.closeSync(this.#descriptor));
  }
}

function attributesOf({ size, uid, gid, mode, atimeMs, mtimeMs }: fs.Stats): FileAttributes {
  // SFTP 3 counts seconds in 32 bits without a sign.
  const seconds = (ms: number): number => Math.min(0xffff_ffff, Math.max(0, Math.floor(ms / 1000)));
  return { size, uid, gid, permissions: mode, accessTime: seconds(atimeMs), modifyTime: seconds(mtimeMs) };
}

/** Errors of the system as statuses. Their texts name paths of this machine, so only the code goes out. */
function asStatus<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof FilesError) throw error;
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new FilesError(STATUS_OF[code] ?? 'SSH_FX_FAILURE', code);
  }
}
