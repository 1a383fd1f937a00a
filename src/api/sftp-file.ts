import type { WaitOptions } from '../base/deadline.ts';
import { WherryError } from '../base/errors.ts';
import { sanitize } from '../base/text.ts';
import { ask, askStatus, replyError, subject } from '../sftp/ask.ts';
import type { FileAttributes } from '../sftp/attributes.ts';
import { extendedReply, extendedStatus } from '../sftp/extended-requests.ts';
import { isAnnounced } from '../sftp/extensions.ts';
import { checkFile, type HashRequest, type RemoteHash } from '../sftp/hashes.ts';
import { block, type LockMask, unblock } from '../sftp/locks.ts';
import { SFTP_PACKETS } from '../sftp/packets.ts';
import { type FileSystemSpace, readSpace } from '../sftp/replies.ts';
import * as requests from '../sftp/requests.ts';
import { copyData } from '../sftp/server-copy.ts';
import type { SftpSession } from '../sftp/session.ts';
import { WireWriter } from '../ssh/wire/writer.ts';
import { checkCount } from '../transfer/run.ts';
import type { CopyRangeOptions } from './copy-options.ts';

/**
 * An open remote file: get one from `sftp.open`. For whole files `download` and `upload` are faster, for they keep
 * many requests under way.
 *
 * @example
 * ```ts
 * await using file = await sftp.open(remoteFile, 'r');
 * const head = await file.read(0, 4);
 * console.log(head.length);
 * ```
 */
export class SftpFile {
  readonly path: string;
  readonly #session: SftpSession;
  readonly #handle: Uint8Array;
  #closed = false;

  /** @internal */
  constructor(session: SftpSession, handle: Uint8Array, path: string) {
    this.#session = session;
    this.#handle = handle;
    this.path = path;
  }

  /** The `length` bytes from `offset`, or fewer at the end of the file; empty behind it. One request at a time. */
  async read(offset: number, length: number, wait: WaitOptions = {}): Promise<Uint8Array> {
    checkCount('offset', offset);
    checkCount('length', length);
    const parts: Uint8Array[] = [];
    let got = 0;
    while (got < length) {
      const about = { ...subject('read', this.path), offset: offset + got };
      const body = new WireWriter()
        .string(this.#open())
        .u64(offset + got)
        .u32(Math.min(length - got, 32_768));
      const reply = await ask(this.#session, SFTP_PACKETS.SSH_FXP_READ, body, about, wait);
      if (reply.type !== SFTP_PACKETS.SSH_FXP_DATA) {
        const error = replyError(reply, SFTP_PACKETS.SSH_FXP_DATA, about);
        if (error.code === 'SFTP_EOF') break;
        throw error;
      }
      const data = reply.body.string();
      if (data.length === 0) break;
      parts.push(data.length > length - got ? data.subarray(0, length - got) : data);
      got += data.length;
    }
    return Buffer.concat(parts);
  }

  /** Writes `bytes` at `offset`, in requests of at most 32 KiB. */
  async write(offset: number, bytes: Uint8Array, wait: WaitOptions = {}): Promise<void> {
    checkCount('offset', offset);
    for (let at = 0; at < bytes.length; at += 32_768) {
      const part = bytes.subarray(at, at + 32_768);
      const body = new WireWriter(part.length + 300)
        .string(this.#open())
        .u64(offset + at)
        .string(part);
      const about = { ...subject('write', this.path), offset: offset + at };
      await askStatus(this.#session, SFTP_PACKETS.SSH_FXP_WRITE, body, about, wait);
    }
  }

  stat(wait: WaitOptions = {}): Promise<FileAttributes> {
    return requests.fstat(this.#session, this.#open(), this.path, wait);
  }

  setAttributes(attributes: FileAttributes, wait: WaitOptions = {}): Promise<void> {
    return requests.fsetstat(this.#session, this.#open(), attributes, this.path, wait);
  }

  /** Asks the server to bring the file to stable storage (fsync@openssh.com); SFTP_OP_UNSUPPORTED where not offered. */
  sync(wait: WaitOptions = {}): Promise<void> {
    const body = new WireWriter().string(this.#open());
    return extendedStatus(this.#session, 'fsync@openssh.com', body, this.path, wait);
  }

  /** Space on the file system the file is on (fstatvfs@openssh.com). */
  async space(wait: WaitOptions = {}): Promise<FileSystemSpace> {
    const body = new WireWriter().string(this.#open());
    return readSpace(await extendedReply(this.#session, 'fstatvfs@openssh.com', body, this.path, wait));
  }

  /** The hash of the file or a part of it, computed by the server (check-file-handle): see `hash` of `Sftp`. */
  async hash(request: HashRequest = {}, wait: WaitOptions = {}): Promise<RemoteHash> {
    return checkFile(this.#session, { path: this.path, handle: this.#open() }, request, wait);
  }

  /** Copies bytes into another open file, on the server (copy-data). */
  async copyTo(target: SftpFile, options: CopyRangeOptions = {}): Promise<void> {
    const { start = 0, length = 0, at = 0 } = options;
    for (const [name, value] of Object.entries({ start, length, at })) checkCount(name, value);
    const range = {
      from: this.#open(),
      fromOffset: start,
      length,
      to: target.#open(),
      toOffset: at,
    };
    await copyData(this.#session, range, this.path, options);
  }

  /**
   * Locks `length` bytes from `offset`, 0 for all behind it (SSH_FXP_BLOCK, SFTP version 6). Fails with
   * SFTP_LOCK_CONFLICT where another holds a lock on them.
   */
  lock(offset: number, length: number, mask: LockMask, wait: WaitOptions = {}): Promise<void> {
    checkCount('offset', offset);
    checkCount('length', length);
    return block(this.#session, this.#open(), { offset, length }, mask, this.path, wait);
  }

  /** Takes back a lock on the same bytes (SSH_FXP_UNBLOCK, SFTP version 6). */
  unlock(offset: number, length: number, wait: WaitOptions = {}): Promise<void> {
    return unblock(this.#session, this.#open(), { offset, length }, this.path, wait);
  }

  /** Goes to a line, counted from 0, of a file opened with `text` (text-seek). */
  seekLine(line: number, wait: WaitOptions = {}): Promise<void> {
    checkCount('line', line);
    const body = new WireWriter().string(this.#open()).u64(line);
    return extendedStatus(this.#session, 'text-seek', body, this.path, wait);
  }

  /** Whether the server can `sync`. */
  get canSync(): boolean {
    return isAnnounced(this.#session.announced, 'fsync@openssh.com');
  }

  /** Closes the handle; a failure here can mean that data was not stored. May be called more than once. */
  async close(wait: WaitOptions = {}): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await requests.closeHandle(this.#session, this.#handle, this.path, wait);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #open(): Uint8Array {
    if (this.#closed)
      throw new WherryError('CLOSED', `${sanitize(this.path)} was closed`, { path: sanitize(this.path) });
    return this.#handle;
  }
}
