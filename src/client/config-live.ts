import { createRequire } from 'node:module';
import type { FileAttributes } from '../index.ts';
import { hexFingerprint } from './certificate.ts';
import { typeNumber } from './file-attributes.ts';
import type { Session } from './session.ts';
import type { SettingName } from './settings.ts';
import type { ClientState } from './state.ts';

const { name, version, license } = createRequire(import.meta.url)('../../package.json') as Record<
  string,
  string
>;

type Reader = (state: ClientState, session: Session) => string;

const ofEntry =
  (read: (attributes: FileAttributes) => number | string | undefined): Reader =>
  ({ listed }) =>
    String((listed === undefined ? undefined : read(listed)) ?? '');

const ofHostKey =
  (algorithm: 'md5' | 'sha1' | 'sha256'): Reader =>
  ({ shownHostKey }) =>
    shownHostKey === undefined ? '' : hexFingerprint(shownHostKey, algorithm);

const milliseconds = (seconds: number | undefined): number | undefined =>
  seconds === undefined ? undefined : seconds * 1000;

/** Settings that are only read, with what they tell at this moment. */
export const liveSettings: Readonly<Partial<Record<SettingName, Reader>>> = {
  AttrAccessTime: ofEntry(({ accessTime }) => milliseconds(accessTime)),
  AttrCreationTime: ofEntry(() => undefined),
  AttrFileType: ofEntry(typeNumber),
  AttrGroupId: ofEntry(({ gid }) => gid),
  AttrLinkCount: ofEntry(() => undefined),
  AttrOwnerId: ofEntry(({ uid }) => uid),
  AttrPermission: ofEntry(({ permissions }) => permissions),
  FreeSpace: ({ space }) => String(space.free),
  TotalSpace: ({ space }) => String(space.total),
  NegotiatedProtocolVersion: (_, { sftp }) => String(sftp?.version ?? 0),
  NegotiatedStrictKex: (_, { strictKex }) => (strictKex ? 'True' : 'False'),
  ServerSSHVersionString: (_, { serverVersion }) => serverVersion,
  SSHFingerprintMD5: ofHostKey('md5'),
  SSHFingerprintSHA1: ofHostKey('sha1'),
  SSHFingerprintSHA256: ofHostKey('sha256'),
  BuildInfo: () => `${name} ${version}, Node ${process.version}`,
  LicenseInfo: () => `${name}: ${license} license`,
};
