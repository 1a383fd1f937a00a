import type { FuzzTarget } from './target.ts';
import { connectorInputs, mask, sanitizeTarget, scpLine, sftpFrames } from './targets/files.ts';
import {
  certificate,
  fingerprintTarget,
  keyFiles,
  knownHosts,
  privateKey,
  publicKey,
} from './targets/keys.ts';
import { acl, attributeTargets, versionReply } from './targets/sftp.ts';
import { kexInit, messageTarget, packetReader } from './targets/transport.ts';

export const FUZZ_TARGETS: Readonly<Record<string, FuzzTarget>> = {
  'packet-reader': packetReader,
  messages: messageTarget,
  kexinit: kexInit,
  'sftp-frames': sftpFrames,
  'sftp-version': versionReply,
  ...attributeTargets,
  'sftp-acl': acl,
  'scp-lines': scpLine,
  'known-hosts': knownHosts,
  fingerprints: fingerprintTarget,
  'private-keys': privateKey,
  'key-files': keyFiles,
  'public-keys': publicKey,
  certificates: certificate,
  masks: mask,
  'peer-text': sanitizeTarget,
  'connector-inputs': connectorInputs,
};
