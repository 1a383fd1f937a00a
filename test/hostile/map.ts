/**
 * Which test shows what: a file below test/, the title of a test in it (`…` for each value that is put in), and, where
 * the test runs over rows, which row.
 */
export type Shown = readonly [file: string, title: string, row?: string];

const FILES = 'hostile/limits-of-files.test.ts';
const KEY_FILES = 'hostile/limits-of-key-files.test.ts';
const WORK = '…: a file may ask for as much as … allows, and no more';
const MESSAGES = 'hostile/limits-of-messages.test.ts';
const GEX = 'ssh/crypto/kex-gex.test.ts';
const VERSION = 'ssh/transport/version-exchange.test.ts';
const CERTIFICATE = 'ssh/keys/ssh-certificate.test.ts';

/** Every row of LIMITS, and the tests of it at the limit and one past it. */
export const LIMIT_TESTS: Readonly<Record<string, readonly Shown[]>> = {
  proxyReplyBytes: [
    ['net/proxies/hostile.test.ts', 'http: an answer may be as long as the limit, and no longer'],
  ],
  versionLineBytes: [
    [VERSION, 'taken: …, whole and in pieces of 1, 2, 3 and 7', '255 bytes'],
    [VERSION, 'refused: …, whole and in pieces of 1 and 3', '256 bytes'],
  ],
  preVersionLines: [
    [VERSION, 'taken: …, whole and in pieces of 1, 2, 3 and 7', 'as many lines as are allowed'],
    [VERSION, 'refused: …, whole and in pieces of 1 and 3', 'a line too many'],
  ],
  packetBytes: [
    [
      'ssh/crypto/packet/round-trip.test.ts',
      '…: the largest packet is taken, one block more is refused before it has arrived',
    ],
    ['ssh/crypto/umac.test.ts', 'umac: as long as the longest packet with its length, and no longer'],
    ['ssh/crypto/poly1305.test.ts', 'poly1305: the longest packet passes, one byte more is over the limit'],
  ],
  inflatedBytes: [
    [
      'ssh/crypto/compression.test.ts',
      'a packet inflates to as much as an uncompressed one may hold, and one byte more is refused',
    ],
  ],
  rekeyQueueBytes: [
    [
      MESSAGES,
      'rekeyQueueBytes: as much as the limit is held back during a key exchange, one byte more ends it',
    ],
  ],
  unsentBytes: [
    [
      MESSAGES,
      'unsentBytes: as many bytes as the limit wait for a peer that does not read, one packet more ends it',
    ],
  ],
  authAttempts: [
    ['ssh/auth/login.test.ts', 'we give up by ourselves after as many attempts as the limit allows'],
  ],
  authPrompts: [[MESSAGES, 'authPrompts: as many prompts as the limit are answered, one more is over it']],
  announcedHostKeys: [
    [
      'ssh/connection/host-key-notices.test.ts',
      'an announcement that is damaged, empty, of unknown keys or too long',
    ],
  ],
  bannerBytes: [
    [MESSAGES, 'bannerBytes: banners of as many bytes as the limit are shown, one byte more is not'],
  ],
  nameListEntries: [
    ['ssh/wire/fields.test.ts', 'name-list: as many names as the limit allows, not one more'],
  ],
  extInfoEntries: [
    [MESSAGES, 'extInfoEntries: as many extensions as the limit are taken, one more is over it'],
  ],
  rsaBitsMin: [
    [FILES, 'rsaBitsMin: signatures of the shortest keys count, those of shorter keys do not'],
    ['ssh/keys/public-key.test.ts', 'golang 8907318: RSA keys are bounded before any arithmetic'],
  ],
  rsaBitsMax: [['ssh/keys/public-key.test.ts', 'golang 8907318: RSA keys are bounded before any arithmetic']],
  keyWork: [
    [
      'ssh/keys/key-formats.test.ts',
      'keyWork: many … keys in one file are read up to the limit, whatever the file is made of',
      'P-521',
    ],
    [
      'ssh/keys/key-formats.test.ts',
      'keyWork: certificates of one name, tried as issuers of many keys, count too',
    ],
  ],
  dhGroupBitsMin: [
    [GEX, 'checkGroup: …: the limits themselves pass, one bit less or more does not', 'group14'],
  ],
  dhGroupBitsMax: [
    [GEX, 'checkGroup: …: the limits themselves pass, one bit less or more does not', 'group18'],
  ],
  bcryptRounds: [
    [KEY_FILES, WORK, 'bcrypt of an OpenSSH key'],
    [
      FILES,
      '…: a file may ask for as much as the limit, in one part or several, and no more',
      'bcryptRounds',
    ],
    [
      'ssh/keys/private-key-damage.test.ts',
      'golang b315afd: bcrypt rounds over the limit are refused at once',
    ],
  ],
  pbkdf2Iterations: [
    [KEY_FILES, WORK, 'PBKDF2 with SHA-256'],
    [KEY_FILES, WORK, 'scrypt'],
    [
      KEY_FILES,
      'the MAC of a PKCS#12 file: a file may ask for as much as pbkdf2Iterations allows, and no more',
    ],
    [
      FILES,
      '…: a file may ask for as much as the limit, in one part or several, and no more',
      'pbkdf2Iterations',
    ],
    [
      'ssh/keys/private-key-damage.test.ts',
      'PBKDF2 and scrypt that ask for too much work are refused at once',
    ],
  ],
  argon2MemoryKiB: [
    [KEY_FILES, WORK, 'memory of Argon2 of a PuTTY key'],
    [FILES, 'argon2MemoryKiB: a PuTTY key may ask for as much memory as the limit, and no more'],
  ],
  argon2Work: [
    [KEY_FILES, WORK, 'passes of Argon2 of a PuTTY key'],
    [FILES, '…: a file may ask for as much as the limit, in one part or several, and no more', 'argon2Work'],
    ['ssh/keys/key-formats.test.ts', 'a PuTTY key that asks for too much is refused at once'],
  ],
  derDepth: [['ssh/keys/key-formats-damage.test.ts', 'DER and BER nested deeper than the limit']],
  certificatePrincipals: [[CERTIFICATE, 'limits, kinds, options twice, a certificate as CA']],
  certificateOptions: [[CERTIFICATE, 'limits, kinds, options twice, a certificate as CA']],
  x509ChainLength: [['ssh/trust/x509-chain.test.ts', 'key blobs: those of the old drafts, and damaged ones']],
  tokenObjects: [[FILES, 'tokenObjects: as many objects of a token are looked at as the limit, and no more']],
  keyFileBytes: [[FILES, 'keyFileBytes: a key file as long as the limit is read, one byte more is none']],
  knownHostsLineBytes: [
    [FILES, 'knownHostsLineBytes: a line as long as the limit counts, one byte more is passed over'],
  ],
  agentFrameBytes: [
    ['ssh/keys/agent.test.ts', 'an answer of an agent may be as long as the limit'],
    ['ssh/keys/agent.test.ts', 'a misbehaving agent: …', 'a frame over the limit'],
  ],
  sftpFrameBytes: [
    ['sftp/frame-parser.test.ts', 'a frame at the limit is taken'],
    [
      'sftp/frame-parser.test.ts',
      '… ends the session at the header, in chunks of 1 byte too',
      'one over the limit',
    ],
  ],
  namesPerReply: [
    ['sftp/session.test.ts', 'a server that claims more names than it sends, or too many, is refused'],
  ],
  attributeExtensions: [
    [MESSAGES, 'attributeExtensions: as many pairs of a file as the limit are read, one more is over it'],
  ],
  sftpExtensions: [['sftp/negotiation.test.ts', 'more extensions than the limit end the session']],
  aclEntries: [
    [
      'sftp/acl.test.ts',
      'bytes that are no list, and a list over the limit, are shown as they are and come back',
    ],
  ],
  scpControlLine: [[FILES, 'scpControlLine: a line as long as the limit is read, one byte more is over it']],
  scpDepth: [[FILES, 'scpDepth: as many folders within folders come as the limit, one more is refused']],
  listingEntries: [
    [MESSAGES, 'listingEntries: entries up to the limit are given out, the next one is over it'],
  ],
  listingChars: [
    [MESSAGES, 'listingChars: names together as long as the limit are given out, the next one is over it'],
  ],
  nameBytes: [[MESSAGES, 'nameBytes: a name as long as the limit is listed, one byte more is over it']],
  attributeBytes: [
    [
      MESSAGES,
      'attributeBytes: attributes of one file as long as the limit are read, one byte more is over it',
    ],
  ],
  treeMemoryBytes: [
    [
      FILES,
      'treeMemoryBytes: as many folders wait to be listed as the limit has room for, one letter more is over it',
    ],
  ],
  treeDepth: [
    [FILES, 'treeDepth: as many folders within folders are walked as the limit, one more is refused'],
  ],
  servedFileBytes: [[FILES, 'servedFileBytes: a file in memory grows to the limit, and no further']],
  servedHandles: [
    [MESSAGES, 'servedHandles: a session of our server opens as many files as the limit, and no more'],
  ],
  peerTextChars: [['base/text.test.ts', 'texts are cut at the limit, and the cut shows']],
};
