import type { WaitOptions } from '../base/deadline.ts';
import { WherryError } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import { sanitize } from '../base/text.ts';
import { encodeAttributes, type FileAttributes } from '../sftp/attributes.ts';
import { extendedPath, extendedReply, extendedStatus } from '../sftp/extended-requests.ts';
import { isAnnounced, type SftpExtensionName } from '../sftp/extensions.ts';
import { OPEN_FLAGS } from '../sftp/packets.ts';
import { type FileSystemSpace, readLimits, readSpace, type SftpLimits } from '../sftp/replies.ts';
import * as requests from '../sftp/requests.ts';
import type { SftpSession } from '../sftp/session.ts';
import { WireWriter } from '../ssh/wire/writer.ts';
import { type DirectoryEntry, directoryEntry, type ListOptions } from './directory-entry.ts';
import { SftpFile } from './sftp-file.ts';
import { type SftpRoad, SftpTransfers } from './sftp-transfers.ts';

/** How `open` opens a file: the flags of fopen(3), with `x` for "must not exist". */
export type OpenMode = 'r' | 'r+' | 'w' | 'wx' | 'w+' | 'a';

const { SSH_FXF_READ, SSH_FXF_WRITE, SSH_FXF_APPEND, SSH_FXF_CREAT, SSH_FXF_TRUNC, SSH_FXF_EXCL } =
  OPEN_FLAGS;
const OPEN_MODES: Readonly<Record<OpenMode, number>> = {
  r: SSH_FXF_READ,
  'r+': SSH_FXF_READ | SSH_FXF_WRITE,
  w: SSH_FXF_WRITE | SSH_FXF_CREAT | SSH_FXF_TRUNC,
  wx: SSH_FXF_WRITE | SSH_FXF_CREAT | SSH_FXF_EXCL,
  'w+': SSH_FXF_READ | SSH_FXF_WRITE | SSH_FXF_CREAT | SSH_FXF_TRUNC,
  a: SSH_FXF_WRITE | SSH_FXF_CREAT | SSH_FXF_APPEND,
};

/**
 * An SFTP session: the verbs of the protocol, and transfers. Paths are absolute or relative to where the server
 * starts, usually the home folder. Every method rejects with SFTP_* for what the server refuses, TIMEOUT after
 * the connection's time of silence, ABORTED for its signal, CLOSED or CONNECTION_LOST when the session is over.
 */
export class Sftp extends SftpTransfers {
  readonly #session: SftpSession;
  readonly #limits: Promise<SftpLimits | undefined>;

  /** @internal */
  constructor(session: SftpSession, road: SftpRoad = {}) {
    const limits = askLimits(session);
    super(session, limits, road);
    this.#session = session;
    this.#limits = limits;
  }

  /** The SFTP version in use. */
  get version(): number {
    return this.#session.version;
  }

  /** Names and data of the extensions the server announced. */
  get extensions(): ReadonlyMap<string, string> {
    return this.#session.announced;
  }

  /** What the server says of its limits (limits@openssh.com); undefined where it does not. */
  limits(): Promise<SftpLimits | undefined> {
    return this.#limits;
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
  async *list(path: string, options: ListOptions = {}): AsyncGenerator<DirectoryEntry, void, void> {
    const session = this.#session;
    const max = options.maxEntries ?? LIMITS.listingEntries.value;
    const handle = await requests.openDirectory(session, path, options);
    let count = 0;
    try {
      let ahead = requests.readDirectory(session, handle, path, options);
      for (;;) {
        const entries = await ahead;
        if (entries === undefined) return;
        ahead = requests.readDirectory(session, handle, path, options);
        ahead.catch(() => {});
        for (const { name, longname, attributes } of entries) {
          if (name === '.' || name === '..') continue;
          if (++count > max) {
            throw new WherryError('LIMIT_EXCEEDED', `${sanitize(path)} has more than ${max} entries`, {
              limit: 'listingEntries',
              path: sanitize(path),
              expected: max,
            });
          }
          yield directoryEntry(name, sanitize(longname), attributes);
        }
      }
    } finally {
      requests.closeHandle(session, handle, path).catch(() => {});
    }
  }

  /** Opens a file for single reads and writes. `mode` as in fopen(3); `attributes` are sent when given. */
  async open(
    path: string,
    mode: OpenMode,
    attributes: FileAttributes = {},
    wait: WaitOptions = {},
  ): Promise<SftpFile> {
    const handle = await requests.openFile(this.#session, path, OPEN_MODES[mode], attributes, wait);
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

  /** Sets the given attributes and no others; a symbolic link is followed. */
  setAttributes(path: string, attributes: FileAttributes, wait: WaitOptions = {}): Promise<void> {
    return requests.setstat(this.#session, path, attributes, wait);
  }

  /** Sets attributes of a symbolic link itself (lsetstat@openssh.com). */
  setLinkAttributes(path: string, attributes: FileAttributes, wait: WaitOptions = {}): Promise<void> {
    const body = new WireWriter().text(path);
    encodeAttributes(body, attributes);
    return extendedStatus(this.#session, 'lsetstat@openssh.com', body, path, wait);
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

  /** Renames; version 3 leaves open what happens to an existing target, and OpenSSH refuses. See `replace`. */
  rename(from: string, to: string, wait: WaitOptions = {}): Promise<void> {
    return requests.rename(this.#session, from, to, wait);
  }

  /** Renames and replaces what is at the target, as one step (posix-rename@openssh.com). */
  replace(from: string, to: string, wait: WaitOptions = {}): Promise<void> {
    return this.#twoPaths('posix-rename@openssh.com', from, to, wait);
  }

  /** Makes a symbolic link at `path` that points to `target`. */
  symlink(target: string, path: string, wait: WaitOptions = {}): Promise<void> {
    return requests.symlink(this.#session, target, path, wait);
  }

  /** Makes a hard link at `path` to the file `target` (hardlink@openssh.com). */
  hardlink(target: string, path: string, wait: WaitOptions = {}): Promise<void> {
    return this.#twoPaths('hardlink@openssh.com', target, path, wait);
  }

  /** Where a symbolic link points. */
  readlink(path: string, wait: WaitOptions = {}): Promise<string> {
    return requests.readlink(this.#session, path, wait);
  }

  /** The absolute form of a path; `.` tells where the server starts. */
  realpath(path: string, wait: WaitOptions = {}): Promise<string> {
    return requests.realpath(this.#session, path, wait);
  }

  /** The absolute form of a path that may begin with `~` or `~user` (expand-path@openssh.com). */
  expandPath(path: string, wait: WaitOptions = {}): Promise<string> {
    const body = new WireWriter().text(path);
    return extendedPath(this.#session, 'expand-path@openssh.com', body, path, wait);
  }

  /** A user's home folder (home-directory); an empty name means the user who is logged in. */
  homeDirectory(user = '', wait: WaitOptions = {}): Promise<string> {
    const body = new WireWriter().text(user);
    return extendedPath(this.#session, 'home-directory', body, user, wait);
  }

  /** Space on the file system that holds `path` (statvfs@openssh.com). */
  async space(path: string, wait: WaitOptions = {}): Promise<FileSystemSpace> {
    const body = new WireWriter().text(path);
    return readSpace(await extendedReply(this.#session, 'statvfs@openssh.com', body, path, wait));
  }

  #twoPaths(extension: SftpExtensionName, from: string, to: string, wait: WaitOptions): Promise<void> {
    const body = new WireWriter().text(from).text(to);
    return extendedStatus(this.#session, extension, body, from, wait);
  }
}

function askLimits(session: SftpSession): Promise<SftpLimits | undefined> {
  if (!isAnnounced(session.announced, 'limits@openssh.com')) return Promise.resolve(undefined);
  return extendedReply(session, 'limits@openssh.com', new WireWriter(), undefined, {})
    .then(readLimits)
    .catch(() => undefined);
}
