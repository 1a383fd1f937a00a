import type { WaitOptions } from '../base/deadline.ts';
import { WherryError } from '../base/errors.ts';
import { sanitize } from '../base/text.ts';
import { pathBody, subject, unsupported } from '../sftp/ask.ts';
import { extendedPath, extendedReply, extendedStatus } from '../sftp/extended-requests.ts';
import { isAnnounced, type SftpExtensionName } from '../sftp/extensions.ts';
import type { VendorId } from '../sftp/features.ts';
import { checkFile, type HashRequest, md5Hash, type RemoteHash } from '../sftp/hashes.ts';
import { codePageNames, UTF8_NAMES } from '../sftp/names.ts';
import {
  type AvailableSpace,
  type FileSystemSpace,
  readAvailableSpace,
  readIdNames,
  readSpace,
  type SftpLimits,
} from '../sftp/replies.ts';
import { copyFile } from '../sftp/server-copy.ts';
import type { SftpSession } from '../sftp/session.ts';
import { WireWriter } from '../ssh/wire/writer.ts';
import type { CopyOptions, CopyRangeOptions } from './copy-options.ts';
import type { SftpRoad } from './sftp-transfers.ts';
import { SftpVerbs } from './sftp-verbs.ts';

/** Bytes on a file system. */
export interface SpaceInfo {
  readonly total: bigint;
  /** Free to this user. */
  readonly free: bigint;
}

/** What extensions of the protocol offer, for `Sftp`. Each fails with SFTP_OP_UNSUPPORTED where it is not announced. */
export class SftpExtras extends SftpVerbs {
  readonly #session: SftpSession;

  /** @internal */
  constructor(session: SftpSession, limits: Promise<SftpLimits | undefined>, road: SftpRoad) {
    super(session, limits, road);
    this.#session = session;
  }

  /** Whether the server announced an extension in a version that is spoken here. */
  offers(extension: SftpExtensionName): boolean {
    return isAnnounced(this.#session.announced, extension);
  }

  /**
   * The hash of a file, or of a part of it, computed by the server (check-file, or md5-hash). The server takes the first
   * algorithm it knows: by default sha256, sha224, sha384, sha512, sha1, md5. Rejects with SFTP_OP_UNSUPPORTED where it has
   * neither extension, and for ranges that it is known to hash wrong.
   *
   * @example
   * ```ts
   * if (sftp.offers('check-file-name')) {
   *   const { algorithm, hashes } = await sftp.hash(remoteFile, { algorithms: ['sha256'] });
   *   console.log(algorithm, Buffer.from(hashes[0]!).toString('hex'));
   * }
   * ```
   */
  async hash(path: string, options: HashRequest & WaitOptions = {}): Promise<RemoteHash> {
    const onlyMd5 = !this.offers('check-file-name') && !this.offers('check-file-handle');
    const md5Allowed = options.algorithms?.includes('md5') ?? true;
    if (onlyMd5 && this.offers('md5-hash') && md5Allowed && !options.blockSize)
      return { algorithm: 'md5', hashes: [await md5Hash(this.#session, { path }, options, options)] };
    if (this.offers('check-file-name') || !this.offers('check-file-handle'))
      return checkFile(this.#session, { path }, options, options);
    await using file = await this.open(path, 'r', {}, options);
    return await file.hash(options, options);
  }

  /**
   * Copies a file on the server: copy-file, or copy-data into a file that is opened for it. The bytes do not travel.
   *
   * @example
   * ```ts
   * if (sftp.offers('copy-file') || sftp.offers('copy-data')) await sftp.copy(remoteFile, `${remoteFile}.bak`);
   * ```
   */
  async copy(from: string, to: string, options: CopyOptions = {}): Promise<void> {
    const { overwrite = true, ...wait } = options;
    if (this.offers('copy-file')) {
      await copyFile(this.#session, from, to, overwrite, wait);
      return;
    }
    this.#mustOffer('copy-data', 'copy', from);
    await using source = await this.open(from, 'r', {}, wait);
    await using target = await this.open(to, overwrite ? 'w' : 'wx', {}, wait);
    await source.copyTo(target, wait);
    await target.close(wait);
  }

  /** Copies bytes of one file into another, which stays as it is around them (copy-data). The target must exist. */
  async copyRange(from: string, to: string, options: CopyRangeOptions = {}): Promise<void> {
    this.#mustOffer('copy-data', 'copy', from);
    await using source = await this.open(from, 'r', {}, options);
    await using target = await this.open(to, 'r+', {}, options);
    await source.copyTo(target, options);
    await target.close(options);
  }

  /** The absolute form of a path that may begin with `~` or `~user` (expand-path@openssh.com). */
  async expandPath(path: string, wait: WaitOptions = {}): Promise<string> {
    const body = new WireWriter().string(this.#session.names.encode(path));
    return extendedPath(this.#session, 'expand-path@openssh.com', body, path, wait);
  }

  /** A user's home folder (home-directory); an empty name means the user who is logged in. */
  homeDirectory(user = '', wait: WaitOptions = {}): Promise<string> {
    return extendedPath(this.#session, 'home-directory', new WireWriter().text(user), user, wait);
  }

  /** A folder for temporary files on the server (get-temp-folder). */
  temporaryFolder(wait: WaitOptions = {}): Promise<string> {
    return extendedPath(this.#session, 'get-temp-folder', new WireWriter(), '', wait);
  }

  /** Makes a fresh folder for temporary files on the server (make-temp-folder). */
  makeTemporaryFolder(wait: WaitOptions = {}): Promise<string> {
    return extendedPath(this.#session, 'make-temp-folder', new WireWriter(), '', wait);
  }

  /** Space on the file system that holds `path` (statvfs@openssh.com). */
  async space(path: string, wait: WaitOptions = {}): Promise<FileSystemSpace> {
    const body = pathBody(this.#session, path);
    return readSpace(await extendedReply(this.#session, 'statvfs@openssh.com', body, path, wait));
  }

  /** Space on the device that holds `path`, in all and for this user (space-available). */
  async availableSpace(path: string, wait: WaitOptions = {}): Promise<AvailableSpace> {
    const body = pathBody(this.#session, path);
    return readAvailableSpace(await extendedReply(this.#session, 'space-available', body, path, wait));
  }

  /**
   * All bytes and the free ones where `path` is, by statvfs@openssh.com or space-available, whichever the server has.
   *
   * @example
   * ```ts
   * const { total, free } = await sftp.spaceInfo(remoteFolder);
   * console.log(free <= total);
   * ```
   */
  async spaceInfo(path: string, wait: WaitOptions = {}): Promise<SpaceInfo> {
    const byStatvfs = this.offers('statvfs@openssh.com');
    if (!byStatvfs && !this.offers('space-available'))
      throw unsupported(
        subject('spaceInfo', path),
        'it announces neither statvfs@openssh.com nor space-available',
      );
    if (byStatvfs) {
      const { blocks, blocksAvailable, fragmentSize } = await this.space(path, wait);
      return { total: blocks * fragmentSize, free: blocksAvailable * fragmentSize };
    }
    const { total, unused, totalForUser, unusedForUser } = await this.availableSpace(path, wait);
    return totalForUser > 0n ? { total, free: unusedForUser } : { total, free: unused };
  }

  /** Names of users and groups by their numbers (users-groups-by-id@openssh.com); an unknown one has an empty name. */
  async namesOfIds(
    ids: { readonly users?: readonly number[]; readonly groups?: readonly number[] },
    wait: WaitOptions = {},
  ): Promise<{ users: string[]; groups: string[] }> {
    const packed = (numbers: readonly number[] = []): Uint8Array =>
      numbers.reduce((writer, number) => writer.u32(number), new WireWriter()).finish();
    const body = new WireWriter().string(packed(ids.users)).string(packed(ids.groups));
    const name = 'users-groups-by-id@openssh.com';
    return readIdNames(await extendedReply(this.#session, name, body, undefined, wait));
  }

  /**
   * Whether the server turns file names into UTF-8 (filename-translation-control). With `false` names travel in the
   * server's own encoding, which `features.nameCharset` tells, and are read and written in it here.
   */
  async translateNames(on: boolean, wait: WaitOptions = {}): Promise<void> {
    const session = this.#session;
    const charset = session.features.nameCharset;
    const names = on || charset === undefined ? UTF8_NAMES : await codePageNames(charset);
    const body = new WireWriter().bool(on);
    await extendedStatus(session, 'filename-translation-control', body, undefined, wait);
    session.names = names;
  }

  /** Tells the server who we are (vendor-id). */
  async identify(vendor: VendorId, wait: WaitOptions = {}): Promise<void> {
    const { vendor: maker, product, version, build } = vendor;
    const body = new WireWriter().text(maker).text(product).text(version).u64(build);
    await extendedStatus(this.#session, 'vendor-id', body, undefined, wait);
  }

  #mustOffer(name: SftpExtensionName, operation: string, path: string): void {
    if (this.offers(name)) return;
    throw new WherryError(
      'SFTP_OP_UNSUPPORTED',
      `${operation} ${sanitize(path)} is not supported by this server: it does not announce ${name}`,
      subject(operation, path),
    );
  }
}
