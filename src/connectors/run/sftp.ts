import { posix } from 'node:path';
import { fileType, isWherryError, type Sftp, type TreeResult } from '../../index.ts';
import { invalidInput } from '../errors.ts';
import type { Plain } from '../schema/plain.ts';
import type { Resolved, SftpInputs } from '../schema/types.ts';
import { printable } from '../text.ts';
import { type ConnectorContext, type ConnectorResult, placeOf } from './context.ts';
import { describeFile, listRemote, removeTree } from './remote-tree.ts';
import { targetFrom } from './scp.ts';
import { withSftp } from './session.ts';

type Mode = Resolved<SftpInputs>['mode'];
type ModeOf<Name extends Mode['mode_name']> = Extract<Mode, { mode_name: Name }>;
/** Connects, does `work` and ends the connection. */
type Use = <T>(work: (sftp: Sftp, signal: AbortSignal) => Promise<T>) => Promise<T>;

interface Done {
  /** What was done, for people. */
  readonly did: string;
  readonly outputs?: Readonly<Record<string, Plain>>;
}

type Modes = {
  readonly [Name in Mode['mode_name']]: (
    mode: ModeOf<Name>,
    context: ConnectorContext,
    use: Use,
  ) => Promise<Done>;
};

/** Every mode, one row each. */
const MODES: Modes = {
  async copy_file_to_engine(mode, context, use) {
    const { source_file_name: remote, destination_file_name: name } = mode;
    const location = placeOf(mode.destination_location, context.location);
    const place = await context.files.receive(name, 'file', location);
    try {
      const { bytes } = await use((sftp, signal) =>
        sftp.download(remote, place.path, { signal, onProgress: (now) => context.progress(progressOf(now)) }),
      );
      context.signal.throwIfAborted();
      await place.commit();
      return { did: `copied ${bytes} bytes from ${printable(remote)} to ${printable(name)} of the engine` };
    } finally {
      await place.discard();
    }
  },

  async copy_file_from_engine(mode, context, use) {
    const { source_file_name: name, destination_file_name: remote } = mode;
    const place = await context.files.provide(name, 'file', context.location);
    try {
      const { bytes } = await use((sftp, signal) =>
        sftp.upload(place.path, remote, { signal, onProgress: (now) => context.progress(progressOf(now)) }),
      );
      return { did: `copied ${bytes} bytes from ${printable(name)} of the engine to ${printable(remote)}` };
    } finally {
      await place.release();
    }
  },

  async copy_directory_to_engine(mode, context, use) {
    const { source_directory_name: remote, destination_directory_name: name } = mode;
    const location = placeOf(mode.destination_location, context.location);
    const place = await context.files.receive(name, 'folder', location);
    try {
      const result = await use((sftp, signal) =>
        sftp.downloadTree(remote, place.path, { signal, onProgress: treeProgress(context) }),
      );
      context.signal.throwIfAborted();
      await place.commit();
      return {
        did: `copied ${filesOf(result, context)} from ${printable(remote)} to ${printable(name)} of the engine`,
      };
    } finally {
      await place.discard();
    }
  },

  async copy_directory_from_engine(mode, context, use) {
    const { source_directory_name: name, destination_directory_name: remote } = mode;
    const place = await context.files.provide(name, 'folder', context.location);
    try {
      const result = await use((sftp, signal) =>
        sftp.uploadTree(place.path, remote, { signal, onProgress: treeProgress(context) }),
      );
      return {
        did: `copied ${filesOf(result, context)} from ${printable(name)} of the engine to ${printable(remote)}`,
      };
    } finally {
      await place.release();
    }
  },

  async list({ path, recursive }, _context, use) {
    const listing = await use((sftp, signal) => listRemote(sftp, path, recursive, signal));
    const did = `listed ${Object.keys(listing).length} entries of ${printable(path)}`;
    return { did, outputs: { result: listing, listing } };
  },

  async stats({ path }, _context, use) {
    const stats = describeFile(await use((sftp, signal) => sftp.stat(path, { signal })));
    return { did: `${printable(path)} is of type ${stats.type}`, outputs: { result: stats, stats } };
  },

  async remove({ path, recursive }, _context, use) {
    const normal = posix.normalize(`${path}/`);
    if (recursive && (/^\/+$/.test(normal) || /(^|\/)\.\.?\/$/.test(normal))) {
      const message =
        'names the root, or the directory the session starts in or one above it: name what is to go';
      throw invalidInput('mode.path', message);
    }
    const count = await use((sftp, signal) => remove(sftp, path, recursive, signal));
    return { did: `removed ${printable(path)}${count > 1 ? `, ${count} entries in all` : ''}` };
  },

  async rename({ source_name: from, destination_name: to }, _context, use) {
    await use((sftp, signal) => sftp.rename(from, to, { signal }));
    return { did: `renamed ${printable(from)} to ${printable(to)}` };
  },

  async create_directory({ path, parents }, _context, use) {
    await use((sftp, signal) =>
      parents ? makeFolders(sftp, path, signal) : sftp.mkdir(path, {}, { signal }),
    );
    return { did: `made the directory ${printable(path)}` };
  },
};

/** SFTP. */
export async function runSftp(
  inputs: Resolved<SftpInputs>,
  context: ConnectorContext,
): Promise<ConnectorResult> {
  const { mode } = inputs;
  const target = targetFrom(inputs);
  const doing = `${mode.mode_name} on ${printable(inputs.host)} failed`;
  const run = MODES[mode.mode_name] as (mode: Mode, context: ConnectorContext, use: Use) => Promise<Done>;
  const { did, outputs } = await run(mode, context, (work) => withSftp(target, context, doing, work));
  context.log('info', did);
  return { message: did, outputs: outputs ?? { result: null } };
}

async function remove(sftp: Sftp, path: string, recursive: boolean, signal: AbortSignal): Promise<number> {
  if (fileType(await sftp.lstat(path, { signal })) === 'directory') {
    if (recursive) return await removeTree(sftp, path, signal);
    await sftp.rmdir(path, { signal });
  } else await sftp.remove(path, { signal });
  return 1;
}

/** From the outermost one in; those that are there already are fine. */
async function makeFolders(sftp: Sftp, path: string, signal: AbortSignal): Promise<void> {
  const parts = posix.normalize(path).split('/').filter(Boolean);
  let at = path.startsWith('/') ? '/' : '';
  for (const part of parts) {
    at = posix.join(at, part);
    try {
      await sftp.mkdir(at, {}, { signal });
    } catch (error) {
      const there = await sftp.stat(at, { signal }).catch(() => undefined);
      if (!isWherryError(error) || there === undefined || fileType(there) !== 'directory') throw error;
    }
  }
}

function progressOf({ transferred, total }: { transferred: number; total: number | undefined }): {
  transferred: number;
  total: number | undefined;
} {
  return { transferred, total };
}

function treeProgress(context: ConnectorContext): (now: { transferred: number; files: number }) => void {
  return ({ transferred, files }) => context.progress({ transferred, files });
}

function filesOf({ files, bytes, skipped }: TreeResult, context: ConnectorContext): string {
  for (const { path, reason } of skipped) context.log('warning', `${printable(path)}: ${printable(reason)}`);
  return `${files} files with ${bytes} bytes`;
}
