import type { FuzzTarget } from './target.ts';
import { connectorInputs, mask, sanitizeTarget, scpLine, sftpFrames } from './targets/files.ts';
import { certificate, fingerprintTarget, knownHosts, privateKey, publicKey } from './targets/keys.ts';
import { kexInit, messageTarget, packetReader } from './targets/transport.ts';

export const FUZZ_TARGETS: Readonly<Record<string, FuzzTarget>> = {
  'packet-reader': packetReader,
  messages: messageTarget,
  kexinit: kexInit,
  'sftp-frames': sftpFrames,
  'scp-lines': scpLine,
  'known-hosts': knownHosts,
  fingerprints: fingerprintTarget,
  'private-keys': privateKey,
  'public-keys': publicKey,
  certificates: certificate,
  masks: mask,
  'peer-text': sanitizeTarget,
  'connector-inputs': connectorInputs,
};
