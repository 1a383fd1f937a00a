import { fileType, type Sftp } from '../index.ts';
import { renumbered, SFTPClientError, toClientError } from './client-error.ts';
import { setAttributes, showAttributes } from './file-attributes.ts';
import type { Session } from './session.ts';
import type { ClientState } from './state.ts';

/** What the methods about single remote files do, once they have a session. */

export async function createFile(
  state: ClientState,
  session: Session,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const sftp = await session.ready(signal);
  const mode = state.main.view.overwrite ? 'w' : 'wx';
  const file = await sftp.open(session.remoteName(required('fileName', name)), mode, {}, { signal });
  await file.close();
}

/** A file, a link or an empty folder. */
export async function deleteFile(session: Session, name: string, signal: AbortSignal): Promise<void> {
  const sftp = await session.ready(signal);
  const path = session.remoteName(required('fileName', name));
  try {
    await sftp.remove(path, { signal });
  } catch (error) {
    if (!(await isFolder(sftp, path, signal))) throw error;
    await sftp.rmdir(path, { signal });
  }
}

export async function makeDirectory(session: Session, name: string, signal: AbortSignal): Promise<void> {
  const sftp = await session.ready(signal);
  await sftp.mkdir(session.remoteName(required('newDir', name)), {}, { signal });
}

export async function removeDirectory(session: Session, name: string, signal: AbortSignal): Promise<void> {
  const sftp = await session.ready(signal);
  await sftp.rmdir(session.remoteName(required('dirName', name)), { signal });
}

export async function renameFile(
  state: ClientState,
  session: Session,
  newName: string,
  signal: AbortSignal,
): Promise<void> {
  const { remoteFile, overwrite } = state.main.view;
  if (remoteFile === '') throw new SFTPClientError(1107, 'remoteFile is not set');
  required('newName', newName);
  const sftp = await session.ready(signal);
  const [from, to] = [session.remoteName(remoteFile), session.remoteName(newName)];
  try {
    if (overwrite && sftp.extensions.has('posix-rename@openssh.com'))
      await sftp.replace(from, to, { signal });
    else await sftp.rename(from, to, { signal });
  } catch (error) {
    const failure = toClientError(error);
    throw failure.coreCode === 'SFTP_OP_UNSUPPORTED' ? renumbered(failure, 1104) : failure;
  }
}

export async function checkFileExists(
  state: ClientState,
  session: Session,
  signal: AbortSignal,
): Promise<boolean> {
  const { remoteFile } = state.main.view;
  return (
    session.sftp !== undefined &&
    remoteFile !== '' &&
    session.sftp.exists(session.remoteName(remoteFile), { signal })
  );
}

export async function queryFileAttributes(
  state: ClientState,
  session: Session,
  signal: AbortSignal,
): Promise<void> {
  const sftp = await session.ready(signal);
  const path = session.remoteName(state.main.view.remoteFile) || '.';
  const ofLink = state.settings.get('GetSymlinkAttrs');
  state.queried = await (ofLink ? sftp.lstat(path, { signal }) : sftp.stat(path, { signal }));
  showAttributes(state.file, state.queried);
}

export async function updateFileAttributes(
  state: ClientState,
  session: Session,
  signal: AbortSignal,
): Promise<void> {
  const sftp = await session.ready(signal);
  const attributes = setAttributes(state.file, state.queried, sftp.version);
  if (Object.keys(attributes).length === 0) return;
  const path = session.remoteName(required('remoteFile', state.main.view.remoteFile));
  await sftp.setAttributes(path, attributes, { signal });
  state.queried = { ...state.queried, ...attributes };
  state.file.settle();
}

export async function downloadRange(
  session: Session,
  path: string,
  startByte: number,
  count: number,
  buffer: Uint8Array,
  signal: AbortSignal,
): Promise<number> {
  checkRange(startByte, count, buffer);
  const sftp = await session.ready(signal);
  const bytes = await sftp.readFile(session.remoteName(path), { start: startByte, length: count, signal });
  buffer.set(bytes);
  return bytes.length;
}

export async function uploadRange(
  session: Session,
  path: string,
  startByte: number,
  count: number,
  buffer: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  checkRange(startByte, count, buffer);
  const sftp = await session.ready(signal);
  await sftp.upload(buffer.subarray(0, count), session.remoteName(path), { at: startByte, signal });
}

/** The folder and the name of a range method as one path. */
export function joined(path: string, fileName: string): string {
  if (path === '' || fileName.startsWith('/')) return fileName;
  return `${path.replace(/\/$/, '')}/${fileName}`;
}

function checkRange(startByte: number, count: number, buffer: Uint8Array): void {
  for (const [name, value] of [
    ['startByte', startByte],
    ['count', count],
  ] as const) {
    if (!Number.isSafeInteger(value) || value < 0)
      throw new SFTPClientError(
        10022,
        `${name} must be a whole number of bytes from 0, not ${String(value)}`,
      );
  }
  if (!(buffer instanceof Uint8Array))
    throw new SFTPClientError(10022, 'buffer must be a Buffer or Uint8Array');
  if (count > buffer.length)
    throw new SFTPClientError(10022, `count is ${count}, but the buffer has ${buffer.length} bytes`);
}

function required(name: string, value: string): string {
  if (typeof value !== 'string' || value === '')
    throw new SFTPClientError(10022, `${name} must not be empty`);
  return value;
}

async function isFolder(sftp: Sftp, path: string, signal: AbortSignal): Promise<boolean> {
  return fileType(await sftp.lstat(path, { signal }).catch(() => ({}))) === 'directory';
}
