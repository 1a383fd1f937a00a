import { posix } from 'node:path';
import type { Times } from '../../scp/receive.ts';
import type { Outgoing, OutgoingFile } from '../../scp/send.ts';
import { fileType } from '../../sftp/attributes.ts';
import { FilesError, type ServedFile, type ServedFiles } from '../files/served-files.ts';
import type { ScpCommand } from './command-words.ts';

const PIECE = 65_536;

/** What `scp -f` gives, in the order of a walk. Links are followed, as scp does. */
export async function* outgoing(
  files: ServedFiles,
  paths: readonly string[],
  { recursive, preserve }: ScpCommand,
): AsyncGenerator<Outgoing> {
  for (const path of paths) yield* one(files, path, recursive, preserve);
}

async function* one(
  files: ServedFiles,
  path: string,
  recursive: boolean,
  preserve: boolean,
): AsyncGenerator<Outgoing> {
  const attributes = files.attributes(path, true);
  const { permissions = 0o644, size = 0, modifyTime = 0, accessTime = 0 } = attributes;
  const name = posix.basename(files.realpath(path)) || '/';
  const times: Times | undefined = preserve ? { modifyTime, accessTime } : undefined;
  const common = { name, mode: permissions & 0o7777, times };
  const type = fileType(attributes);
  if (type === 'file') yield { ...common, kind: 'file', size, open: async () => opened(files, path) };
  else if (type !== 'directory') throw new FilesError('SSH_FX_FAILURE', 'not a regular file');
  else if (!recursive) throw new FilesError('SSH_FX_FILE_IS_A_DIRECTORY', 'not a regular file');
  else {
    yield { ...common, kind: 'folder' };
    for (const entry of files.names(path)) yield* one(files, `${path}/${entry}`, recursive, preserve);
    yield { kind: 'leave' };
  }
}

function opened(files: ServedFiles, path: string): OutgoingFile {
  const how = { read: true, write: false, append: false, create: false, truncate: false, exclusive: false };
  const file: ServedFile = files.open(path, { ...how, noFollow: false, mode: undefined });
  let at = 0;
  return {
    async next() {
      const bytes = file.read(at, PIECE);
      at += bytes.length;
      return bytes.length === 0 ? undefined : bytes;
    },
    release() {},
    async close() {
      file.close();
    },
  };
}
