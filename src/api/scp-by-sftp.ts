import { stat } from 'node:fs/promises';
import { basename, posix } from 'node:path';
import { WherryError } from '../base/errors.ts';
import { sanitize } from '../base/text.ts';
import { fileType } from '../sftp/attributes.ts';
import type { TransferResult } from '../transfer/options.ts';
import type { ScpOptions, ScpResult } from '../transfer/scp-options.ts';
import type { TreeResult } from '../transfer/tree/options.ts';
import type { Sftp } from './sftp.ts';

/** What `scpDownload` does, where the server does not run scp. */
export async function downloadBySftp(
  sftp: Sftp,
  remote: string,
  local: string,
  options: ScpOptions,
): Promise<ScpResult> {
  if (options.recursive && fileType(await sftp.stat(remote)) === 'directory') {
    return fromTree(await sftp.downloadTree(remote, local, treeOptions(options)));
  }
  return fromFile(await sftp.download(remote, local, options));
}

/** What `scpUpload` does, where the server does not run scp: into the path where it is a folder, as scp has it. */
export async function uploadBySftp(
  sftp: Sftp,
  source: string | Uint8Array,
  remote: string,
  options: ScpOptions,
): Promise<ScpResult> {
  const there = await sftp.stat(remote).catch(() => ({}));
  const isFolder = fileType(there) === 'directory';
  if (options.intoFolder && !isFolder) {
    throw new WherryError('TRANSFER_TARGET', `${sanitize(remote)} is no folder`, { path: sanitize(remote) });
  }
  const target = isFolder && typeof source === 'string' ? posix.join(remote, basename(source)) : remote;
  if (typeof source === 'string' && (await stat(source)).isDirectory()) {
    if (!options.recursive) {
      throw new WherryError('TRANSFER_TARGET', `${source} is a folder: copy it with recursive`, {
        localPath: source,
      });
    }
    return fromTree(await sftp.uploadTree(source, target, treeOptions(options)));
  }
  return fromFile(await sftp.upload(source, target, options));
}

function treeOptions({
  signal,
  timeout,
  overwrite,
  preserve,
}: ScpOptions): Pick<ScpOptions, 'signal' | 'timeout' | 'overwrite' | 'preserve'> {
  return { signal, timeout, overwrite, preserve };
}

function fromFile({ bytes, duration }: TransferResult): ScpResult {
  return { files: 1, folders: 0, bytes, duration, protocol: 'sftp', skipped: [], warnings: [] };
}

function fromTree({ files, folders, bytes, duration, skipped }: TreeResult): ScpResult {
  return { files, folders, bytes, duration, skipped, protocol: 'sftp', warnings: [] };
}
