import type { FuzzTarget } from './target.ts';
import {
  certificate,
  fingerprintTarget,
  formatTargets,
  keyFiles,
  knownHosts,
  legacyPem,
  publicKey,
  x509View,
} from './targets/keys.ts';
import { proxyHttp, proxySocks4, proxySocks5 } from './targets/proxies.ts';
import { acl, attributeTargets, replyTargets, sftpFrames, versionReply } from './targets/sftp.ts';
import { connectorInputs, glob, mask, sanitizeTarget, scpLine, sshConfig, treeGlob } from './targets/text.ts';
import { kexInit, messageTarget, packetReader } from './targets/transport.ts';

export const FUZZ_TARGETS: Readonly<Record<string, FuzzTarget>> = {
  'packet-reader': packetReader,
  messages: messageTarget,
  kexinit: kexInit,
  'sftp-frames': sftpFrames,
  'sftp-version': versionReply,
  ...attributeTargets,
  ...replyTargets,
  'sftp-acl': acl,
  'scp-lines': scpLine,
  'known-hosts': knownHosts,
  'ssh-config': sshConfig,
  fingerprints: fingerprintTarget,
  'public-keys': publicKey,
  certificates: certificate,
  ...formatTargets,
  'key-legacy-pem': legacyPem,
  'key-files': keyFiles,
  'x509-view': x509View,
  globs: glob,
  masks: mask,
  'tree-globs': treeGlob,
  'proxy-http': proxyHttp,
  'proxy-socks4': proxySocks4,
  'proxy-socks5': proxySocks5,
  'peer-text': sanitizeTarget,
  'connector-inputs': connectorInputs,
};
