import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { isLocalFileSystem } from './local-file-system.ts';
import { QuickPace } from './quick-pace.ts';

/** A file that is read whole, in one go. */
export const SMALL_FILE_BYTES = 65_536;
/** What one call counts beside the bytes it moves: a quarter of a millisecond. */
const CALL_BYTES = 65_536;

/** One for the process, which has one disk as a rule. */
export const LOCAL_PACE: QuickPace = new QuickPace();

/** What a small file held. */
export interface SmallFile {
  readonly bytes: Uint8Array;
  readonly info: Stats;
}

/**
 * Runs `work`, which moves so many bytes of the file at `path`, at once; undefined without doing so where that might
 * hold up the process. Of a folder of small files, most time would go into handing each call to the thread pool.
 */
export async function quickly<T>(path: string, bytes: number, work: () => T): Promise<T | undefined> {
  if (!LOCAL_PACE.quick || !(await isLocalFileSystem(path))) {
    LOCAL_PACE.passed(bytes + CALL_BYTES);
    return undefined;
  }
  const began = performance.now();
  try {
    return work();
  } finally {
    LOCAL_PACE.took(performance.now() - began, bytes + CALL_BYTES);
  }
}

/** The regular file at `path`, read at once; undefined where it is none, is larger than `size`, or is not read so. */
export async function readSmallFile(path: string, size: number): Promise<SmallFile | undefined> {
  return size > SMALL_FILE_BYTES ? undefined : quickly(path, size, () => readNow(path, size));
}

function readNow(path: string, size: number): SmallFile | undefined {
  // Without O_NONBLOCK a pipe that has taken the file's place would hold up the process.
  const fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const info = fstatSync(fd);
    if (!info.isFile()) return undefined;
    const bytes = Buffer.allocUnsafe(size + 1);
    const length = readSync(fd, bytes, 0, bytes.length, 0);
    return length === size && info.size === size ? { bytes: bytes.subarray(0, length), info } : undefined;
  } finally {
    closeSync(fd);
  }
}
