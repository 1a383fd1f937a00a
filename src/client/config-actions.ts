import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Sftp } from '../index.ts';
import { SFTPClientError } from './client-error.ts';
import type { Session } from './session.ts';
import type { SettingName } from './settings.ts';
import type { ClientState } from './state.ts';

type Action = (state: ClientState, session: Session, value: string | undefined) => Promise<string>;

/** Settings that do something when they are set or read. */
export const actions: Readonly<Partial<Record<SettingName, Action>>> = {
  CheckFileHash: (state, session) => state.run((signal) => checkFileHash(state, session, signal)),
  CopyRemoteData: (state, session, value) =>
    state.run((signal) => copyRemoteData(state, session, value, signal)),
  CopyRemoteFile: (state, session, value) =>
    state.run(async (signal) => {
      const { sftp, from } = await source(state, session, signal);
      const { overwrite } = state.main.view;
      await sftp.copy(from, session.remoteName(needed('CopyRemoteFile', value)), { overwrite, signal });
      return '';
    }),

  GetSpaceInfo: (state, session, value) =>
    state.run(async (signal) => {
      const sftp = await session.ready(signal);
      const { free, total } = await sftp.spaceInfo(session.remoteName(value ?? '') || '.', { signal });
      state.space = { free: exact('FreeSpace', free), total: exact('TotalSpace', total) };
      return '';
    }),

  ReadLink: (state, session, value) =>
    state.run(async (signal) => {
      if (value === undefined || value === '')
        throw new SFTPClientError(10022, 'ReadLink=path: the path is missing');
      const sftp = await session.ready(signal);
      return sftp.readlink(session.remoteName(value), { signal });
    }),

  SSHKeyRenegotiate: async (_, session) => {
    if (session.connection === undefined) throw new SFTPClientError(1117);
    await session.connection.rekey();
    return '';
  },
};

/** The file the actions are about. */
async function source(
  state: ClientState,
  session: Session,
  signal: AbortSignal,
): Promise<{ sftp: Sftp; from: string }> {
  const { remoteFile } = state.main.view;
  if (remoteFile === '') throw new SFTPClientError(1107, 'remoteFile is not set');
  return { sftp: await session.ready(signal), from: session.remoteName(remoteFile) };
}

async function checkFileHash(state: ClientState, session: Session, signal: AbortSignal): Promise<string> {
  const { localFile } = state.main.view;
  if (localFile === '') throw new SFTPClientError(1107, 'localFile is not set');
  const { sftp, from } = await source(state, session, signal);
  const { algorithm, hashes } = await sftp.hash(from, { signal });
  const local = createHash(algorithm);
  for await (const bytes of createReadStream(localFile, { signal })) local.update(bytes as Buffer);
  if (local.digest().equals(hashes[0]!)) return 'True';
  throw new SFTPClientError(
    1109,
    `the ${algorithm} hashes of ${localFile} and ${state.main.view.remoteFile} differ`,
  );
}

/** `DestFile=path;Length=n;WriteOffset=n`; what lies around the bytes in the target stays, unless all of it is replaced. */
async function copyRemoteData(
  state: ClientState,
  session: Session,
  value: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  const { startByte, overwrite } = state.main.view;
  const { destFile, length, at } = copyParameters(needed('CopyRemoteData', value));
  const { sftp, from } = await source(state, session, signal);
  const to = session.remoteName(destFile);
  const whole = length === undefined && at === undefined;
  const there = await sftp.exists(to, { signal });
  if (!there || (whole && overwrite)) await (await sftp.open(to, 'w', {}, { signal })).close();
  await sftp.copyRange(from, to, { start: startByte, length, at, signal });
  return '';
}

interface CopyParameters {
  readonly destFile: string;
  readonly length: number | undefined;
  readonly at: number | undefined;
}

function copyParameters(text: string): CopyParameters {
  const pairs = new Map(
    text
      .split(';')
      .filter((part) => part.trim() !== '')
      .map((part) => {
        const [name = '', ...rest] = part.split('=');
        return [name.trim().toLowerCase(), rest.join('=')] as const;
      }),
  );
  for (const name of pairs.keys()) {
    if (!['destfile', 'length', 'writeoffset'].includes(name))
      throw new SFTPClientError(10022, `CopyRemoteData knows DestFile, Length and WriteOffset, not ${name}`);
  }
  const count = (name: string): number | undefined => {
    const given = pairs.get(name);
    if (given === undefined) return undefined;
    if (!/^\d{1,16}$/.test(given.trim()) || !Number.isSafeInteger(Number(given)))
      throw new SFTPClientError(
        10022,
        `CopyRemoteData: ${name} must be a whole number of bytes, not ${given}`,
      );
    return Number(given);
  };
  return {
    destFile: needed('CopyRemoteData: DestFile', pairs.get('destfile')),
    length: count('length'),
    at: count('writeoffset'),
  };
}

function needed(name: string, value: string | undefined): string {
  if (value === undefined || value === '') throw new SFTPClientError(10022, `${name}: the path is missing`);
  return value;
}

function exact(name: string, bytes: bigint): number {
  if (bytes > Number.MAX_SAFE_INTEGER) throw new SFTPClientError(1103, `${name} is beyond 2^53 bytes`);
  return Number(bytes);
}
