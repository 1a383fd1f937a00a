import type { Writable } from 'node:stream';
import { WherryError } from '../base/errors.ts';
import { sanitize } from '../base/text.ts';
import { type FileAttributes, fileType } from '../sftp/attributes.ts';
import { OPEN_FLAGS } from '../sftp/packets.ts';
import { closeHandle, fstat, openFile } from '../sftp/requests.ts';
import type { SftpSession } from '../sftp/session.ts';
import { FileSink } from './file-sink.ts';
import { openLocalTarget } from './local-target.ts';
import { type DownloadOptions, type TransferResult, type Tuning, tuned } from './options.ts';
import { handleTarget, memoryTarget, nodeTarget, OrderedSink, webTarget } from './ordered-sink.ts';
import { ProgressMeter } from './progress.ts';
import { ReadPipeline } from './read-pipeline.ts';
import { checkCount, transferError, underDeadline } from './run.ts';
import type { DownloadStream, Sink } from './sink.ts';
import { TapSink } from './tap.ts';

/** The largest file that is fetched into memory unless the caller allows more. */
const MEMORY_LIMIT = 1_073_741_824;

/** Fetches a file to a local path. It appears under its name when it is complete, not before. */
export async function downloadToPath(
  session: SftpSession,
  tuning: Promise<Tuning>,
  remote: string,
  local: string,
  options: DownloadOptions,
): Promise<TransferResult> {
  checkRange(options);
  const failed = (error: unknown): WherryError =>
    transferError(error, 'download', { operation: 'download', path: sanitize(remote), localPath: local });
  const target = await openLocalTarget(local, options).catch((error: unknown) => {
    throw failed(error);
  });
  const base = options.start ?? 0;
  const progress = { safeLength: target.have };
  try {
    const sink = target.ordered
      ? new OrderedSink(handleTarget(target.file))
      : new FileSink(target.file.fd, target.local);
    const result = await fetch(session, tuning, remote, sink, base, base + target.have, options, progress);
    await target.commit(result.size);
    return result;
  } catch (error) {
    const partialPath = await target.discard(progress.safeLength).catch(() => undefined);
    const kept = partialPath === undefined ? {} : { partialPath };
    throw transferError(failed(error), 'download', { safeLength: progress.safeLength, ...kept });
  }
}

/** Fetches a file into a stream, which is ended when all is there and destroyed or aborted on failure. */
export async function downloadToStream(
  session: SftpSession,
  tuning: Promise<Tuning>,
  remote: string,
  stream: DownloadStream,
  options: DownloadOptions,
): Promise<TransferResult> {
  checkRange(options);
  if (options.resume === true) {
    throw new WherryError(
      'INVALID_ARGUMENT',
      'a stream cannot tell how far it came: resume takes a number here',
    );
  }
  const target = 'getWriter' in stream ? webTarget(stream) : nodeTarget(stream as Writable);
  const base = (options.start ?? 0) + (options.resume === false ? 0 : (options.resume ?? 0));
  return fetchOrdered(session, tuning, remote, new OrderedSink(target), base, options);
}

/** Fetches a file into memory: at most 1 GiB, or `length` bytes. */
export async function downloadToMemory(
  session: SftpSession,
  tuning: Promise<Tuning>,
  remote: string,
  options: DownloadOptions,
): Promise<Uint8Array> {
  checkRange(options);
  const target = memoryTarget(options.length ?? MEMORY_LIMIT);
  await fetchOrdered(session, tuning, remote, new OrderedSink(target), options.start ?? 0, options);
  return target.take();
}

async function fetchOrdered(
  session: SftpSession,
  tuning: Promise<Tuning>,
  remote: string,
  sink: Sink,
  base: number,
  options: DownloadOptions,
): Promise<TransferResult> {
  const progress = { safeLength: 0 };
  try {
    return await fetch(session, tuning, remote, sink, base, base, options, progress);
  } catch (error) {
    await sink.abort(error);
    throw transferError(error, 'download', {
      operation: 'download',
      path: sanitize(remote),
      safeLength: progress.safeLength,
    });
  }
}

/** Opens the remote file, fetches it from `start` into `sink`, closes it. `progress` tells how far it came. */
async function fetch(
  session: SftpSession,
  tuning: Promise<Tuning>,
  remote: string,
  target: Sink,
  base: number,
  start: number,
  options: DownloadOptions,
  progress: { safeLength: number },
): Promise<TransferResult> {
  const began = performance.now();
  const wait = { signal: options.signal, timeout: options.timeout };
  const handle = await openFile(session, remote, OPEN_FLAGS.SSH_FXF_READ, {}, wait);
  try {
    const [attributes, { readChunk, budget }] = await Promise.all([
      options.askSize === false ? ({} as FileAttributes) : fstat(session, handle, remote, wait),
      tuning.then((all) => tuned(all, options)),
    ]);
    if (fileType(attributes) === 'directory') {
      throw new WherryError('TRANSFER_TARGET', `${sanitize(remote)} is a folder`, { path: sanitize(remote) });
    }
    const end = options.length === undefined ? undefined : base + options.length;
    const { size } = attributes;
    if (size !== undefined && start > size && start > base)
      throw shorterThanPartial(remote, start - base, size);
    const total =
      size === undefined || size === 0 ? undefined : Math.max(0, Math.min(size, end ?? size) - base);
    const sink =
      options.onData === undefined
        ? target
        : new TapSink(target, options.onData, { base, start, size: size === 0 ? undefined : size });
    const meter = new ProgressMeter(options.onProgress, start - base, total);
    let touch: () => void = () => {};
    const pipeline = new ReadPipeline({
      session,
      handle,
      path: remote,
      start,
      end,
      size,
      chunk: readChunk,
      budget,
      sink,
      sinkBase: base,
      asks: () => touch(),
      received: (bytes) => {
        touch();
        meter.add(bytes);
      },
    });
    try {
      await underDeadline(options, session.timeout, 'download', pipeline, async (mark) => {
        touch = mark;
        await pipeline.run();
        await sink.finish();
      });
    } catch (error) {
      await sink.abort(error);
      throw error;
    } finally {
      progress.safeLength = Math.min(pipeline.safeLength - base, sink.lost);
    }
    meter.finish();
    const bytes = pipeline.safeLength - start;
    return { bytes, size: start - base + bytes, duration: performance.now() - began };
  } finally {
    closeHandle(session, handle, remote).catch(() => {});
  }
}

function checkRange(options: DownloadOptions): void {
  checkCount('start', options.start);
  checkCount('length', options.length);
  if (typeof options.resume === 'number') checkCount('resume', options.resume);
}

function shorterThanPartial(remote: string, have: number, size: number): WherryError {
  const text = `cannot resume: ${sanitize(remote)} has ${size} bytes now, less than the ${have} already here`;
  return new WherryError('TRANSFER_SIZE_CHANGED', text, {
    path: sanitize(remote),
    expected: have,
    actual: size,
  });
}
