import { WherryError } from './errors.ts';

/** Every size or count a peer or a file can choose, with our bound and its reason. */
export const LIMITS = {
  proxyReplyBytes: { value: 16_384, why: "head of an HTTP proxy's answer, as Node and curl bound it" },
  versionLineBytes: { value: 255, why: 'RFC 4253 section 4.2, CR LF included' },
  preVersionLines: { value: 1024, why: 'lines a server may send before its version line' },
  packetBytes: { value: 262_144, why: 'what OpenSSH accepts; bounds every later allocation' },
  inflatedBytes: { value: 262_144, why: 'payload of one compressed packet: as long as an uncompressed one' },
  rekeyQueueBytes: { value: 16_777_216, why: 'payload held back while keys are exchanged' },
  unsentBytes: {
    value: 67_108_864,
    why: 'packets for a peer that asks and asks, and does not read the answers',
  },
  authAttempts: { value: 64, why: 'methods of a login, and rounds of one method, before we give up' },
  authPrompts: { value: 64, why: 'prompts of one keyboard-interactive request' },
  announcedHostKeys: {
    value: 64,
    why: 'keys of one hostkeys-00@openssh.com, each with a signature to verify',
  },
  bannerBytes: { value: 65_536, why: 'login banner kept for display' },
  nameListEntries: { value: 1024, why: 'names in a KEXINIT list' },
  extInfoEntries: { value: 128, why: 'extensions in EXT_INFO (RFC 8308)' },
  rsaBitsMin: { value: 1024, why: 'shorter RSA keys prove nothing' },
  keyWork: {
    value: 5_000,
    why: 'tenths of a millisecond for the keys and certificates of one file: one of the longest RSA keys, or 74 with P-521',
  },
  rsaBitsMax: { value: 16_384, why: 'verification time grows with the cube' },
  dhGroupBitsMin: { value: 2048, why: 'RFC 9142: smaller groups are within reach' },
  dhGroupBitsMax: { value: 8192, why: 'RFC 4419 upper bound; CPU time' },
  bcryptRounds: {
    value: 128,
    why: 'KDF rounds of an OpenSSH private key file, at about 5 ms each; ssh-keygen writes 16 or 24, people ask for 100',
  },
  pbkdf2Iterations: {
    value: 2_500_000,
    why: 'rounds of PBKDF2, or work as long, for all parts of one key file: half a second to a second',
  },
  argon2MemoryKiB: { value: 262_144, why: 'memory an Argon2 key file may ask for; puttygen writes 8192' },
  argon2Work: {
    value: 524_288,
    why: 'KiB of memory times passes of an Argon2 key file, half a second; puttygen writes about 170,000 to 300,000',
  },
  derDepth: { value: 32, why: 'elements within elements of a DER file; the deepest key we know has 12' },
  certificatePrincipals: { value: 256, why: 'names in an OpenSSH certificate, as OpenSSH caps them' },
  certificateOptions: { value: 64, why: 'critical options, and extensions, of an OpenSSH certificate' },
  x509ChainLength: { value: 16, why: 'certificates in one X.509 key (RFC 6187)' },
  tokenObjects: { value: 256, why: 'keys, and certificates, looked at on one PKCS#11 token' },
  keyFileBytes: { value: 1_048_576, why: 'no private key is larger' },
  knownHostsLineBytes: { value: 65_536, why: 'one line of known_hosts' },
  agentFrameBytes: { value: 262_144, why: 'as OpenSSH agents' },
  sftpFrameBytes: { value: 1_049_600, why: '1 MiB of data and its header' },
  namesPerReply: { value: 10_000, why: 'entries of one SSH_FXP_NAME' },
  nameBytes: { value: 4096, why: 'name of one entry of a listing; file systems have 255, few more' },
  attributeBytes: { value: 65_536, why: 'attributes of one file, a long access control list with them' },
  attributeExtensions: { value: 128, why: 'extended pairs of one file' },
  sftpExtensions: { value: 256, why: 'extensions a server may announce' },
  aclEntries: { value: 1024, why: 'entries of one access control list' },
  scpControlLine: { value: 4096, why: 'one line of the scp protocol' },
  scpDepth: {
    value: 256,
    why: 'folders within folders that a remote scp sends: each is looked at from the top',
  },
  listingEntries: { value: 1_000_000, why: 'entries of one directory, settable' },
  listingChars: {
    value: 268_435_456,
    why: 'names of one directory, together: a million of the longest that file systems have',
  },
  treeMemoryBytes: {
    value: 536_870_912,
    why: 'what a folder transfer remembers: folders to be listed, entries left out, some 500 bytes each',
  },
  treeDepth: {
    value: 1024,
    why: 'folders within folders: a path of 4,096 bytes has no more with names of some length',
  },
  servedFileBytes: { value: 1_073_741_824, why: 'one file of a server in memory' },
  servedHandles: { value: 1024, why: 'open files and folders of one session of our server' },
  peerTextChars: { value: 1024, why: "the peer's words in a message or log" },
} as const;
LIMITS satisfies Record<string, { value: number; why: string }>;

/** The name of a row of LIMITS. */
export type LimitName = keyof typeof LIMITS;

/** Throws LIMIT_EXCEEDED when `actual` is over the limit. */
export function checkLimit(name: LimitName, actual: number): void {
  if (actual > LIMITS[name].value) throw limitError(name, actual);
}

/** LIMIT_EXCEEDED, with the limit and what went over it. */
export function limitError(name: LimitName, actual: number): WherryError {
  const limit: number = LIMITS[name].value;
  return new WherryError('LIMIT_EXCEEDED', `${name}: ${actual} is over the limit of ${limit}`, {
    limit: name,
    expected: limit,
    actual,
  });
}
