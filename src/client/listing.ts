import { posix } from 'node:path';
import { type FileAttributes, fileType, isWherryError, type Sftp } from '../index.ts';
import { milliseconds } from './file-attributes.ts';
import { formatFileTime } from './file-time.ts';
import { isMask, masksTest, maskTest } from './mask.ts';
import type { Session } from './session.ts';
import type { ClientState, DirEntry } from './state.ts';
import { TransferDirections } from './tables/enums.ts';

/** A folder, and which of its entries are wanted. */
interface Wanted {
  readonly folder: string;
  readonly fits: (name: string) => boolean;
}

/** What `listDirectory()` does. */
export async function listDirectory(
  state: ClientState,
  session: Session,
  signal: AbortSignal,
): Promise<void> {
  const { emitter, settings } = state;
  const { remoteFile } = state.main.view;
  const sftp = await session.ready(signal);
  const about = { direction: TransferDirections.server, localFile: '', remoteFile };
  const found: DirEntry[] = [];
  state.dirList = found;
  await emitter.emit('startTransfer', { ...about });
  const { folder, fits } = await wantedIn(state, session, sftp, remoteFile, signal);
  const excluded = excludedNames(state);
  try {
    for await (const { name, longname, attributes } of sftp.list(folder, { signal })) {
      if (!fits(name) || excluded(name)) continue;
      const entry = dirEntry(
        name,
        longname,
        attributes,
        settings.get('FiletimeFormat'),
        settings.get('UseServerFileTime'),
      );
      found.push(entry);
      state.listed = attributes;
      await emitter.emit('dirList', { ...entry, dirEntry: entry.entry });
    }
  } finally {
    state.listed = undefined;
  }
  await emitter.emit('endTransfer', { ...about });
}

function dirEntry(
  name: string,
  longname: string,
  attributes: FileAttributes,
  format: string,
  utc: boolean,
): DirEntry {
  const type = fileType(attributes);
  const { modifyTime, modifyTimeNanoseconds, size = 0 } = attributes;
  const time = milliseconds(modifyTime, modifyTimeNanoseconds);
  return Object.freeze({
    entry: longname === '' ? name : longname,
    fileName: name,
    fileSize: size,
    fileTime: time === undefined ? '' : formatFileTime(time, format, utc),
    isDir: type === 'directory',
    isSymlink: type === 'symlink',
  });
}

function excludedNames({ settings }: ClientState): (name: string) => boolean {
  const masks = settings.get('ExcludeFileMask');
  return masks === ''
    ? () => false
    : masksTest(masks, settings.get('FileMaskDelimiter'), settings.get('IgnoreFileMaskCasing'));
}

/** `remoteFile` read as a folder, a mask, several masks, or the name of one entry. */
async function wantedIn(
  state: ClientState,
  session: Session,
  sftp: Sftp,
  remoteFile: string,
  signal: AbortSignal,
): Promise<Wanted> {
  const all = (): boolean => true;
  const { settings } = state;
  const ignoreCase = settings.get('IgnoreFileMaskCasing');
  const delimiter = settings.get('FileMaskDelimiter');
  const folderOf = (path: string): string => session.remoteName(path) || '.';
  if (remoteFile === '') return { folder: folderOf(''), fits: all };
  if (delimiter !== '' && remoteFile.includes(delimiter)) {
    const parts = remoteFile.split(delimiter).map((part) => splitMask(part.trim()));
    const fits = masksTest(parts.map(({ mask }) => mask).join(delimiter), delimiter, ignoreCase);
    return { folder: folderOf(parts[0]!.folder), fits };
  }
  const { folder, mask } = splitMask(remoteFile);
  if (isMask(mask)) return { folder: folderOf(folder), fits: maskTest(mask, ignoreCase) };
  if (await isFolder(sftp, session.remoteName(remoteFile), signal))
    return { folder: folderOf(remoteFile), fits: all };
  const name = posix.basename(remoteFile);
  const same = ignoreCase ? name.toLowerCase() : name;
  return { folder: folderOf(folder), fits: (one) => (ignoreCase ? one.toLowerCase() : one) === same };
}

/** The folder in front of a mask: a backslash before a special character belongs to the mask, another one separates. */
function splitMask(text: string): { folder: string; mask: string } {
  const [, folder = '', mask = ''] =
    /^(.*?\/)?((?:[^/])*)$/s.exec(text.replace(/\\(?![*?[\]\\])/g, '/')) ?? [];
  return { folder: folder === '/' ? '/' : folder.replace(/\/$/, ''), mask };
}

async function isFolder(sftp: Sftp, path: string, signal: AbortSignal): Promise<boolean> {
  try {
    return fileType(await sftp.stat(path, { signal })) === 'directory';
  } catch (error) {
    if (isWherryError(error) && error.code.startsWith('SFTP_') && error.code !== 'SFTP_PROTOCOL')
      return false;
    throw error;
  }
}
