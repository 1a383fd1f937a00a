import { type FileHandle, lstat, open, opendir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { WherryError } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import type { ScpLink } from '../scp/link.ts';
import type { Times } from '../scp/receive.ts';
import { type Outgoing, type OutgoingFile, send } from '../scp/send.ts';
import { isLocalFileSystem } from './local-file-system.ts';
import { ProgressMeter } from './progress.ts';
import type { ScpOptions, ScpTally } from './scp-options.ts';
import { FileSource } from './source.ts';

/** Read from a local file at a time. */
const BLOCK_BYTES = 524_288;
const DEFAULT_MODE = 0o644;

/** Sends a local file, a folder, or bytes to a remote `scp -t`. */
export async function sendFrom(
  link: ScpLink,
  source: string | Uint8Array,
  name: string,
  options: ScpOptions,
  tally: ScpTally,
  touch: () => void,
): Promise<void> {
  let meter: ProgressMeter | undefined;
  const begin = (size: number): void => {
    meter?.finish();
    meter = new ProgressMeter(options.onProgress, 0, size);
    tally.files++;
  };
  const items =
    typeof source === 'string' ? outgoing(source, options, tally, begin) : bytesOnly(source, name, begin);
  try {
    await send(
      link,
      items,
      (bytes) => {
        touch();
        tally.bytes += bytes;
        meter?.add(bytes);
      },
      (message) => tally.warnings.push(message),
    );
    meter?.finish();
  } finally {
    meter?.stop();
  }
}

async function* bytesOnly(
  bytes: Uint8Array,
  name: string,
  begin: (size: number) => void,
): AsyncGenerator<Outgoing, void, void> {
  let left: Uint8Array | undefined = bytes;
  const file: OutgoingFile = {
    next: async () => {
      const give = left?.length === 0 ? undefined : left;
      left = undefined;
      return give;
    },
    release() {},
    close: async () => {},
  };
  begin(bytes.length);
  yield {
    kind: 'file',
    name,
    mode: DEFAULT_MODE,
    size: bytes.length,
    times: undefined,
    open: async () => file,
  };
}

async function* outgoing(
  path: string,
  options: ScpOptions,
  tally: ScpTally,
  begin: (size: number) => void,
): AsyncGenerator<Outgoing, void, void> {
  const info = await stat(path);
  if (!info.isDirectory()) {
    yield* oneFile(path, options, begin);
    return;
  }
  if (options.recursive !== true) {
    throw new WherryError('TRANSFER_TARGET', `${path} is a folder: copy it with recursive`, {
      localPath: path,
    });
  }
  yield* oneFolder(path, 0, options, tally, begin);
}

async function* oneFolder(
  path: string,
  depth: number,
  options: ScpOptions,
  tally: ScpTally,
  begin: (size: number) => void,
): AsyncGenerator<Outgoing, void, void> {
  if (depth > LIMITS.treeDepth.value) {
    throw new WherryError('LIMIT_EXCEEDED', `${path}: folders more than ${LIMITS.treeDepth.value} deep`, {
      limit: 'treeDepth',
    });
  }
  const info = await lstat(path);
  const mode = options.preserve ? info.mode & 0o777 : 0o755;
  yield { kind: 'folder', name: basename(path), mode, times: timesOf(info, options) };
  tally.folders++;
  for await (const entry of await opendir(path)) {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) yield* oneFolder(inner, depth + 1, options, tally, begin);
    else if (entry.isFile()) yield* oneFile(inner, options, begin);
    else {
      const what = entry.isSymbolicLink() ? 'symbolic link' : 'special file';
      tally.skipped.push({ path: inner, reason: `a ${what} is not transferred` });
    }
  }
  yield { kind: 'leave' };
}

async function* oneFile(
  path: string,
  options: ScpOptions,
  begin: (size: number) => void,
): AsyncGenerator<Outgoing, void, void> {
  const file = await open(path, 'r');
  let taken = false;
  try {
    const [info, local] = await Promise.all([file.stat(), isLocalFileSystem(path)]);
    if (!info.isFile()) {
      throw new WherryError('TRANSFER_TARGET', `${path} is not a regular file, and scp needs its size`, {
        localPath: path,
      });
    }
    begin(info.size);
    yield {
      kind: 'file',
      name: basename(path),
      mode: options.preserve ? info.mode & 0o777 : DEFAULT_MODE,
      size: info.size,
      times: timesOf(info, options),
      open: async () => {
        taken = true;
        return outgoingFile(file, info.size, local);
      },
    };
  } finally {
    if (!taken) await file.close();
  }
}

function outgoingFile(file: FileHandle, size: number, local: boolean): OutgoingFile {
  const source = new FileSource(file.fd, size, 0, BLOCK_BYTES, local);
  return {
    next: () => source.next(),
    release: (bytes) => source.release(bytes),
    close: () => file.close(),
  };
}

function timesOf(info: { mtimeMs: number; atimeMs: number }, options: ScpOptions): Times | undefined {
  return options.preserve ? { modifyTime: info.mtimeMs / 1000, accessTime: info.atimeMs / 1000 } : undefined;
}
