import type { WaitOptions } from '../base/deadline.ts';
import { WherryError } from '../base/errors.ts';
import { pathBody } from '../sftp/ask.ts';
import type { FileAttributes } from '../sftp/attributes.ts';
import { encodeAttributes } from '../sftp/attributes.ts';
import { extendedStatus } from '../sftp/extended-requests.ts';
import type { ServerFeatures } from '../sftp/features.ts';
import * as links from '../sftp/links.ts';
import { openFile } from '../sftp/open-file.ts';
import { replace } from '../sftp/replace.ts';
import type { SftpLimits } from '../sftp/replies.ts';
import * as requests from '../sftp/requests.ts';
import type { SftpSession } from '../sftp/session.ts';
import type { SftpVersion } from '../sftp/versions.ts';
import { checkCount } from '../transfer/run.ts';
import { type DirectoryEntry, type ListOptions, listDirectory } from './directory-entry.ts';
import { type OpenMode, type OpenOptions, openFlags } from './open-options.ts';
import { SftpFile } from './sftp-file.ts';
import { type SftpRoad, SftpTransfers } from './sftp-transfers.ts';

/** The verbs of the protocol, for `Sftp`. */
export class SftpVerbs extends SftpTransfers {
  readonly #session: SftpSession;

  /** @internal */
  constructor(session: SftpSession, limits: Promise<SftpLimits | undefined>, road: SftpRoad) {
    super(session, limits, road);
    this.#session = session;
  }

  /** The SFTP version in use, 3 to 6: see `version` of `openSftp`. */
  get version(): SftpVersion {
    return this.#session.version;
  }

  /** Milliseconds a request may go unanswered, where a call says nothing of its own; 0 for ever. May be set at any time. */
  get timeout(): number {
    return this.#session.timeout;
  }

  set timeout(milliseconds: number) {
    checkCount('timeout', milliseconds);
    this.#session.timeout = milliseconds;
  }

  /** Names and data of the extensions the server announced; names it only lists as supported have no data. */
  get extensions(): ReadonlyMap<string, string> {
    return this.#session.announced;
  }

  /** What the announcements say: vendor, versions, line ends, limits of what can be asked for. */
  get features(): ServerFeatures {
    return this.#session.features;
  }

  /** The folder that relative paths begin in, where one was set by `folder` of `openSftp` or by `changeFolder`. */
  get folder(): string | undefined {
    return this.#session.paths.folder;
  }

  /**
   * Makes relative paths begin in another folder. The server is asked for its absolute form and whether it is a folder;
   * with `ask: false` it is taken as it is.
   *
   * @example
   * ```ts
   * import { openSftp } from 'wherry';
   *
   * await using session = await openSftp(ssh);
   * console.log(await session.changeFolder(remoteFolder));
   * await session.upload(Buffer.from('hello\n'), 'hello.txt');
   * ```
   */
  async changeFolder(path: string, options: WaitOptions & { readonly ask?: boolean } = {}): Promise<string> {
    const { ask = this.#session.paths.askServer !== false, ...wait } = options;
    const folder = ask ? await this.realpath(path, wait) : this.#session.absolutePath(path);
    if (ask) await requests.checkFolder(this.#session, folder, wait);
    this.#session.paths.folder = folder;
    return folder;
  }

  /**
   * The entries of a folder, as the server gives them. The listing is never held whole; leaving the loop early
   * closes the folder.
   *
   * @example
   * ```ts
   * for await (const { name, type, attributes } of sftp.list(remoteFolder)) console.log(type, name, attributes.size);
   * ```
   */
  list(path: string, options: ListOptions = {}): AsyncGenerator<DirectoryEntry, void, void> {
    return listDirectory(this.#session, path, options);
  }

  /** Opens a file for single reads and writes. `mode` as in fopen(3); `attributes` are sent when given. */
  async open(
    path: string,
    mode: OpenMode,
    attributes: FileAttributes = {},
    options: OpenOptions = {},
  ): Promise<SftpFile> {
    const { flags, more } = openFlags(mode, options, this.#session.version);
    const handle = await openFile(this.#session, path, flags, attributes, options, more);
    return new SftpFile(this.#session, handle, path);
  }

  /** Attributes of a file; a symbolic link is followed. */
  stat(path: string, wait: WaitOptions = {}): Promise<FileAttributes> {
    return requests.stat(this.#session, path, wait);
  }

  /** Attributes of a file, or of a symbolic link itself. */
  lstat(path: string, wait: WaitOptions = {}): Promise<FileAttributes> {
    return requests.lstat(this.#session, path, wait);
  }

  /** Whether there is something at `path`; false only where the server says that there is not. */
  async exists(path: string, wait: WaitOptions = {}): Promise<boolean> {
    try {
      await this.lstat(path, wait);
      return true;
    } catch (error) {
      if (error instanceof WherryError && error.code === 'SFTP_NO_SUCH_FILE') return false;
      throw error;
    }
  }

  /**
   * Sets the given attributes and no others; a symbolic link is followed. Fails with SFTP_OP_UNSUPPORTED for one that
   * the SFTP version in use does not have.
   */
  setAttributes(path: string, attributes: FileAttributes, wait: WaitOptions = {}): Promise<void> {
    return requests.setstat(this.#session, path, attributes, wait);
  }

  /** Sets attributes of a symbolic link itself (lsetstat@openssh.com). */
  async setLinkAttributes(path: string, attributes: FileAttributes, wait: WaitOptions = {}): Promise<void> {
    const body = pathBody(this.#session, path);
    encodeAttributes(body, attributes, this.#session.version);
    await extendedStatus(this.#session, 'lsetstat@openssh.com', body, path, wait);
  }

  /** Sets permission bits, such as 0o644. */
  chmod(path: string, mode: number, wait: WaitOptions = {}): Promise<void> {
    return this.setAttributes(path, { permissions: mode }, wait);
  }

  /** Makes a folder; `attributes` are sent when given. */
  mkdir(path: string, attributes: FileAttributes = {}, wait: WaitOptions = {}): Promise<void> {
    return requests.mkdir(this.#session, path, attributes, wait);
  }

  /** Removes an empty folder. */
  rmdir(path: string, wait: WaitOptions = {}): Promise<void> {
    return requests.rmdir(this.#session, path, wait);
  }

  /** Removes a file or a symbolic link. */
  remove(path: string, wait: WaitOptions = {}): Promise<void> {
    return requests.remove(this.#session, path, wait);
  }

  /**
   * Renames. Versions 3 and 4 leave open what happens to an existing target, and OpenSSH refuses; with `overwrite` it is
   * replaced, by posix-rename@openssh.com before version 5. `atomic` and `native` need version 5.
   */
  async rename(from: string, to: string, options: requests.RenameOptions = {}): Promise<void> {
    const { overwrite, atomic, native, ...wait } = options;
    if (this.#session.version < 5 && overwrite && !native) await this.replace(from, to, wait);
    else await requests.rename(this.#session, from, to, options);
  }

  /**
   * Renames and replaces what is at the target, as one step: posix-rename@openssh.com, or SSH_FXP_RENAME of version 5
   * with its flags.
   */
  replace(from: string, to: string, wait: WaitOptions = {}): Promise<void> {
    return replace(this.#session, from, to, wait);
  }

  /** Makes a symbolic link at `path` that points to `target`; `target` is stored as it is. */
  async symlink(target: string, path: string, wait: WaitOptions = {}): Promise<void> {
    await links.symlink(this.#session, target, path, wait);
  }

  /** Makes a hard link at `path` to the file `target` (hardlink@openssh.com, or version 6). */
  hardlink(target: string, path: string, wait: WaitOptions = {}): Promise<void> {
    return links.hardlink(this.#session, target, path, wait);
  }

  /** Where a symbolic link points. */
  readlink(path: string, wait: WaitOptions = {}): Promise<string> {
    return links.readlink(this.#session, path, wait);
  }

  /** The absolute form of a path; `.` tells where the server starts. */
  async realpath(path: string, options: requests.RealpathOptions = {}): Promise<string> {
    return (await requests.realpath(this.#session, path, options)).name;
  }
}
