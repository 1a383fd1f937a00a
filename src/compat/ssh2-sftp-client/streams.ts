import { PassThrough, type Readable, type Writable } from 'node:stream';
import type { DownloadOptions, Sftp, UploadOptions } from '../../index.ts';

/** Options of streams, as fs and ssh2 name them. `end` is the last byte that is read. */
export interface StreamOptions {
  readonly flags?: string;
  /** A number, or a text in octal. */
  readonly mode?: number | string;
  readonly start?: number;
  readonly end?: number;
  readonly encoding?: BufferEncoding | null;
  readonly [other: string]: unknown;
}

/** What get and put take for their two ends; `pipeOptions` have no meaning, as in the library since version 10. */
export interface TransferStreamOptions {
  readonly readStreamOptions?: StreamOptions;
  readonly writeStreamOptions?: StreamOptions;
  readonly pipeOptions?: object;
}

export function downloadPart({ start, end }: StreamOptions = {}): DownloadOptions {
  return {
    ...(start === undefined ? {} : { start }),
    ...(end === undefined ? {} : { length: Math.max(0, end + 1 - (start ?? 0)) }),
  };
}

export function uploadPlace({ flags = 'w', mode, start }: StreamOptions = {}): UploadOptions {
  return {
    ...(mode === undefined ? {} : { mode: bitsOf(mode) }),
    ...(flags.startsWith('a') ? { at: 'end' } : flags.startsWith('r') ? { at: start ?? 0 } : {}),
    ...(flags.includes('x') ? { overwrite: false } : {}),
  };
}

/** Permissions as a number or a text in octal. */
export function bitsOf(mode: number | string): number {
  return typeof mode === 'string' ? Number.parseInt(mode, 8) : mode;
}

/** A stream of a remote file. */
export function remoteReadable(sftp: Sftp, path: string, options: StreamOptions = {}): Readable {
  const stream = new PassThrough();
  if (options.encoding) stream.setEncoding(options.encoding);
  sftp.download(path, stream, downloadPart(options)).catch((error: Error) => stream.destroy(error));
  return stream;
}

/** A stream into a remote file; it finishes when the server has everything. */
export function remoteWritable(sftp: Sftp, path: string, options: StreamOptions = {}): Writable {
  let fail: (error: Error) => void = () => {};
  const stream = new PassThrough({
    // Nobody but the upload reads the other side.
    final(done) {
      stream.push(null);
      sent.then(() => done(), done);
    },
    destroy(error, done) {
      if (error !== null) fail(error);
      done(error);
    },
  });
  const broken = new Promise<never>((_, reject) => {
    fail = reject;
  });
  broken.catch(() => {});
  // The stream's own iterator would destroy it at the end of its bytes: `close` would come before they are sent.
  const bytes = stream.iterator({ destroyOnReturn: false });
  const sent = sftp.upload(bytes, path, uploadPlace(options)).then(() => {});
  sent.catch((error: Error) => stream.destroy(error));
  return stream;
}
