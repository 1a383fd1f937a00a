import { createReadStream, createWriteStream } from 'node:fs';
import { Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { DownloadStream, Sftp, UploadSource, UploadStream } from '../index.ts';
import type { Settings } from './settings.ts';

/** The line ends of the two sides, where text is to be converted; undefined where bytes go as they are. */
export interface TextMode {
  readonly local: string;
  readonly remote: string;
}

/** TransferMode, LocalEOL and ServerEOL; a server that tells its own line end, in version 4 and later, is believed. */
export function textMode(settings: Settings, sftp: Sftp): TextMode | undefined {
  if (settings.get('TransferMode') === 0) return undefined;
  const local = settings.get('LocalEOL');
  const told = sftp.version >= 4 ? sftp.features.newline : undefined;
  const remote = told ?? settings.get('ServerEOL');
  return local === remote ? undefined : { local, remote };
}

/** Replaces every `from` by `to`, also where it lies across two pieces. */
export function eolConverter(from: string, to: string): { push(bytes: Uint8Array): Buffer; end(): Buffer } {
  const target = Buffer.from(to, 'latin1');
  let held = Buffer.alloc(0);
  return {
    push(bytes) {
      let all = Buffer.concat([held, bytes]);
      held = Buffer.alloc(0);
      if (from.length === 2 && all.at(-1) === from.charCodeAt(0)) {
        held = all.subarray(-1);
        all = all.subarray(0, -1);
      }
      const parts: Buffer[] = [];
      let start = 0;
      for (let at = all.indexOf(from, 0, 'latin1'); at >= 0; at = all.indexOf(from, start, 'latin1')) {
        parts.push(all.subarray(start, at), target);
        start = at + from.length;
      }
      return Buffer.concat([...parts, all.subarray(start)]);
    },
    end: () => held,
  };
}

/** The text of a local file or a stream, with the line ends of the server. */
export async function* remoteText(
  source: UploadSource,
  { local, remote }: TextMode,
): AsyncGenerator<Uint8Array> {
  const converter = eolConverter(local, remote);
  for await (const bytes of piecesOf(source)) {
    yield converter.push(typeof bytes === 'string' ? Buffer.from(bytes, 'utf8') : bytes);
  }
  yield converter.end();
}

function piecesOf(source: UploadSource): UploadStream {
  if (typeof source === 'string') return createReadStream(source, { highWaterMark: 262_144 });
  return source instanceof Uint8Array ? [source] : source;
}

/** Where a download of text goes on its way to a path or stream; `done` settles when all is there. */
export function localText(
  target: string | DownloadStream,
  { local, remote }: TextMode,
): { stream: Writable; done: Promise<void> } {
  const converter = eolConverter(remote, local);
  const stream = new Transform({
    transform: (bytes: Uint8Array, _encoding, next) => next(null, converter.push(bytes)),
    flush: (next) => next(null, converter.end()),
  });
  const end = typeof target === 'string' ? createWriteStream(target) : target;
  const done = pipeline(stream, end as Writable);
  done.catch(() => {});
  return { stream, done };
}
