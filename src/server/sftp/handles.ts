import { toHex } from '../../base/bytes.ts';
import { WireWriter } from '../../ssh/wire/writer.ts';
import { FilesError, type ServedFile } from '../files/served-files.ts';
import type { LockedRange, LockHolder, LockTable } from './locks.ts';
import type { OpenMode } from './open-modes.ts';

/** What a client holds open. */
export type OpenHandle = FileHandle | FolderHandle;

export interface FolderHandle {
  readonly kind: 'folder';
  readonly path: string;
  /** Names still to be listed. */
  readonly names: string[];
}

/** Bytes go by the offsets of the requests, or, where it was opened as text, one piece behind the other. */
export class FileHandle implements LockHolder {
  readonly kind = 'file';
  readonly ranges: LockedRange[] = [];
  readonly #file: ServedFile;
  readonly #mode: OpenMode;
  readonly #locks: LockTable;
  readonly path: string;
  #position = 0;

  constructor(file: ServedFile, mode: OpenMode, path: string, locks: LockTable) {
    this.#file = file;
    this.#mode = mode;
    this.#locks = locks;
    this.path = path;
  }

  /** Takes its locks, and cuts the file if it is to be cut. */
  begin(): void {
    this.#locks.open(this);
    if (this.#mode.truncate && this.writable) this.#file.setAttributes({ size: 0 });
  }

  get file(): ServedFile {
    return this.#file;
  }

  get identity(): string {
    return this.#file.identity;
  }

  get readable(): boolean {
    return this.#mode.read;
  }

  get writable(): boolean {
    return this.#mode.write;
  }

  get block(): number {
    return this.#mode.block;
  }

  get text(): boolean {
    return this.#mode.text;
  }

  get deleteOnClose(): boolean {
    return this.#mode.deleteOnClose;
  }

  read(offset: number, length: number): Uint8Array {
    if (!this.readable) throw new FilesError('SSH_FX_FAILURE', 'not open for reading');
    const at = this.text ? this.#position : offset;
    this.#locks.check(this, at, length, 'read');
    const bytes = this.#file.read(at, length);
    this.#position = at + bytes.length;
    return bytes;
  }

  write(offset: number, bytes: Uint8Array): void {
    if (!this.writable) throw new FilesError('SSH_FX_FAILURE', 'not open for writing');
    const at = this.text ? this.#position : offset;
    this.#locks.check(this, at, bytes.length, 'write');
    this.#file.write(at, bytes);
    this.#position = at + bytes.length;
  }

  /** Goes to the start of a line, the first of which has the number 0. */
  seekLine(line: number, piece: number): void {
    let at = 0;
    for (let left = line; left > 0; ) {
      const bytes = this.#file.read(at, piece);
      if (bytes.length === 0) throw new FilesError('SSH_FX_EOF', 'End of file');
      const end = bytes.indexOf(0x0a);
      at += end < 0 ? bytes.length : end + 1;
      if (end >= 0) left--;
    }
    this.#position = at;
  }

  close(): void {
    this.#locks.close(this);
    this.#file.close();
  }
}

/** What one session holds open, by the opaque bytes its client has for it. */
export class Handles {
  readonly #open = new Map<string, OpenHandle>();
  readonly #most: number;
  /** How many were ever given out. */
  given = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Throws when there is no room for one more. */
  checkRoom(): void {
    if (this.#open.size >= this.#most) throw new FilesError('SSH_FX_FAILURE', 'too many open files');
  }

  /** The bytes are no text, so that nobody takes them for one. */
  keep(handle: OpenHandle): Uint8Array {
    const id = new WireWriter(5)
      .u8(0xff)
      .u32(this.given++)
      .finish();
    this.#open.set(toHex(id), handle);
    return id;
  }

  get(id: Uint8Array): OpenHandle {
    const found = this.#open.get(toHex(id));
    if (found === undefined) throw new FilesError('SSH_FX_INVALID_HANDLE', 'invalid handle');
    return found;
  }

  /** Takes it out; to be closed by whoever asks. */
  take(id: Uint8Array): OpenHandle {
    const found = this.get(id);
    this.#open.delete(toHex(id));
    return found;
  }

  closeAll(): void {
    for (const handle of this.#open.values()) if (handle.kind === 'file') handle.close();
    this.#open.clear();
  }
}
