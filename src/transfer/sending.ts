import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { WherryError } from '../base/errors.ts';
import { sanitize } from '../base/text.ts';
import type { FileAttributes } from '../sftp/attributes.ts';
import { followSource } from './follow-source.ts';
import { keptOfLocal } from './kept-attributes.ts';
import { isLocalFileSystem } from './local-file-system.ts';
import type { UploadOptions } from './options.ts';
import type { SmallFile } from './quick-files.ts';
import type { ReadLocal } from './resume-check.ts';
import { bytesSource, FileSource, type Source, skipping, streamSource, type UploadStream } from './source.ts';
import { localHash } from './verify.ts';

/** Read from the local file at a time: one WRITE, so that the next read and the sending overlap. */
const BLOCK_BYTES = 261_120;

/** What is sent. */
export interface Sending {
  /** Undefined where it shows only at the end. */
  readonly size: number | undefined;
  /** From byte `start` on, in pieces that make whole WRITEs of `chunk` bytes where that can be. */
  make(start: number, chunk: number): Source;
  /** Reads again what an earlier transfer has sent; undefined where that cannot be. */
  readonly read: ReadLocal | undefined;
  /** SHA-256 of what was sent, in hexadecimal. */
  hash(): Promise<string>;
  /** What `preserve` sets on the target. */
  readonly kept: FileAttributes | undefined;
}

/** Bytes or a stream. */
export function given(from: Uint8Array | UploadStream, remote: string, { verify }: UploadOptions): Sending {
  if (!(from instanceof Uint8Array)) {
    const hash = createHash('sha256');
    const make = (start: number): Source => {
      const source = verify === true ? hashing(streamSource(from), hash) : streamSource(from);
      return start === 0 ? source : skipping(source, start);
    };
    return { size: undefined, make, read: undefined, hash: async () => hash.digest('hex'), kept: undefined };
  }
  return {
    size: from.length,
    make(start) {
      if (start > from.length) throw longerThanSource(remote, start, from.length);
      return bytesSource(from.subarray(start));
    },
    read: async (offset, length) => from.subarray(offset, offset + length),
    hash: async () => createHash('sha256').update(from).digest('hex'),
    kept: undefined,
  };
}

/** A small local file that has been read. */
export function held({ bytes, info }: SmallFile, remote: string, { preserve }: UploadOptions): Sending {
  return { ...given(bytes, remote, {}), kept: preserve ? keptOfLocal(info, preserve) : undefined };
}

/** A source that exists already; it cannot be hashed or read again. */
export function ofSource(source: Source): Sending {
  const make = (start: number): Source => (start === 0 ? source : skipping(source, start));
  const hash = (): Promise<string> =>
    Promise.reject(new WherryError('INVALID_ARGUMENT', 'a write stream cannot be verified'));
  return { size: undefined, make, read: undefined, hash, kept: undefined };
}

/** An open local file; one that is no regular file is read as a stream. */
export async function opened(
  file: FileHandle,
  path: string,
  remote: string,
  { preserve, follow }: UploadOptions,
): Promise<Sending> {
  const [info, local] = await Promise.all([file.stat(), isLocalFileSystem(path)]);
  if (info.isDirectory())
    throw new WherryError('TRANSFER_TARGET', `${path} is a folder`, { localPath: path });
  const make = (start: number, chunk: number): Source => {
    const block = Math.max(1, Math.round(BLOCK_BYTES / chunk)) * chunk;
    if (!info.isFile())
      return streamSource(file.createReadStream({ autoClose: false, ...(start === 0 ? {} : { start }) }));
    if (start > info.size) throw longerThanSource(remote, start, info.size);
    return follow === undefined
      ? new FileSource(file.fd, info.size, start, block, local)
      : followSource(file, start, block, follow);
  };
  const read: ReadLocal = async (offset, length) => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  };
  const regular = info.isFile();
  const kept = preserve && regular ? keptOfLocal(info, preserve) : undefined;
  return {
    size: regular ? info.size : undefined,
    make,
    read: regular ? read : undefined,
    hash: () => localHash(path),
    kept,
  };
}

function longerThanSource(remote: string, start: number, size: number): WherryError {
  const text = `cannot resume: ${sanitize(remote)} has ${start} bytes already, the source only ${size}`;
  return new WherryError('TRANSFER_SIZE_CHANGED', text, { expected: size, actual: start });
}

/** The same source, its bytes hashed as they pass. */
function hashing(source: Source, hash: Hash): Source {
  return {
    size: source.size,
    async next() {
      const bytes = await source.next();
      if (bytes !== undefined) hash.update(bytes);
      return bytes;
    },
    release: (bytes) => source.release(bytes),
    cancel: (reason) => source.cancel(reason),
  };
}
