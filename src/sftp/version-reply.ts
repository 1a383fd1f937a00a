import { utf8 } from '../base/bytes.ts';
import { WherryError } from '../base/errors.ts';
import { checkLimit } from '../base/limits.ts';
import { sanitize } from '../base/text.ts';
import { readFeatures, type ServerFeatures } from './features.ts';
import { SFTP_PACKETS, sftpPacketName } from './packets.ts';
import { SftpReader } from './reader.ts';
import type { SftpVersion } from './versions.ts';

/** What SSH_FXP_VERSION says, filexfer-02 section 4. */
export interface VersionReply {
  readonly version: number;
  /** Names and data; names that only stand in a list of what the server supports have no data. */
  readonly announced: ReadonlyMap<string, string>;
  readonly features: ServerFeatures;
}

/** `bytes` is a whole frame from its type byte on. */
export function readVersionReply(bytes: Uint8Array): VersionReply {
  if (bytes[0] !== SFTP_PACKETS.SSH_FXP_VERSION) {
    throw new WherryError('SFTP_PROTOCOL', `${sftpPacketName(bytes[0]!)} where SSH_FXP_VERSION was expected`);
  }
  const reader = new SftpReader(bytes, 1, 'SSH_FXP_VERSION');
  const version = reader.u32();
  const data = new Map<string, Uint8Array>();
  while (reader.remaining > 0) {
    data.set(sanitize(reader.text(), 128), reader.string());
    checkLimit('sftpExtensions', data.size);
  }
  const features = readFeatures(data, version);
  const announced = new Map([...data].map(([name, value]) => [name, utf8(value)]));
  for (const name of features.supported?.extensions ?? []) if (!announced.has(name)) announced.set(name, '');
  return { version, announced, features };
}

export function versionMismatch(offered: SftpVersion, answered: number): WherryError {
  return new WherryError(
    'SFTP_PROTOCOL',
    `the server speaks SFTP version ${answered}, we speak 3 to ${offered}`,
    { ours: offered === 3 ? ['3'] : ['3', String(offered)], theirs: [String(answered)] },
  );
}
