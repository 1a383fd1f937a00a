import * as fs from 'node:fs';
import { view } from '../../base/bytes.ts';
import type { FileAttributes } from '../../sftp/attributes.ts';
import { UTF8_NAMES } from '../../sftp/names.ts';
import { FolderFile } from './folder-file.ts';
import { asStatus, attributesOf, checkSettable, fileTime, modeGiven } from './folder-status.ts';
import { partsOf, resolveLinks } from './paths.ts';
import {
  FilesError,
  type OpenHow,
  type ServedFile,
  type ServedFiles,
  type ServedSpace,
} from './served-files.ts';

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;

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
    return asStatus(() => attributesOf(fs.lstatSync(this.#local(path, follow), { bigint: true })));
  }

  setAttributes(path: string, given: FileAttributes, follow: boolean): void {
    const local = this.#local(path, follow);
    asStatus(() => {
      const there = fs.lstatSync(local);
      checkSettable(given);
      const mode = modeGiven(given, there.mode);
      if (!there.isSymbolicLink()) {
        if (given.size !== undefined) fs.truncateSync(local, given.size);
        if (mode !== undefined) fs.chmodSync(local, mode);
      }
      const { uid, gid, accessTime, modifyTime } = given;
      if (uid !== undefined || gid !== undefined) fs.lchownSync(local, uid ?? there.uid, gid ?? there.gid);
      if (accessTime !== undefined || modifyTime !== undefined)
        fs.lutimesSync(
          local,
          fileTime(accessTime, given.accessTimeNanoseconds) ?? there.atime,
          fileTime(modifyTime, given.modifyTimeNanoseconds) ?? there.mtime,
        );
    });
  }

  open(path: string, how: OpenHow): ServedFile {
    const local = this.#local(path, !how.noFollow);
    return asStatus(() => {
      const there = fs.lstatSync(local, { throwIfNoEntry: false });
      // Opening a fifo waits for its other end, and a device is no file to serve.
      if (there !== undefined && !there.isFile() && !how.exclusive) {
        if (there.isDirectory()) throw new FilesError('SSH_FX_FILE_IS_A_DIRECTORY', 'Is a directory');
        if (there.isSymbolicLink()) throw new FilesError('SSH_FX_LINK_LOOP', 'Is a symbolic link');
        throw new FilesError('SSH_FX_FAILURE', 'not a regular file');
      }
      const flags =
        (how.write ? (how.read ? O_RDWR : O_WRONLY) : O_RDONLY) |
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
    const names = asStatus(() => fs.readdirSync(this.#local(path, true), { encoding: 'buffer' }));
    return names.map((name) => UTF8_NAMES.decode(name));
  }

  mkdir(path: string, mode: number | undefined): void {
    asStatus(() => fs.mkdirSync(this.#local(path, false), mode ?? 0o777));
  }

  rmdir(path: string): void {
    const at = this.#resolve(path, false);
    if (at === '/') throw new FilesError('SSH_FX_PERMISSION_DENIED', 'the root stays');
    asStatus(() => fs.rmdirSync(this.#onDisk(at)));
  }

  remove(path: string): void {
    const local = this.#local(path, false);
    asStatus(() => {
      if (fs.lstatSync(local).isDirectory())
        throw new FilesError('SSH_FX_FILE_IS_A_DIRECTORY', 'Is a directory');
      fs.unlinkSync(local);
    });
  }

  rename(from: string, to: string, replace: boolean): void {
    const source = this.#local(from, false);
    const target = this.#local(to, false);
    asStatus(() => {
      if (!replace && fs.lstatSync(target, { throwIfNoEntry: false }) !== undefined)
        throw new FilesError('SSH_FX_FILE_ALREADY_EXISTS', 'File exists');
      fs.renameSync(source, target);
    });
  }

  symlink(target: string, path: string): void {
    asStatus(() => fs.symlinkSync(view(UTF8_NAMES.encode(target)), this.#local(path, false)));
  }

  link(target: string, path: string): void {
    asStatus(() => fs.linkSync(this.#local(target, true), this.#local(path, false)));
  }

  readlink(path: string): string {
    return asStatus(() => linkTarget(this.#local(path, false)));
  }

  realpath(path: string): string {
    return this.#resolve(path, true);
  }

  space(path: string): ServedSpace {
    const { bsize, blocks, bfree, files, ffree } = asStatus(() =>
      fs.statfsSync(this.#local(path, true), { bigint: true }),
    );
    return { blockSize: bsize, blocks, blocksFree: bfree, files, filesFree: ffree };
  }

  /** The path on this machine; no part of it is a link, but for the last one where links are not followed. */
  #local(path: string, follow: boolean): Buffer {
    return this.#onDisk(this.#resolve(path, follow));
  }

  #onDisk(at: string): Buffer {
    return view(UTF8_NAMES.encode(at === '/' ? this.#root : this.#root + at));
  }

  #resolve(path: string, follow: boolean): string {
    return asStatus(() =>
      resolveLinks(path, follow, (at) => {
        // Elsewhere a backslash and a colon are part of a name; on Windows they would steer.
        if (process.platform === 'win32' && /[\\:]/.test(partsOf(at).at(-1) ?? ''))
          throw new FilesError('SSH_FX_NO_SUCH_FILE', 'not a file name here');
        const local = this.#onDisk(at);
        const there = fs.lstatSync(local, { throwIfNoEntry: false });
        return there?.isSymbolicLink() ? linkTarget(local) : undefined;
      }),
    );
  }
}

function linkTarget(local: Buffer): string {
  return UTF8_NAMES.decode(fs.readlinkSync(local, { encoding: 'buffer' }));
}
