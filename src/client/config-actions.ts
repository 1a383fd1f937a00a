import { SFTPClientError } from './client-error.ts';
import type { Session } from './session.ts';
import type { SettingName } from './settings.ts';
import type { ClientState } from './state.ts';

type Action = (state: ClientState, session: Session, value: string | undefined) => Promise<string>;

/** Settings that do something when they are set or read. */
export const actions: Readonly<Partial<Record<SettingName, Action>>> = {
  CheckFileHash: () => missing('CheckFileHash'),
  CopyRemoteData: () => missing('CopyRemoteData'),
  CopyRemoteFile: () => missing('CopyRemoteFile'),

  GetSpaceInfo: (state, session, value) =>
    state.run(async (signal) => {
      const sftp = await session.ready(signal);
      const space = await sftp.space(session.remoteName(value ?? '') || '.', { signal });
      state.space = {
        free: exact('FreeSpace', space.blocksAvailable * space.fragmentSize),
        total: exact('TotalSpace', space.blocks * space.fragmentSize),
      };
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

async function missing(name: string): Promise<string> {
  throw new SFTPClientError(1103, `${name} is not there yet`);
}

function exact(name: string, bytes: number | bigint): number {
  if (bytes > Number.MAX_SAFE_INTEGER) throw new SFTPClientError(1103, `${name} is beyond 2^53 bytes`);
  return Number(bytes);
}
