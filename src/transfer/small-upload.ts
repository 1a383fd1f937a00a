import { abortedError } from '../base/deadline.ts';
import { isWherryError } from '../base/errors.ts';
import { askStatus, subject } from '../sftp/ask.ts';
import type { FileAttributes } from '../sftp/attributes.ts';
import { openFile } from '../sftp/open-file.ts';
import { OPEN_FLAGS, SFTP_PACKETS } from '../sftp/packets.ts';
import { closeHandle, dropHandle, setstat } from '../sftp/requests.ts';
import type { SftpSession } from '../sftp/session.ts';
import { WireWriter } from '../ssh/wire/writer.ts';
import type { TransferResult, UploadOptions } from './options.ts';
import { ProgressMeter } from './progress.ts';
import { RateGate } from './rate-limit.ts';
import { refusesSize, SAFE_BYTES } from './request-size.ts';
import { transferError } from './run.ts';
import { type Tuning, tuned } from './tuning.ts';

/** The head of a WRITE, and more. */
const HEAD_BYTES = 512;

/**
 * Sends the bytes of a small file in one WRITE, and its CLOSE with that: what concerns one file is worked off in the order
 * it arrives, filexfer-02 section 6.1. Undefined where the file, the options or the road want the long way, which
 * replaces what has been written.
 */
export async function uploadSmall(
  session: SftpSession,
  all: Tuning,
  bytes: Uint8Array,
  remote: string,
  options: UploadOptions,
  kept: FileAttributes | undefined,
): Promise<TransferResult | undefined> {
  const tuning = tuned(all, options);
  const most = Math.min(SAFE_BYTES, tuning.writeSize.bytes);
  const fits = bytes.length <= most && tuning.requests > 1 && !session.congested;
  if (!fits || !isPlain(options)) return undefined;
  const began = performance.now();
  const wait = { signal: options.signal, timeout: options.timeout };
  const { SSH_FXF_WRITE, SSH_FXF_CREAT, SSH_FXF_TRUNC, SSH_FXF_EXCL } = OPEN_FLAGS;
  const mustBeNew = options.overwrite === false ? SSH_FXF_EXCL : 0;
  const flags = SSH_FXF_WRITE + SSH_FXF_CREAT + SSH_FXF_TRUNC + mustBeNew;
  const attributes = options.mode === undefined ? {} : { permissions: options.mode };
  const handle = await openFile(session, remote, flags, attributes, wait);
  tuning.writes.answered(performance.now() - began);
  if (options.signal?.aborted) {
    // Nothing would be sent any more, the CLOSE included.
    dropHandle(session, handle);
    throw abortedError(options.signal, 'upload');
  }
  const closing = (): Promise<void> => closeHandle(session, handle, remote, wait);
  try {
    const work = bytes.length === 0 ? [closing()] : [write(session, handle, bytes, remote, wait), closing()];
    for (const one of work) one.catch(() => {});
    for (const one of work) await one;
  } catch (error) {
    // Not under a name that must be new: it is there now.
    if (mustBeNew === 0 && isWherryError(error) && refusesSize(error.details.sftpStatus)) return undefined;
    throw transferError(error, 'upload', { operation: 'upload', safeLength: 0 });
  }
  if (options.onProgress !== undefined) {
    const meter = new ProgressMeter(options.onProgress, 0, bytes.length);
    meter.add(bytes.length);
    meter.finish();
  }
  if (kept !== undefined) await setstat(session, remote, kept, wait);
  return { bytes: bytes.length, size: bytes.length, duration: performance.now() - began };
}

function isPlain(options: UploadOptions): boolean {
  const { resume, follow, atomic, at, text, onData, fsync, verify, rateLimit } = options;
  const wanted = [resume, follow, atomic, at, text, onData, fsync, verify];
  return wanted.every((option) => option === undefined || option === false) && new RateGate(rateLimit).open;
}

function write(
  session: SftpSession,
  handle: Uint8Array,
  bytes: Uint8Array,
  remote: string,
  wait: { signal: AbortSignal | undefined; timeout: number | undefined },
): Promise<void> {
  const body = new WireWriter(handle.length + bytes.length + HEAD_BYTES).string(handle).u64(0).string(bytes);
  const about = { ...subject('write', remote), offset: 0 };
  return askStatus(session, SFTP_PACKETS.SSH_FXP_WRITE, body, about, wait);
}
