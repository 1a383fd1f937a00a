import type { Writable } from 'node:stream';
import type { WaitOptions } from '../base/deadline.ts';
import { WherryError } from '../base/errors.ts';
import { sanitize } from '../base/text.ts';
import { type FileAttributes, fileType } from '../sftp/attributes.ts';
import { openFile } from '../sftp/open-file.ts';
import { OPEN_FLAGS } from '../sftp/packets.ts';
import { closeHandle, fstat, stat } from '../sftp/requests.ts';
import type { SftpSession } from '../sftp/session.ts';
import { FileSink } from './file-sink.ts';
import { keepOnLocal } from './kept-attributes.ts';
import { checkTextOptions, lineEnds } from './line-ends.ts';
import { type LocalTarget, openLocalTarget } from './local-target.ts';
import type { DownloadOptions, TransferResult } from './options.ts';
import {
  handleTarget,
  memoryTarget,
  nodeTarget,
  OrderedSink,
  type OrderedTarget,
  webTarget,
} from './ordered-sink.ts';
import { ProgressMeter } from './progress.ts';
import { RateGate } from './rate-limit.ts';
import { ReadPipeline } from './read-pipeline.ts';
import { keptAgrees } from './resume-check.ts';
import { checkCount, transferError, underDeadline } from './run.ts';
import type { DownloadStream, Sink } from './sink.ts';
import { downloadSmall } from './small-download.ts';
import { TapSink } from './tap.ts';
import { TextSink } from './text.ts';
import { type Tuning, tuned } from './tuning.ts';
import { localHash, verifyContents } from './verify.ts';

/** The largest file that is fetched into memory unless the caller allows more. */
const MEMORY_LIMIT = 1_073_741_824;

/** What is known of a file before it is opened, when it comes from a listing. */
export interface FetchHints {
  /** Attributes that the listing told: no need to ask for them. */
  readonly attributes?: FileAttributes | undefined;
  /** The target lies in a folder that is filled by names from the server: nothing special there is opened. */
  readonly inTree?: boolean | undefined;
}

/** One file being fetched: what its parts need to know. */
interface Fetch {
  readonly session: SftpSession;
  readonly tuning: Promise<Tuning>;
  readonly remote: string;
  readonly options: DownloadOptions;
  readonly hints: FetchHints;
  /** How far it came, counted from the first byte of the target; what the server told of the file. */
  safeLength: number;
  attributes: FileAttributes;
}

/** Fetches a file to a local path. It appears under its name when it is complete, not before. */
export async function downloadToPath(
  session: SftpSession,
  tuning: Promise<Tuning>,
  remote: string,
  local: string,
  options: DownloadOptions,
  hints: FetchHints = {},
): Promise<TransferResult> {
  checkRange(options);
  const failed = (error: unknown): WherryError =>
    transferError(error, 'download', { operation: 'download', path: sanitize(remote), localPath: local });
  if (hints.inTree && hints.attributes !== undefined) {
    const { attributes } = hints;
    const small = await downloadSmall({ session, tuning, remote, local, options, attributes }).catch(
      (error: unknown) => {
        throw transferError(failed(error), 'download', { safeLength: 0 });
      },
    );
    if (small !== undefined) return small;
  }
  const target = await openLocalTarget(local, options, hints.inTree).catch((error: unknown) => {
    throw failed(error);
  });
  const base = options.start ?? 0;
  const one: Fetch = { session, tuning, remote, options, hints, safeLength: target.have, attributes: {} };
  try {
    const sink = target.ordered
      ? new OrderedSink(handleTarget(target.file))
      : new FileSink(target.file.fd, target.local);
    const result = await fetch(one, sink, base, target.have, target);
    if (options.verify === true && !target.ordered && isWhole(options))
      await verifyContents(session, tuning, remote, localHash(target.path), waitOf(options));
    if (options.fsync === true && !target.ordered) await target.file.sync();
    const preserve = target.ordered ? false : (options.preserve ?? false);
    // A file that appears under its name has its attributes; one that is written in place gets them at the end.
    if (preserve && target.path !== local) await keepOnLocal(target.path, one.attributes, preserve);
    await target.commit(result.size);
    if (preserve && target.path === local) await keepOnLocal(local, one.attributes, preserve);
    return result;
  } catch (error) {
    const partialPath = await target.discard(one.safeLength).catch(() => undefined);
    const kept = partialPath === undefined ? {} : { partialPath };
    throw transferError(failed(error), 'download', { safeLength: one.safeLength, ...kept });
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

/** Fetches a file, or a part of it, into an ordered target of our own. */
export function downloadToTarget(
  session: SftpSession,
  tuning: Promise<Tuning>,
  remote: string,
  target: OrderedTarget,
  options: DownloadOptions,
): Promise<TransferResult> {
  return fetchOrdered(session, tuning, remote, new OrderedSink(target), options.start ?? 0, options);
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
  const one: Fetch = { session, tuning, remote, options, hints: {}, safeLength: 0, attributes: {} };
  try {
    return await fetch(one, sink, base, 0);
  } catch (error) {
    await sink.abort(error);
    throw transferError(error, 'download', {
      operation: 'download',
      path: sanitize(remote),
      safeLength: one.safeLength,
    });
  }
}

/** Opens the remote file, fetches it from `base` on into `sink`, without the first `have` bytes, closes it. */
async function fetch(
  one: Fetch,
  target: Sink,
  base: number,
  have: number,
  file?: LocalTarget,
): Promise<TransferResult> {
  const { session, remote, options, hints } = one;
  const began = performance.now();
  const wait = waitOf(options);
  const ends = lineEnds(session, options.text);
  const flags = OPEN_FLAGS.SSH_FXF_READ + (ends?.byServer ? OPEN_FLAGS.SSH_FXF_TEXT : 0);
  const opening = openFile(session, remote, flags, {}, wait);
  const asking = options.askSize === false ? {} : (hints.attributes ?? attributesOf(session, remote, wait));
  const [handle, tuning] = await Promise.all([opening, one.tuning.then((all) => tuned(all, options))]);
  tuning.reads.answered(performance.now() - began);
  try {
    const attributes = (await asking) ?? (await fstat(session, handle, remote, wait));
    one.attributes = attributes;
    if (fileType(attributes) === 'directory') {
      throw new WherryError('TRANSFER_TARGET', `${sanitize(remote)} is a folder`, { path: sanitize(remote) });
    }
    const end = options.length === undefined ? undefined : base + options.length;
    // What the server makes of a text file has another size.
    const size = ends?.byServer ? undefined : attributes.size;
    if (size !== undefined && base + have > size && have > 0) throw shorterThanPartial(remote, have, size);
    const start = base + (have > 0 && !(await mayGoOn(one, handle, base, have, file)) ? 0 : have);
    const total =
      size === undefined || size === 0 ? undefined : Math.max(0, Math.min(size, end ?? size) - base);
    const place = { base, start, size: size === 0 || ends !== undefined ? undefined : size };
    // What may be gone on with later has no holes: it is written in the order of the file, seen by somebody or not.
    const inOrder = options.onData !== undefined || mayBeResumed(options);
    const shown = inOrder ? new TapSink(target, options.onData, place) : target;
    const text = ends && new TextSink(shown, ends, start - base);
    const sink = text ?? shown;
    using meter = new ProgressMeter(options.onProgress, start - base, total);
    let touch: () => void = () => {};
    const pipeline = new ReadPipeline({
      session,
      handle,
      path: remote,
      start,
      end: tuning.readSize.endOf(end, size),
      size,
      requestSize: tuning.readSize,
      requests: ends?.byServer ? 1 : tuning.requests,
      budget: tuning.reads,
      rate: new RateGate(options.rateLimit),
      sink,
      sinkBase: base,
      asks: () => touch(),
      received: (bytes) => {
        touch();
        meter.add(bytes);
      },
    });
    meter.onError = (error) => pipeline.stop(error);
    try {
      await underDeadline(options, session.timeout, 'download', pipeline, async (mark) => {
        touch = mark;
        await pipeline.run();
        await sink.finish();
      });
    } catch (error) {
      meter.stop();
      await sink.abort(error);
      throw error;
    } finally {
      one.safeLength = Math.min(pipeline.safeLength - base, sink.lost);
    }
    meter.finish();
    const bytes = pipeline.safeLength - start;
    return { bytes, size: text?.written ?? start - base + bytes, duration: performance.now() - began };
  } finally {
    closeHandle(session, handle, remote).catch(() => {});
  }
}

/** Asked by name, in one round trip with the opening; undefined where the server does not tell so. */
function attributesOf(
  session: SftpSession,
  remote: string,
  wait: WaitOptions,
): Promise<FileAttributes | undefined> {
  return stat(session, remote, wait).catch(() => undefined);
}

/** Whether what is here is the beginning of the remote file; who says a number knows it. */
async function mayGoOn(
  { session, remote, options }: Fetch,
  handle: Uint8Array,
  base: number,
  have: number,
  target: LocalTarget | undefined,
): Promise<boolean> {
  if (options.resume !== true || target === undefined) return true;
  const wait = waitOf(options);
  const local = async (offset: number, length: number): Promise<Uint8Array> => {
    const { buffer, bytesRead } = await target.file.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  };
  return keptAgrees({ session, handle, path: remote, offset: base, have, local }, wait);
}

/**
 * A process that is killed leaves what it has written; a resume looks at the end of that only, so it must have no holes
 * where a server answers in any order.
 */
function mayBeResumed({ keepPartial, resume, inPlace }: DownloadOptions): boolean {
  return keepPartial === true || inPlace === true || resume !== undefined;
}

/** A part of a file has nothing to be compared with. */
function isWhole({ start, length }: DownloadOptions): boolean {
  return (start ?? 0) === 0 && length === undefined;
}

function waitOf({ signal, timeout }: DownloadOptions): WaitOptions {
  return { signal, timeout };
}

function checkRange(options: DownloadOptions): void {
  checkTextOptions(options);
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
