import type { FileHandle } from 'node:fs/promises';
import { WherryError } from '../base/errors.ts';
import { FileSource, type Source } from './source.ts';

/** How a local file that is still being written is sent. */
export interface FollowUpload {
  /** Milliseconds without anything new after which the file counts as complete. Default 1000. */
  readonly idle?: number | undefined;
  /** Milliseconds between two looks while nothing comes. Default 100; at least 10. */
  readonly interval?: number | undefined;
}

const IDLE_MS = 1000;
const INTERVAL_MS = 100;

/** An open local file from `start` on that goes on as it grows, until it has not grown for a time. */
export function followSource(file: FileHandle, start: number, block: number, options: FollowUpload): Source {
  const { idle = IDLE_MS, interval = INTERVAL_MS } = options;
  const inner = new FileSource(file.fd, Number.MAX_SAFE_INTEGER - 1, start, block, false);
  let offset = start;
  let stop: (() => void) | undefined;
  let stopped = false;
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(10, interval));
      stop = () => {
        stopped = true;
        clearTimeout(timer);
        resolve();
      };
    });
  return {
    size: undefined,
    async next() {
      const since = performance.now();
      while (!stopped) {
        const bytes = await inner.next();
        if (bytes !== undefined) {
          offset += bytes.length;
          return bytes;
        }
        const { size } = await file.stat();
        if (size < offset) {
          const text = `the source was cut to ${size} bytes while it was followed, behind byte ${offset}`;
          throw new WherryError('TRANSFER_SIZE_CHANGED', text, { expected: offset, actual: size });
        }
        if (performance.now() - since >= idle) break;
        await pause();
      }
      return undefined;
    },
    release: (bytes) => inner.release(bytes),
    async cancel() {
      stopped = true;
      stop?.();
    },
  };
}
