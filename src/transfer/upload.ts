import { open as openLocal } from 'node:fs/promises';
import { WherryError } from '../base/errors.ts';
import { sanitize } from '../base/text.ts';
import { OPEN_FLAGS } from '../sftp/packets.ts';
import { closeHandle, fstat, openFile } from '../sftp/requests.ts';
import type { SftpSession } from '../sftp/session.ts';
import { type TransferResult, type Tuning, tuned, type UploadOptions } from './options.ts';
import { ProgressMeter } from './progress.ts';
import { checkCount, transferError, underDeadline } from './run.ts';
import {
  abandon,
  bytesSource,
  FileSource,
  type Source,
  skipping,
  streamSource,
  type UploadStream,
} from './source.ts';
import { tapSource } from './tap.ts';
import { WritePipeline } from './write-pipeline.ts';

/** Read from the local file at a time: one WRITE, so that the next read and the sending overlap. */
const BLOCK_BYTES = 261_120;

/** What an upload can be read from: a path, bytes, or a stream. */
export type UploadSource = string | Uint8Array | UploadStream;

/** Sends a file. What is at the remote path is replaced, unless the options say otherwise. */
export async function upload(
  session: SftpSession,
  tuning: Promise<Tuning>,
  from: UploadSource,
  remote: string,
  options: UploadOptions,
): Promise<TransferResult> {
  if (typeof options.resume === 'number') checkCount('resume', options.resume);
  checkCount('mode', options.mode);
  if (typeof options.at === 'number') checkCount('at', options.at);
  if (options.at !== undefined && options.resume !== undefined && options.resume !== false)
    throw new WherryError('INVALID_ARGUMENT', 'at and resume exclude each other');
  const about = { operation: 'upload', path: sanitize(remote) };
  if (typeof from !== 'string') {
    const make = (start: number): Source => {
      if (!(from instanceof Uint8Array))
        return start === 0 ? streamSource(from) : skipping(streamSource(from), start);
      if (start > from.length) throw longerThanSource(remote, start, from.length);
      return bytesSource(from.subarray(start));
    };
    const size = from instanceof Uint8Array ? from.length : undefined;
    return send(session, tuning, make, size, remote, options).catch((error: unknown) => {
      if (!(from instanceof Uint8Array)) abandon(from, error);
      throw transferError(error, 'upload', about);
    });
  }
  try {
    const file = await openLocal(from, 'r');
    try {
      const info = await file.stat();
      if (info.isDirectory())
        throw new WherryError('TRANSFER_TARGET', `${from} is a folder`, { localPath: from });
      const { writeChunk } = await tuning;
      const block = Math.max(1, Math.round(BLOCK_BYTES / writeChunk)) * writeChunk;
      const make = (start: number): Source => {
        if (!info.isFile())
          return streamSource(file.createReadStream({ autoClose: false, ...(start === 0 ? {} : { start }) }));
        if (start > info.size) throw longerThanSource(remote, start, info.size);
        return new FileSource(file.fd, info.size, start, block);
      };
      return await send(session, tuning, make, info.isFile() ? info.size : undefined, remote, options);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw transferError(error, 'upload', { ...about, localPath: from });
  }
}

async function send(
  session: SftpSession,
  tuning: Promise<Tuning>,
  make: (start: number) => Source,
  size: number | undefined,
  remote: string,
  options: UploadOptions,
): Promise<TransferResult> {
  const began = performance.now();
  const wait = { signal: options.signal, timeout: options.timeout };
  const resume = options.resume !== undefined && options.resume !== false;
  const keep = resume || options.at !== undefined;
  const { SSH_FXF_WRITE, SSH_FXF_CREAT, SSH_FXF_TRUNC, SSH_FXF_EXCL } = OPEN_FLAGS;
  const flags =
    SSH_FXF_WRITE +
    SSH_FXF_CREAT +
    (keep ? 0 : SSH_FXF_TRUNC) +
    (options.overwrite === false && !keep ? SSH_FXF_EXCL : 0);
  const attributes = options.mode === undefined ? {} : { permissions: options.mode };
  const handle = await openFile(session, remote, flags, attributes, wait);
  let source: Source | undefined;
  let open = true;
  try {
    const from = resume ? await resumeAt(session, handle, remote, options) : 0;
    const start = options.at === undefined ? from : await placeOf(session, handle, remote, options);
    source = make(from);
    if (options.onData !== undefined) source = tapSource(source, options.onData, start, size);
    const { writeChunk, budget } = tuned(await tuning, options);
    const meter = new ProgressMeter(options.onProgress, from, size);
    let touch: () => void = () => {};
    const pipeline = new WritePipeline({
      session,
      handle,
      path: remote,
      start,
      chunk: writeChunk,
      budget,
      source,
      asks: () => touch(),
      acknowledged: (bytes) => {
        touch();
        meter.add(bytes);
      },
    });
    const end = await underDeadline(options, session.timeout, 'upload', pipeline, (mark) => {
      touch = mark;
      return pipeline.run();
    }).catch((error: unknown) => {
      throw transferError(error, 'upload', { operation: 'upload', safeLength: pipeline.safeLength });
    });
    const read = from + end - start;
    if (size !== undefined && read < size) throw shrank(remote, size, read);
    meter.finish();
    open = false;
    await closeHandle(session, handle, remote, wait);
    return { bytes: end - start, size: end, duration: performance.now() - began };
  } catch (error) {
    await source?.cancel(error).catch(() => {});
    if (open) closeHandle(session, handle, remote).catch(() => {});
    throw error;
  }
}

/** Where in the remote file `at` is. */
async function placeOf(
  session: SftpSession,
  handle: Uint8Array,
  remote: string,
  { at, signal, timeout }: UploadOptions,
): Promise<number> {
  if (at !== 'end') return at ?? 0;
  const { size } = await fstat(session, handle, remote, { signal, timeout });
  if (size !== undefined) return size;
  throw new WherryError(
    'TRANSFER_SIZE_CHANGED',
    'cannot append: the server does not tell the size of the file',
  );
}

/** From where on an upload goes on: what is on the server already, or what the caller says. */
async function resumeAt(
  session: SftpSession,
  handle: Uint8Array,
  remote: string,
  options: UploadOptions,
): Promise<number> {
  const { size } = await fstat(session, handle, remote, { signal: options.signal, timeout: options.timeout });
  if (options.resume === true) {
    if (size !== undefined) return size;
    throw new WherryError(
      'TRANSFER_SIZE_CHANGED',
      'cannot resume: the server does not tell the size of the file',
    );
  }
  const start = options.resume as number;
  if (size !== undefined && start > size) {
    const text = `cannot resume at ${start}: ${sanitize(remote)} has ${size} bytes, which would leave a gap`;
    throw new WherryError('TRANSFER_SIZE_CHANGED', text, { expected: start, actual: size });
  }
  return start;
}

function longerThanSource(remote: string, start: number, size: number): WherryError {
  const text = `cannot resume: ${sanitize(remote)} has ${start} bytes already, the source only ${size}`;
  return new WherryError('TRANSFER_SIZE_CHANGED', text, { expected: size, actual: start });
}

function shrank(remote: string, expected: number, actual: number): WherryError {
  const text = `the source of ${sanitize(remote)} ended at byte ${actual} of ${expected}: it changed while it was read`;
  return new WherryError('TRANSFER_SIZE_CHANGED', text, { operation: 'upload', expected, actual });
}
