import { open as openLocal } from 'node:fs/promises';
import { inTime, type WaitOptions } from '../base/deadline.ts';
import { WherryError } from '../base/errors.ts';
import { sanitize } from '../base/text.ts';
import { extendedStatus } from '../sftp/extended-requests.ts';
import { openFile } from '../sftp/open-file.ts';
import { OPEN_FLAGS } from '../sftp/packets.ts';
import { closeHandle, fsetstat, fstat, setstat } from '../sftp/requests.ts';
import type { SftpSession } from '../sftp/session.ts';
import { WireWriter } from '../ssh/wire/writer.ts';
import { LaneOpener, mayHaveHoles } from './lanes.ts';
import { checkTextOptions, lineEnds } from './line-ends.ts';
import type { TransferResult, UploadOptions } from './options.ts';
import { ProgressMeter } from './progress.ts';
import { readSmallFile } from './quick-files.ts';
import { RateGate } from './rate-limit.ts';
import { remoteTarget } from './remote-target.ts';
import { keptAgrees } from './resume-check.ts';
import { checkCount, transferError, underDeadline } from './run.ts';
import { given, held, ofSource, opened, type Sending } from './sending.ts';
import { uploadSmall } from './small-upload.ts';
import { abandon, type Source, type UploadStream } from './source.ts';
import { tapSource } from './tap.ts';
import { textSending } from './text.ts';
import { checkTuning, type Tuning, tuned } from './tuning.ts';
import { UploadHandles } from './upload-handles.ts';
import { verifyContents } from './verify.ts';
import { LANES_SPAN_BYTES, WritePipeline } from './write-pipeline.ts';

/** A server that does not answer is not waited for longer before the failure is told. */
const CLEANUP = { timeout: 2000 } as const;

/** What an upload can be read from: a path, bytes, or a stream. */
export type UploadSource = string | Uint8Array | UploadStream;

/** What is known before an upload begins. */
export interface SendHints {
  /** What the local file is known to have. */
  readonly size?: number | undefined;
  /** Hears, before anything is asked of the server, how many bytes there are. */
  readonly prepare?: (bytes: number) => void;
}

/** Sends a file. What is at the remote path is replaced, unless the options say otherwise. */
export async function upload(
  session: SftpSession,
  tuning: Promise<Tuning>,
  from: UploadSource,
  remote: string,
  options: UploadOptions,
  { size, prepare }: SendHints = {},
): Promise<TransferResult> {
  if (typeof options.resume === 'number') checkCount('resume', options.resume);
  checkCount('mode', options.mode);
  checkTuning(options);
  if (typeof options.at === 'number') checkCount('at', options.at);
  if (options.at !== undefined && options.resume !== undefined && options.resume !== false)
    throw new WherryError('INVALID_ARGUMENT', 'at and resume exclude each other');
  const about = { operation: 'upload', path: sanitize(remote) };
  if (typeof from !== 'string') {
    return send(session, tuning, given(from, remote, options), remote, options).catch((error: unknown) => {
      if (!(from instanceof Uint8Array)) abandon(from, error);
      throw transferError(error, 'upload', about);
    });
  }
  try {
    const small =
      size === undefined || options.follow !== undefined ? undefined : await readSmallFile(from, size);
    if (small !== undefined) {
      const sending = held(small, remote, options);
      const all = await inTime(tuning, options, 'upload', () => {});
      const sent = await uploadSmall(session, all, small.bytes, remote, options, sending.kept);
      return sent ?? (await send(session, tuning, sending, remote, options));
    }
    const file = await openLocal(from, 'r');
    try {
      const sending = await opened(file, from, remote, options);
      prepare?.(sending.size ?? 0);
      return await send(session, tuning, sending, remote, options);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw transferError(error, 'upload', { ...about, localPath: from });
  }
}

/** Sends what comes from a source of our own. */
export async function uploadSource(
  session: SftpSession,
  tuning: Promise<Tuning>,
  source: Source,
  remote: string,
  options: UploadOptions,
): Promise<TransferResult> {
  try {
    return await send(session, tuning, ofSource(source), remote, options);
  } catch (error) {
    throw transferError(error, 'upload', { operation: 'upload', path: sanitize(remote) });
  }
}

async function send(
  session: SftpSession,
  ready: Promise<Tuning>,
  plain: Sending,
  remote: string,
  options: UploadOptions,
): Promise<TransferResult> {
  checkTextOptions(options);
  const ends = lineEnds(session, options.text);
  const sending = ends === undefined ? plain : textSending(plain, ends);
  const { size } = sending;
  const began = performance.now();
  const wait = { signal: options.signal, timeout: options.timeout };
  const resume = options.resume !== undefined && options.resume !== false;
  const keep = resume || options.at !== undefined;
  const target = remoteTarget(session, remote, options);
  const { path } = target;
  const { SSH_FXF_WRITE, SSH_FXF_CREAT, SSH_FXF_TRUNC, SSH_FXF_EXCL } = OPEN_FLAGS;
  const mustBeNew = options.overwrite === false && !keep && options.atomic !== true;
  const flags =
    SSH_FXF_WRITE +
    SSH_FXF_CREAT +
    (keep ? 0 : SSH_FXF_TRUNC) +
    (mustBeNew ? SSH_FXF_EXCL : 0) +
    (ends?.byServer ? OPEN_FLAGS.SSH_FXF_TEXT : 0);
  const attributes = options.mode === undefined ? {} : { permissions: options.mode };
  // Before the tuning is known, which waits for the answer to another request.
  const handle = await openFile(session, path, flags, attributes, wait);
  const roundTrip = performance.now() - began;
  const handles = new UploadHandles({ session, handle }, path);
  let source: Source | undefined;
  try {
    // The server may be silent from the first request of the session on.
    const tuning = tuned(await inTime(ready, wait, 'upload', () => {}), options);
    tuning.writes.answered(roundTrip);
    const lanes = new LaneOpener(tuning, size ?? 0);
    handles.lanes = lanes;
    const { from, there } = resume
      ? await resumeAt(session, handle, path, sending, options, tuning)
      : { from: 0, there: 0 };
    const start = options.at === undefined ? from : await placeOf(session, handle, remote, options);
    source = sending.make(from, tuning.writeSize.bytes);
    if (options.onData !== undefined) source = tapSource(source, options.onData, start, size);
    using meter = new ProgressMeter(options.onProgress, from, size);
    let touch: () => void = () => {};
    const needsHandle = options.fsync === true || there > (size ?? start);
    const pipeline = new WritePipeline({
      lane: { session, handle },
      path,
      start,
      size: tuning.writeSize,
      requests: tuning.requests,
      budget: tuning.writes,
      rate: new RateGate(options.rateLimit),
      source,
      asks: () => touch(),
      acknowledged: (bytes) => {
        touch();
        meter.add(bytes);
      },
      sent: needsHandle ? undefined : () => handles.close(),
    });
    lanes.openFor(path, pipeline);
    meter.onError = (error) => pipeline.stop(error);
    const end = await underDeadline(options, session.timeout, 'upload', pipeline, (mark) => {
      touch = mark;
      return pipeline.run();
    }).catch((error: unknown) => {
      meter.stop();
      throw transferError(error, 'upload', { operation: 'upload', safeLength: pipeline.safeLength });
    });
    const read = from + end - start;
    if (size !== undefined && read < size) {
      meter.stop();
      throw shrank(remote, size, read);
    }
    meter.finish();
    // The source has become shorter since, or what is there was another file: its end must not stay.
    if (resume && there > end) await fsetstat(session, handle, { size: end }, path, wait);
    if (options.fsync === true) {
      await extendedStatus(session, 'fsync@openssh.com', new WireWriter().string(handle), path, wait);
    }
    await handles.closed(wait);
    if (options.verify === true && options.at === undefined)
      await verifyContents(session, ready, path, sending.hash(), wait);
    if (sending.kept !== undefined) await setstat(session, path, sending.kept, wait);
    await target.commit();
    return { bytes: end - start, size: end, duration: performance.now() - began };
  } catch (error) {
    await source?.cancel(error).catch(() => {});
    handles.close();
    if (path !== remote) {
      await handles.closed(CLEANUP).catch(() => {});
      await target.discard();
    }
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

/** From where on an upload goes on, and how much is there. */
interface Resumed {
  readonly from: number;
  readonly there: number;
}

/** What is on the server already and the same, or what the caller says. */
async function resumeAt(
  session: SftpSession,
  handle: Uint8Array,
  remote: string,
  sending: Sending,
  options: UploadOptions,
  tuning: Tuning,
): Promise<Resumed> {
  const wait = { signal: options.signal, timeout: options.timeout };
  const { size } = await fstat(session, handle, remote, wait);
  if (options.resume === true && size === undefined) {
    throw new WherryError(
      'TRANSFER_SIZE_CHANGED',
      'cannot resume: the server does not tell the size of the file',
    );
  }
  const there = size ?? 0;
  if (options.resume === true) {
    const mayBePart = there <= (sending.size ?? there);
    const holes = mayBePart && mayHaveHoles(tuning, sending.size ?? 0) ? LANES_SPAN_BYTES : 0;
    const have = Math.max(0, there - holes);
    return { from: (await isBeginning(session, remote, have, sending, wait)) ? have : 0, there };
  }
  const start = options.resume as number;
  if (size !== undefined && start > size) {
    const text = `cannot resume at ${start}: ${sanitize(remote)} has ${size} bytes, which would leave a gap`;
    throw new WherryError('TRANSFER_SIZE_CHANGED', text, { expected: start, actual: size });
  }
  return { from: start, there };
}

/** Whether the `have` bytes on the server are those the source begins with; a server that may not be read is believed. */
async function isBeginning(
  session: SftpSession,
  remote: string,
  have: number,
  { read, size }: Sending,
  wait: WaitOptions,
): Promise<boolean> {
  if (read === undefined || have === 0 || have > (size ?? 0)) return true;
  const reading = await openFile(session, remote, OPEN_FLAGS.SSH_FXF_READ, {}, wait).catch(() => undefined);
  if (reading === undefined) return true;
  try {
    const kept = { session, handle: reading, path: remote, offset: 0, have, local: read };
    return await keptAgrees(kept, wait);
  } finally {
    closeHandle(session, reading, remote).catch(() => {});
  }
}

function shrank(remote: string, expected: number, actual: number): WherryError {
  const text = `the source of ${sanitize(remote)} ended at byte ${actual} of ${expected}: it changed while it was read`;
  return new WherryError('TRANSFER_SIZE_CHANGED', text, { operation: 'upload', expected, actual });
}
