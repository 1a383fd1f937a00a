import { existsSync } from 'node:fs';
import { Writable } from 'node:stream';
import type { DownloadStream, Sftp, TextOptions, UploadSource } from '../index.ts';
import { SFTPClientError } from './client-error.ts';
import type { Session } from './session.ts';
import type { ClientState, QueuedFile } from './state.ts';
import { TransferDirections } from './tables/enums.ts';
import { toDownloadOptions, toUploadOptions } from './to-core.ts';

/** One file on its way: from a property, a stream or the queue. */
export interface Job extends QueuedFile {
  readonly startByte: number;
  readonly append: boolean;
  readonly downloadStream?: DownloadStream | undefined;
  readonly uploadStream?: UploadSource | undefined;
}

type Direction = (typeof TransferDirections)[keyof typeof TransferDirections];

/** Fetches one file; the events begin and end here. */
export async function downloadFile(
  state: ClientState,
  session: Session,
  job: Job,
  signal: AbortSignal,
): Promise<void> {
  const { localFile, remoteFile, startByte, downloadStream } = job;
  if (remoteFile === '') throw new SFTPClientError(1107, 'remoteFile is not set');
  const toFile = downloadStream === undefined && localFile !== '';
  if (toFile && startByte === 0 && !state.main.view.overwrite && existsSync(localFile))
    throw new SFTPClientError(1108, `${localFile} exists, and overwrite is false`);
  const sftp = await session.ready(signal);
  const remote = session.remoteName(remoteFile);
  const events = transferEvents(state, job, TransferDirections.server);
  await events.start();
  const target = toFile ? localFile : streamTarget(state, downloadStream);
  const text = textOptions(state, sftp, startByte);
  const onData = events.onData(startByte);
  await sftp.download(remote, target, {
    ...toDownloadOptions(session.vocabulary, startByte, toFile),
    ...(text === undefined ? {} : { text }),
    ...(onData === undefined ? {} : { onData }),
    signal,
  });
  await events.end();
}

/** Sends one file; the events begin and end here. */
export async function uploadFile(
  state: ClientState,
  session: Session,
  job: Job,
  signal: AbortSignal,
): Promise<void> {
  const { localFile, remoteFile, startByte, append, uploadStream } = job;
  if (remoteFile === '') throw new SFTPClientError(1107, 'remoteFile is not set');
  if (uploadStream === undefined && localFile === '') throw new SFTPClientError(1107, 'localFile is not set');
  if (append && startByte > 0) throw new SFTPClientError(211, 'startByte has no meaning for append');
  const sftp = await session.ready(signal);
  const remote = session.remoteName(remoteFile);
  const replaces = startByte === 0 && !append;
  const { overwrite } = state.main.view;
  if (replaces && !overwrite && state.settings.get('UseFxpStat') && (await sftp.exists(remote, { signal })))
    throw new SFTPClientError(1103, `${remoteFile}: the remote file exists, and overwrite is false`);
  const events = transferEvents(state, job, TransferDirections.client);
  await events.start();
  const onData = events.onData(startByte);
  const source = uploadStream ?? localFile;
  const text = textOptions(state, sftp, startByte);
  await sftp.upload(source, remote, {
    ...toUploadOptions(session.vocabulary, startByte, append, typeof source === 'string'),
    ...(text === undefined ? {} : { text }),
    ...(onData === undefined ? {} : { onData }),
    signal,
  });
  await events.end();
}

/**
 * TransferMode, LocalEOL and ServerEOL; a server that tells its own line end, in version 4 and later, is believed. Undefined
 * where bytes go as they are.
 */
function textOptions({ settings }: ClientState, sftp: Sftp, startByte: number): TextOptions | undefined {
  if (settings.get('TransferMode') === 0) return undefined;
  const local = settings.get('LocalEOL');
  const remote = (sftp.version >= 4 ? sftp.features.newline : undefined) ?? settings.get('ServerEOL');
  if (local === remote) return undefined;
  // Where line ends change, a byte here is not the same byte there.
  if (startByte > 0)
    throw new SFTPClientError(211, 'startByte has no meaning where line ends are converted (TransferMode)');
  return { local, remote } as TextOptions;
}

interface TransferEvents {
  start(): Promise<void> | undefined;
  end(): Promise<void> | undefined;
  /** Raises `transfer` for each piece; undefined where nobody listens. */
  onData(
    startByte: number,
  ): ((bytes: Uint8Array, offset: number, size: number | undefined) => Promise<void> | undefined) | undefined;
}

function transferEvents(
  state: ClientState,
  { localFile, remoteFile }: Job,
  direction: Direction,
): TransferEvents {
  const { emitter } = state;
  const about = { direction, localFile, remoteFile };
  return {
    start: () => emitter.emit('startTransfer', { ...about }),
    end: () => emitter.emit('endTransfer', { ...about }),
    onData(startByte) {
      if (!emitter.hears('transfer')) return undefined;
      let bytesTransferred = 0;
      return (bytes, _, size) => {
        bytesTransferred += bytes.length;
        // Written out, for it is made for every piece: a spread costs a tenth of a download here.
        const event = {
          direction,
          localFile,
          remoteFile,
          bytesTransferred,
          percentDone: percent(startByte + bytesTransferred, size),
          text: Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
          cancel: false,
        };
        let answer: Promise<void> | undefined;
        try {
          answer = emitter.emit('transfer', event);
        } catch (error) {
          throw handlerFailure(error);
        }
        if (answer === undefined) throwIfCancelled(event.cancel, remoteFile);
        return answer?.then(
          () => throwIfCancelled(event.cancel, remoteFile),
          (error: unknown) => {
            throw handlerFailure(error);
          },
        );
      };
    },
  };
}

function percent(done: number, size: number | undefined): number {
  if (size === undefined) return -1;
  return size === 0 ? 100 : Math.min(100, Math.round((100 * done) / size));
}

function throwIfCancelled(cancel: boolean, remoteFile: string): void {
  if (cancel) throw new SFTPClientError(10004, `the transfer of ${remoteFile} was cancelled`);
}

/** The stream a download goes into; where there is neither a path nor a stream, the bytes are only shown. */
function streamTarget(state: ClientState, stream: DownloadStream | undefined): DownloadStream {
  if (stream === undefined) return new Writable({ write: (_chunk, _encoding, done) => done() });
  if (state.settings.get('CloseStreamAfterTransfer') || 'getWriter' in stream) return stream;
  return new Writable({ write: (chunk: Uint8Array, _encoding, done) => void stream.write(chunk, done) });
}

function handlerFailure(cause: unknown): SFTPClientError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new SFTPClientError(10004, `a transfer handler failed: ${text}`, { cause });
}
