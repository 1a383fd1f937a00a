import type { Readable, Writable } from 'node:stream';
import type { WaitOptions } from '../base/deadline.ts';
import type { FileAttributes } from '../sftp/attributes.ts';
import type { SftpLimits } from '../sftp/replies.ts';
import type { SftpSession } from '../sftp/session.ts';
import {
  downloadToMemory,
  downloadToPath,
  downloadToStream,
  downloadToTarget,
} from '../transfer/download.ts';
import { type FollowOptions, followRemote } from '../transfer/follow.ts';
import { Lanes } from '../transfer/lanes.ts';
import { DownloadReadable, UploadWritable } from '../transfer/node-streams.ts';
import type { DownloadOptions, TransferResult, UploadOptions } from '../transfer/options.ts';
import { remoteHash } from '../transfer/remote-hash.ts';
import { profileOf } from '../transfer/server-profiles.ts';
import type { DownloadStream } from '../transfer/sink.ts';
import { LOCAL_SIDE } from '../transfer/tree/local-side.ts';
import { mirrorTree } from '../transfer/tree/mirror.ts';
import type { MirrorOptions, MirrorResult, TreeOptions, TreeResult } from '../transfer/tree/options.ts';
import { type RemoteVerbs, remoteSide } from '../transfer/tree/remote-side.ts';
import type { Side } from '../transfer/tree/side.ts';
import { moveTree, type TreeWay } from '../transfer/tree/tree.ts';
import { type Tuning, tuningFor } from '../transfer/tuning.ts';
import { type UploadSource, upload, uploadSource } from '../transfer/upload.ts';
import type { DirectoryEntry, ListOptions } from './directory-entry.ts';

/** What an SFTP session knows of the road it runs on. */
export interface SftpRoad {
  /** The server's identification line. */
  readonly serverVersion?: string;
  /** Starts another session on the same connection; what the server says to that need not have come. */
  readonly startSession?: () => Promise<SftpSession>;
  /** Milliseconds until the channel was open. */
  readonly roundTrip?: number;
}

/**
 * The transfers of an SFTP session; `Sftp` adds the verbs of the protocol. All transfers of a session share one
 * budget of bytes under way, however many there are.
 *
 * @example
 * ```ts
 * const { bytes, duration } = await sftp.download(remoteFile, localFile, { preserve: 'times' });
 * console.log(bytes, duration);
 * ```
 */
export abstract class SftpTransfers implements RemoteVerbs {
  readonly #session: SftpSession;
  readonly #tuning: Promise<Tuning>;
  readonly #lanes: Lanes | undefined;
  readonly #prepare: (bytes: number) => void;

  /** @internal */
  constructor(session: SftpSession, limits: Promise<SftpLimits | undefined>, road: SftpRoad) {
    this.#session = session;
    const { startSession, roundTrip = Number.POSITIVE_INFINITY, serverVersion = '' } = road;
    const profile = profileOf(serverVersion);
    const lanes = profile.stripe === true && startSession !== undefined ? new Lanes(startSession) : undefined;
    this.#lanes = lanes;
    this.#prepare = (bytes) => lanes?.prepare(bytes, roundTrip);
    const asked = performance.now();
    this.#tuning = limits.then((told) => {
      const tuning = tuningFor(told, profile, lanes);
      tuning.writes.answered(roundTrip);
      if (told !== undefined) {
        tuning.reads.answered(performance.now() - asked);
        tuning.writes.answered(performance.now() - asked);
      }
      return tuning;
    });
  }

  abstract list(path: string, options?: ListOptions): AsyncGenerator<DirectoryEntry, void, void>;
  abstract stat(path: string, wait?: WaitOptions): Promise<FileAttributes>;
  abstract lstat(path: string, wait?: WaitOptions): Promise<FileAttributes>;
  abstract setAttributes(path: string, attributes: FileAttributes, wait?: WaitOptions): Promise<void>;
  abstract mkdir(path: string, attributes?: FileAttributes, wait?: WaitOptions): Promise<void>;
  abstract rmdir(path: string, wait?: WaitOptions): Promise<void>;
  abstract remove(path: string, wait?: WaitOptions): Promise<void>;
  abstract symlink(target: string, path: string, wait?: WaitOptions): Promise<void>;
  abstract readlink(path: string, wait?: WaitOptions): Promise<string>;
  abstract realpath(path: string, wait?: WaitOptions): Promise<string>;

  /**
   * Fetches a file to a local path or into a stream.
   *
   * To a path, the bytes go into a temporary file beside it, which is renamed when complete: a broken download
   * never leaves a half file under the final name. A stream is ended when all is there and destroyed on failure.
   * Whatever size the server told, reading goes on to the end of the file; a file that turns out shorter fails with
   * TRANSFER_SIZE_CHANGED. Local trouble is TRANSFER_LOCAL_FILE; `details.safeLength` says how far it came.
   *
   * @example
   * ```ts
   * await sftp.download(remoteFile, localFile, {
   *   onProgress: ({ transferred, total }) => console.log(transferred, total),
   * });
   * ```
   */
  download(
    remote: string,
    target: string | DownloadStream,
    options: DownloadOptions = {},
  ): Promise<TransferResult> {
    return typeof target === 'string'
      ? downloadToPath(this.#session, this.#tuning, remote, target, options)
      : downloadToStream(this.#session, this.#tuning, remote, target, options);
  }

  /**
   * A whole file, or `start` and `length` of it, in memory. Fails with LIMIT_EXCEEDED above `length` bytes, by
   * default 1 GiB.
   *
   * @example
   * ```ts
   * const text = Buffer.from(await sftp.readFile(remoteFile)).toString('utf8');
   * console.log(text.length);
   * ```
   */
  readFile(remote: string, options: DownloadOptions = {}): Promise<Uint8Array> {
    return downloadToMemory(this.#session, this.#tuning, remote, options);
  }

  /**
   * Sends a local file, bytes, or a stream to a remote path, and replaces what is there. No attribute is set unless
   * `mode` asks for it. A failure tells in `details.safeLength` up to where the server has everything.
   *
   * @example
   * ```ts
   * await sftp.upload(localFile, remoteFile);
   * await sftp.upload(Buffer.from('hello\n'), remoteFile, { mode: 0o600 });
   * ```
   */
  upload(source: UploadSource, remote: string, options: UploadOptions = {}): Promise<TransferResult> {
    return upload(this.#session, this.#tuning, source, remote, options, { prepare: this.#prepare });
  }

  /**
   * Fetches a folder with all below it, empty folders too, many files at a time. `include` and `exclude` choose by
   * name, `symlinks` says what becomes of links, `preserve` keeps permission bits and times. A name that would leave
   * the target folder fails with TRANSFER_UNSAFE_NAME, and no local link below the target is followed. What is left
   * out is listed in `skipped`. The first failure ends it, unless `continueOnError`.
   *
   * @example
   * ```ts
   * const { files, bytes } = await sftp.downloadTree(remoteFolder, localFolder, { exclude: ['*.tmp', 'cache/**'] });
   * console.log(files, bytes);
   * ```
   */
  downloadTree(remote: string, local: string, options: TreeOptions = {}): Promise<TreeResult> {
    return moveTree(this.#down(options), remote, local, options);
  }

  /**
   * Sends a folder with all below it, many files at a time; remote folders that are missing are made. Options as for
   * `downloadTree`.
   *
   * @example
   * ```ts
   * const { files, folders } = await sftp.uploadTree(localFolder, `${remoteFolder}/copy`, { preserve: true });
   * console.log(files, folders);
   * ```
   */
  uploadTree(local: string, remote: string, options: TreeOptions = {}): Promise<TreeResult> {
    return moveTree(this.#up(options), local, remote, options);
  }

  /**
   * Makes a local folder like a remote one: fetches what is new or changed, by size and time or as `compare` says, and
   * with `delete` removes what the server does not have. `dryRun` changes nothing and gives the plan in `actions`.
   *
   * @example
   * ```ts
   * const plan = await sftp.mirrorDown(remoteFolder, localFolder, { delete: true, dryRun: true });
   * for (const { action, path } of plan.actions) console.log(action, path);
   * await sftp.mirrorDown(remoteFolder, localFolder, { preserve: true });
   * ```
   */
  mirrorDown(remote: string, local: string, options: MirrorOptions = {}): Promise<MirrorResult> {
    return mirrorTree(this.#down(options), remote, local, options);
  }

  /**
   * Makes a remote folder like a local one: sends what is new or changed, and with `delete` removes what is not here.
   *
   * @example
   * ```ts
   * const { files, unchanged, deleted } = await sftp.mirrorUp(localFolder, remoteFolder, { preserve: 'times' });
   * console.log(files, unchanged, deleted);
   * ```
   */
  mirrorUp(local: string, remote: string, options: MirrorOptions = {}): Promise<MirrorResult> {
    return mirrorTree(this.#up(options), local, remote, options);
  }

  /**
   * What is appended to a remote file, as it comes, like `tail -F`: from now on, or from `start`. A file that is cut or
   * replaced by another one is read again from its beginning. Ends with the signal, by leaving the loop, or when
   * nothing came for `idle` milliseconds.
   *
   * @example
   * ```ts
   * for await (const bytes of sftp.follow(remoteFile, { start: 0, idle: 500, interval: 50 })) {
   *   console.log(Buffer.from(bytes).toString('utf8'));
   * }
   * ```
   */
  follow(remote: string, options: FollowOptions = {}): AsyncGenerator<Uint8Array, void, void> {
    return followRemote(this.#session, remote, options);
  }

  /**
   * A Node stream of a remote file, or of `start` and `length` of it; the transfer behind it keeps many requests under
   * way. Reading begins with the first read; destroying the stream ends it.
   *
   * @example
   * ```ts
   * import { pipeline } from 'node:stream/promises';
   * import { createGzip } from 'node:zlib';
   *
   * await pipeline(sftp.createReadStream(remoteFile), createGzip(), sftp.createWriteStream(`${remoteFile}.gz`));
   * ```
   */
  createReadStream(remote: string, options: DownloadOptions = {}): Readable {
    const stop = new AbortController();
    const signal =
      options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
    const stream: DownloadReadable = new DownloadReadable((target) => {
      downloadToTarget(this.#session, this.#tuning, remote, target, { ...options, signal }).catch(
        (error: Error) => stream.destroy(error),
      );
    }, stop);
    return stream;
  }

  /** A Node stream into a remote file. It finishes when the server has everything; destroying it ends the upload. */
  createWriteStream(remote: string, options: UploadOptions = {}): Writable {
    const stop = new AbortController();
    const signal =
      options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
    const stream = new UploadWritable(stop);
    stream.follow(uploadSource(this.#session, this.#tuning, stream, remote, { ...options, signal }));
    return stream;
  }

  /** Ends the session with its further channels; the connection stays. May be called more than once. */
  close(): Promise<void> {
    this.#lanes?.close();
    return this.#session.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #down(options: TreeOptions): TreeWay {
    const keepPartial = options.resume;
    return {
      from: this.#remoteSide(options),
      to: LOCAL_SIDE,
      handles: this.#handles(),
      move: (item, transfer) =>
        downloadToPath(
          this.#session,
          this.#tuning,
          item.from,
          item.to,
          { ...transfer, keepPartial },
          { attributes: item.attributes.size === undefined ? undefined : item.attributes, inTree: true },
        ),
    };
  }

  #up(options: TreeOptions): TreeWay {
    const atomic = options.atomic ?? options.resume;
    return {
      from: LOCAL_SIDE,
      to: this.#remoteSide(options),
      handles: this.#handles(),
      move: (item, transfer) =>
        upload(
          this.#session,
          this.#tuning,
          item.from,
          item.to,
          { ...transfer, atomic },
          { size: item.attributes.size },
        ),
    };
  }

  #handles(): Promise<number> {
    return this.#tuning.then(({ handles }) => handles);
  }

  #remoteSide({ signal, timeout }: WaitOptions): Side {
    const wait = { signal, timeout };
    return remoteSide(this, (path) => remoteHash(this.#session, this.#tuning, path, wait), wait);
  }
}
