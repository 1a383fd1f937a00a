import type { PropertyRow } from './rows.ts';

/** The properties that belong to no group. */
export const PROPERTIES = {
  /** Whether the handshake with the server is done and the connection stands. */
  connected: {
    type: 'bool',
    default: false,
    access: 'ro',
    doc: 'Whether the handshake with the server is done and the connection stands.',
  },
  /** How many entries `dirList` has. */
  dirListCount: { type: 'int', default: 0, access: 'ro', doc: 'How many entries `dirList` has.' },
  /** False while a method is at work on the network. */
  idle: { type: 'bool', default: true, access: 'ro', doc: 'False while a method is at work on the network.' },
  /** Local path of a transfer; empty: a download only shows its bytes in `transfer` events. */
  localFile: {
    type: 'str',
    default: '',
    access: 'rw',
    doc: 'Local path of a transfer; empty: a download only shows its bytes in `transfer` events.',
  },
  /** Local address to connect from; while connected, the address in use. */
  localHost: {
    type: 'str',
    default: '',
    access: 'rw',
    locked: 107,
    doc: 'Local address to connect from, or a name of this machine; while connected, the address in use.',
    differs: 'Empty until it is set or a connection stands; the name of this machine is never put in.',
  },
  /** Local port to connect from, 0 for any; while connected, the port in use. */
  localPort: {
    type: 'int',
    default: 0,
    access: 'rw',
    range: [0, 65_535],
    locked: 106,
    doc: 'Local port to connect from, 0 for any; while connected, the port in use.',
  },
  /** Whether a transfer may replace a file that is there. */
  overwrite: {
    type: 'bool',
    default: false,
    access: 'rw',
    doc: 'Whether a transfer may replace a file that is there. Resumed and appending transfers do not ask.',
  },
  /** Remote file of a transfer or query, absolute or relative to `remotePath`; for a listing a folder or mask. */
  remoteFile: {
    type: 'str',
    default: '',
    access: 'rw',
    doc: 'Remote file of a transfer or query, absolute or relative to `remotePath`; for a listing a folder or mask.',
  },
  /** The remote folder that relative names start from; set by `changeRemotePath`. */
  remotePath: {
    type: 'str',
    default: '',
    access: 'ro',
    doc: 'The remote folder that relative names start from; set by `changeRemotePath`. No slash at its end.',
  },
  /** How to log in. */
  sshAuthMode: {
    type: 'int',
    default: 2,
    access: 'rw',
    values: 'SSHAuthModes',
    doc: 'How to log in. `amMultiFactor` answers each factor the server asks for. With `amNone` the user is `anonymous`, whatever `sshUser` says.',
  },
  /** Compression algorithms allowed, best first. */
  sshCompressionAlgorithms: {
    type: 'str',
    default: '',
    list: 'compressions',
    access: 'rw',
    doc: 'Compression algorithms allowed, best first, with commas between.',
    differs:
      'The reference has none,zlib. zlib before the login lets strangers feed a decompressor; name it, or zlib@openssh.com, to allow it.',
  },
  /** Ciphers allowed, best first. */
  sshEncryptionAlgorithms: {
    type: 'str',
    default: '',
    list: 'ciphers',
    access: 'rw',
    doc: 'Ciphers allowed, best first, with commas between.',
    differs:
      'The reference also allows 3des-ctr and three kinds of arcfour, which are broken; name them to use them.',
  },
  /** Name or address of the server. */
  sshHost: {
    type: 'str',
    default: '',
    access: 'rw',
    locked: 101,
    doc: 'Name or address of the server.',
    differs: 'A name stays a name; the reference replaces it by the address that was found.',
  },
  /** Password for the login. */
  sshPassword: { type: 'str', default: '', access: 'rw', doc: 'Password for the login.' },
  /** Port of the server. */
  sshPort: {
    type: 'int',
    default: 22,
    access: 'rw',
    range: [0, 65_535],
    locked: 100,
    doc: 'Port of the server. 0 cannot be connected to (error 116).',
  },
  /** User to log in as. */
  sshUser: {
    type: 'str',
    default: '',
    access: 'rw',
    doc: 'User to log in as; must be set, except for `amNone`.',
  },
  /** Byte of the file to begin a transfer at; 0 again after a transfer that succeeded. */
  startByte: {
    type: 'int',
    default: 0,
    access: 'rw',
    doc: 'Byte of the file to begin a transfer at; 0 again after a transfer that succeeded.',
  },
  /** Seconds without anything arriving after which a method fails with 201; 0 waits for ever. */
  timeout: {
    type: 'int',
    default: 60,
    access: 'rw',
    range: [0, 2_147_483],
    doc: 'Seconds without anything arriving after which a method fails with 201; 0 waits for ever.',
  },
} as const;
PROPERTIES satisfies Record<string, PropertyRow>;
