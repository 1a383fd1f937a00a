import { type FileAttributes, VERSION } from '../index.ts';
import { milliseconds, typeNumber } from './file-attributes.ts';
import { hexFingerprint } from './hex-fingerprint.ts';
import type { Session } from './session.ts';
import type { SettingName } from './settings.ts';
import type { ClientState } from './state.ts';

type Reader = (state: ClientState, session: Session) => string;

const ofEntry =
  (read: (attributes: FileAttributes) => number | string | undefined): Reader =>
  ({ listed }) =>
    String((listed === undefined ? undefined : read(listed)) ?? '');

const ofHostKey =
  (algorithm: 'md5' | 'sha1' | 'sha256'): Reader =>
  ({ shownHostKey }) =>
    shownHostKey === undefined ? '' : hexFingerprint(shownHostKey, algorithm);

/** Settings that are only read, with what they tell at this moment. */
export const liveSettings: Readonly<Partial<Record<SettingName, Reader>>> = {
  AttrAccessTime: ofEntry(({ accessTime, accessTimeNanoseconds }) =>
    milliseconds(accessTime, accessTimeNanoseconds),
  ),
  AttrCreationTime: ofEntry(({ createTime, createTimeNanoseconds }) =>
    milliseconds(createTime, createTimeNanoseconds),
  ),
  AttrFileType: ofEntry(typeNumber),
  AttrGroupId: ofEntry(({ gid, group }) => gid ?? group),
  AttrLinkCount: ofEntry(({ linkCount }) => linkCount),
  AttrOwnerId: ofEntry(({ uid, owner }) => uid ?? owner),
  AttrPermission: ofEntry(({ permissions }) => permissions),
  FreeSpace: ({ space }) => String(space.free),
  TotalSpace: ({ space }) => String(space.total),
  NegotiatedProtocolVersion: (_, { sftp }) => String(sftp?.version ?? 0),
  NegotiatedStrictKex: (_, { strictKex }) => (strictKex ? 'True' : 'False'),
  ServerSSHVersionString: (_, { serverVersion }) => serverVersion,
  SSHFingerprintMD5: ofHostKey('md5'),
  SSHFingerprintSHA1: ofHostKey('sha1'),
  SSHFingerprintSHA256: ofHostKey('sha256'),
  BuildInfo: () => `wherry ${VERSION}, Node ${process.version}`,
  LicenseInfo: () => 'wherry: MIT license',
};
