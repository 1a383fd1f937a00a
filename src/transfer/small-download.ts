import { abortedError } from '../base/deadline.ts';
import { isWherryError } from '../base/errors.ts';
import type { FileAttributes } from '../sftp/attributes.ts';
import { openFile } from '../sftp/open-file.ts';
import { OPEN_FLAGS } from '../sftp/packets.ts';
import { dropHandle } from '../sftp/requests.ts';
import type { SftpSession } from '../sftp/session.ts';
import { keepOnLocal } from './kept-attributes.ts';
import { openLocalTarget } from './local-target.ts';
import type { DownloadOptions, TransferResult } from './options.ts';
import { ProgressMeter } from './progress.ts';
import { SMALL_FILE_BYTES } from './quick-files.ts';
import { lookQuickly, writeQuickly } from './quick-target.ts';
import { RateGate } from './rate-limit.ts';
import { readOnce } from './read-range.ts';
import { refusesSize } from './request-size.ts';
import { type Tuning, tuned } from './tuning.ts';

/** A file of a tree, and what a listing told of it. */
export interface SmallDownload {
  readonly session: SftpSession;
  readonly tuning: Promise<Tuning>;
  readonly remote: string;
  readonly local: string;
  readonly options: DownloadOptions;
  readonly attributes: FileAttributes;
}

/** A file that was called small and turns out to have more has the long way. */
const MOST_BYTES = 2 * SMALL_FILE_BYTES;

/**
 * Fetches a small file in one READ and stores it in one go. Undefined, with nothing done, where the file, the options
 * or the local file system want the long way.
 */
export async function downloadSmall(one: SmallDownload): Promise<TransferResult | undefined> {
  const { local, options, attributes } = one;
  if (!isPlain(options, attributes) || !(await lookQuickly(local, options))) return undefined;
  const began = performance.now();
  const bytes = await fetchSmall(one);
  if (bytes === undefined) return undefined;
  const { signal, onProgress } = options;
  if (signal?.aborted) throw abortedError(signal, 'download');
  if (onProgress !== undefined) {
    const meter = new ProgressMeter(onProgress, 0, attributes.size);
    meter.add(bytes.length);
    meter.finish();
  }
  if (!(await writeQuickly(local, bytes, options, attributes))) await store(one, bytes);
  return { bytes: bytes.length, size: bytes.length, duration: performance.now() - began };
}

function isPlain(options: DownloadOptions, { size }: FileAttributes): boolean {
  const { resume, keepPartial, inPlace, start, length, text, onData, fsync, verify, rateLimit } = options;
  const wanted = [resume, keepPartial, inPlace, start, length, text, onData, fsync, verify];
  return (
    size !== undefined &&
    size <= SMALL_FILE_BYTES &&
    options.askSize !== false &&
    wanted.every((option) => option === undefined || option === false) &&
    new RateGate(rateLimit).open
  );
}

async function fetchSmall(one: SmallDownload): Promise<Uint8Array | undefined> {
  const { session, remote, options } = one;
  const wait = { signal: options.signal, timeout: options.timeout };
  const began = performance.now();
  const opening = openFile(session, remote, OPEN_FLAGS.SSH_FXF_READ, {}, wait);
  const [handle, tuning] = await Promise.all([opening, one.tuning.then((all) => tuned(all, options))]);
  tuning.reads.answered(performance.now() - began);
  try {
    return await readWhole(one, handle, tuning);
  } catch (error) {
    if (isWherryError(error) && refusesSize(error.details.sftpStatus)) return undefined;
    throw error;
  } finally {
    dropHandle(session, handle);
  }
}

/**
 * All of the file. One byte more than it is said to have is asked for: for an ordinary file an answer is short at its
 * end only, filexfer-02 section 6.4, so one that ends where the listing says it does has seen the end.
 */
async function readWhole(
  { session, remote, options, attributes }: SmallDownload,
  handle: Uint8Array,
  { readSize }: Tuning,
): Promise<Uint8Array | undefined> {
  const size = attributes.size ?? 0;
  const { bytes: most, pastEnd } = readSize;
  if (size >= most) return undefined;
  const parts: Uint8Array[] = [];
  for (let got = 0; ; ) {
    const asked = got >= size ? most : size - got + (pastEnd ? 1 : 0);
    const bytes = await readOnce(session, handle, remote, got, asked, options);
    // It has become shorter; or the server answers no READ that reaches beyond the end.
    if (bytes === undefined && got < size) return undefined;
    if (bytes === undefined) break;
    got += bytes.length;
    if (got > MOST_BYTES) return undefined;
    parts.push(bytes);
    if (got === size && (!pastEnd || bytes.length < asked)) break;
  }
  return parts.length === 1 ? parts[0] : Buffer.concat(parts);
}

/** The local file system has become slow meanwhile. */
async function store({ local, options, attributes }: SmallDownload, bytes: Uint8Array): Promise<void> {
  const target = await openLocalTarget(local, options, true);
  try {
    await target.file.writeFile(bytes);
    if (options.preserve) await keepOnLocal(target.path, attributes, options.preserve);
    await target.commit(bytes.length);
  } catch (error) {
    await target.discard(0).catch(() => {});
    throw error;
  }
}
