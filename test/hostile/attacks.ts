import type { Shown } from './map.ts';

const ATTACKS = 'ssh/transport/attacks.test.ts';
const CHANNEL = 'ssh/connection/channel.test.ts';
const CERTIFICATE = 'ssh/keys/ssh-certificate.test.ts';
const CLEAR = 'a clear packet with … is SSH_MALFORMED, whole and byte by byte';
const DAMAGE = 'ssh/keys/private-key-damage.test.ts';
const DOWNLOAD = 'download with …: right bytes or a typed error, in sizes …';
const FILES = 'hostile/limits-of-files.test.ts';
const HANDSHAKE = 'ssh/transport/handshake.test.ts';
const HOST_KEY = 'ssh/transport/host-key.test.ts';
const KNOWN_HOSTS = 'ssh/trust/known-hosts-line.test.ts';
const LOGIN = 'ssh/auth/hostile-login.test.ts';
const MESSAGES = 'hostile/limits-of-messages.test.ts';
const MUX = 'ssh/connection/mux.test.ts';
const PACKETS = 'ssh/transport/packets.test.ts';
const REKEY = 'ssh/transport/rekey.test.ts';
const SCP = 'scp/hostile-source.test.ts';
const SESSION = 'sftp/session.test.ts';
const TRANSPORT = 'ssh/transport/transport.test.ts';
const TREE = 'transfer/tree.test.ts';
const VERSION = 'ssh/transport/version-exchange.test.ts';

/** What others paid for, and what a hostile server may try: the tests that show it, or why it is no matter here. */
export const ATTACK_TESTS: Readonly<Record<string, readonly Shown[] | string>> = {
  // The transport.
  'Terrapin, CVE-2023-48795': [
    [
      'real/terrapin.test.ts',
      '…: the attack works where strict key exchange is off, and where it is on it is seen',
    ],
    [ATTACKS, 'refused: …', 'IGNORE before KEXINIT under strict key exchange (Terrapin)'],
  ],
  'EXT_INFO where it has no place, asyncssh CVE-2023-46445': [
    [ATTACKS, 'refused: …', 'EXT_INFO before NEWKEYS (asyncssh CVE-2023-46445)'],
    [ATTACKS, 'refused: …', 'EXT_INFO after login'],
    [ATTACKS, 'refused: …', 'EXT_INFO twice'],
  ],
  'messages of the other role or state, libssh CVE-2018-10933': [
    [
      'ssh/transport/legal-messages.test.ts',
      'a client in state …: every message the table forbids closes the connection with SSH_PROTOCOL',
    ],
    [ATTACKS, 'refused: …', 'login success before any request (libssh CVE-2018-10933, turned round)'],
  ],
  'a wrong guess, libssh CVE-2023-1667': [
    [TRANSPORT, 'a guess of the server’s that turns out wrong is dropped, and the exchange goes on'],
  ],
  'a re-key of another hash size, libssh CVE-2021-3634': [
    [REKEY, 'a later exchange may use another method, hash size, cipher and MAC; the session id stays'],
  ],
  'floods of guessed packets, libssh CVE-2025-8277': [
    ['hostile/peers.test.ts', 'of guessed packets one is dropped, a second one ends the connection'],
    ['hostile/peers.test.ts', 'a wrong guess in each of many key exchanges leaves nothing behind'],
  ],
  'failed cryptography taken for success, libssh CVE-2025-5987': [
    [HOST_KEY, '…: … for a proof is SSH_HOST_KEY_SIGNATURE before the trust source is asked'],
    [
      'ssh/crypto/key-exchanges.test.ts',
      '…: arbitrary bytes from the peer never give more than SSH_KEY_EXCHANGE',
    ],
    ['ssh/crypto/key-exchanges.test.ts', '…: a random source that fails is not covered up'],
  ],
  'an absurd packet length, russh': [
    [PACKETS, 'an absurd length is refused at its fourth byte: nothing is allocated for it'],
  ],
  'small-order X25519 points, GHSA-5xvq-cp9x-6p6r': [
    ['ssh/crypto/kex-x25519.test.ts', 'x25519: GHSA-5xvq-cp9x-6p6r, the small-order point ……… is refused'],
  ],
  'public values of a wrong length, GHSA-g9hv-x236-4qp3': [
    ['ssh/crypto/kex-x25519.test.ts', 'x25519: GHSA-g9hv-x236-4qp3, a public value of … bytes is refused'],
  ],
  'points off the curve': [['ssh/crypto/kex-ecdh.test.ts', '…: bad points are refused']],
  'DH groups that are not prime, jsch#1089': [
    ['ssh/crypto/kex-gex.test.ts', 'checkGroup: jsch#1089, refused: …'],
  ],
  'DH values of 0, 1, p-1': [
    ['ssh/crypto/kex-dh.test.ts', 'dh: 0, 1, p-1, p and above are refused; 2 and p-2 are not'],
  ],
  'the size of a group is the one preferred, golang bb41b3d': [
    [
      'ssh/transport/rules.test.ts',
      'the group asked for: the default, the preferred size, and what the server can do at most',
    ],
  ],
  'bytes flipped on the way': [
    [
      'ssh/crypto/packet/damage.test.ts',
      '…: one flipped bit anywhere, in length, body or tag, and nothing is delivered',
    ],
  ],
  'an AEAD cipher and no common MAC, asyncssh 2.23.0': [
    [
      'ssh/transport/negotiate.test.ts',
      '…: it needs a MAC, or has its own and the MAC lists may be empty or have nothing in common',
    ],
  ],
  'lists that are empty, golang b53964a': [
    [
      'ssh/transport/negotiate.test.ts',
      '…: an empty list is permitted on the wire, and says so when it matters',
    ],
  ],
  'a queue without bound during a key exchange, CVE-2025-22869': [
    [REKEY, 'a peer that never finishes a key exchange cannot make us keep more than the limit'],
  ],
  'upload hangs at re-key, ssh2#882': [
    [REKEY, 'data both ways while … re-keys every 64 KiB, in pieces of …'],
  ],
  'lines before the version, golang 593c81a': [
    [VERSION, 'refused: …, whole and in pieces of 1 and 3', 'a line too many'],
  ],
  'predictable keys, SSH.NET CVE-2022-29245': [
    [
      'ssh/crypto/key-exchanges.test.ts',
      "…: the same random bytes give the same values, the system's give others each time",
    ],
  ],
  'nonces of ECDSA, PuTTY CVE-2024-31497':
    'OpenSSL makes every signature and draws its nonces: there is no nonce of ours.',
  'the order of host key algorithms tells what is recorded, PuTTY CVE-2020-14002':
    'Known: a recorded type is asked for first, as OpenSSH does; who watches learns that the host is known.',
  'a server race in a signal handler, CVE-2024-6387': 'It concerns OpenSSH as a server in C.',
  // What the conformance lists of others have besides.
  'padding below 4 bytes': [[PACKETS, CLEAR, 'padding 3']],
  'a length that is no multiple of the block': [[PACKETS, CLEAR, 'no multiple of the block']],
  'a version line with NUL': [[VERSION, 'refused: …, whole and in pieces of 1 and 3', 'NUL']],
  'a version line over 255 bytes': [[VERSION, 'refused: …, whole and in pieces of 1 and 3', '256 bytes']],
  'K as a string for the hybrids': [
    [
      'ssh/crypto/key-exchanges.test.ts',
      '…: the hash is one node:crypto has, and the secret is a string for the hybrids only',
    ],
  ],
  'mpint in its shortest form': [
    ['ssh/wire/fields.test.ts', 'mpint: shortest form, a zero byte before a set high bit, zero is empty'],
  ],
  'UNIMPLEMENTED with the sequence number':
    'We never send it: a message we do not know ends the connection, by the table of legal messages.',
  'global requests that want a reply': [
    [MUX, 'global requests and channels of the peer’s are answered: failure, and not accepted here'],
  ],
  'certificates: kind, times, names, no names, critical options': [
    [CERTIFICATE, 'what a certificate is good for'],
  ],
  'certificates: a CA that signs with SHA-1': [
    [CERTIFICATE, 'a CA that signs with SHA-1 is refused unless asked for'],
  ],
  // Login.
  'login attempts without end, golang 5adb68b': [
    ['ssh/auth/login-rules.test.ts', 'a server that is never content ends at the limit of attempts'],
  ],
  'a password for a method nobody listed': [
    [LOGIN, 'a password is not sent to a server that does not list the method'],
  ],
  'no credential before the host is trusted': [
    [HOST_KEY, 'a key nobody trusts: the trust source’s own error, and no credential was ever sent'],
  ],
  'a late yes of the trust source': [
    [HOST_KEY, 'given up while the trust source is asked: its late yes sends nothing more'],
  ],
  'an agent for a session of its own: session-bind': [
    ['hostile/peers.test.ts', 'session-bind: the agent is told host key, session and proof before it signs'],
    ['hostile/peers.test.ts', 'session-bind: an agent that does not know it signs all the same'],
  ],
  'a login bound to the host key: publickey-hostbound': [
    ['hostile/peers.test.ts', 'publickey-hostbound: the signature covers the host key the server showed'],
  ],
  'callbacks of a server that take a probe for a login, CVE-2024-45337':
    'It concerns servers; ours, for tests, verifies a signature before it lets in.',
  // Channels.
  'replies to nothing, golang 4e7a738': [
    [CHANNEL, 'requests: yes, no, in order; a reply to nothing is SSH_PROTOCOL'],
  ],
  'a closed channel that still gets data, golang 4c4d20b': [
    [
      MUX,
      'numbers of closed channels are free again, and a channel that we closed takes what is still on its way',
    ],
  ],
  'window for discarded extended data, golang b07833c': [
    [CHANNEL, 'extended data has its type, takes window, and gives credit even where nobody listens'],
  ],
  'stderr nobody reads, golang 626e40f': [[MUX, 'extended data both read and unread never stops a channel']],
  'sums that pass 2^32, golang e052873': [[CHANNEL, 'credit that passes 2^32 - 1 is capped']],
  'a channel that is reached before it is whole, golang e8ad5cb':
    'A channel is made and entered in one turn of one thread: nobody sees it before.',
  'close, twice, golang fe1af3a': [
    [
      CHANNEL,
      'close from our side: one CLOSE, data that is still on its way is taken, closed is heard once, without an error',
    ],
    ['real/lifetime.test.ts', '…: closing is in order, may be done twice, and settles what is under way'],
  ],
  'exit-status cut short or too long, golang 9beb694': [
    ['hostile/peers.test.ts', 'exit-status …: a typed error or what it says, never a hang', 'of 2 bytes'],
  ],
  'a maximum packet size of 0, asyncssh 2.24.0': [
    [MUX, 'a maximum packet size of 0 in the confirmation is SSH_PROTOCOL, not a stall'],
  ],
  'more data than the window': [[CHANNEL, 'the peer may fill the window, and one byte more is SSH_PROTOCOL']],
  'a line cut after any byte': [
    [
      'ssh/connection/cut.test.ts',
      '…: the line breaks after any byte, in pieces of …: all settles, once, with a typed error',
    ],
  ],
  'a line silent after any byte': [
    ['ssh/connection/cut.test.ts', '…: the line falls silent after any byte: all settles in time'],
  ],
  'a peer that asks and does not read': [
    [TRANSPORT, 'a peer that asks and asks without reading the answers is cut off'],
  ],
  // Texts.
  'peer texts with control characters, golang 0f039f3': [
    [
      'base/text.test.ts',
      'every control character, line break and bidirectional override becomes a question mark',
    ],
    ['base/text.test.ts', 'an escape sequence cannot reach a terminal'],
    ['cli/display.test.ts', 'has nothing that steers a terminal'],
  ],
  'text that is not UTF-8, asyncssh 2.22.0': [
    ['ssh/wire/fields.test.ts', 'text: bytes that are not UTF-8 become U+FFFD and end no connection'],
  ],
  'control characters in paths, basic-ftp GHSA-6v7q-wjvx-w8wg': [
    ['scp/control-line.test.ts', 'never send the name …'],
  ],
  'longname read for decisions, libssh CVE-2026-0968': [
    [SESSION, 'names come as the server sends them, `.` and `..` aside; longname without terminal codes'],
  ],
  'stars against a long name, libssh CVE-2026-0967': [
    ['base/glob.test.ts', 'libssh CVE-2026-0967: many stars against a long name end soon'],
    [
      'base/path-pattern.test.ts',
      'a pattern with many stars is quick against any name (libssh CVE-2026-0967)',
    ],
  ],
  // Roads.
  'shell characters in a host for ProxyCommand, CVE-2023-51385, CVE-2023-6004': [
    [
      'net/command.test.ts',
      'a name that means something to a shell is refused there, and harmless in a list',
    ],
  ],
  'a host that begins as an option': [
    ['net/command.test.ts', 'a host or user that would begin a word with a dash is refused, in a list too'],
  ],
  'an agent path that reached a shell, ssh2 CVE-2020-26301':
    'An agent is a socket or a pipe that is opened: no program is run for it.',
  'configuration from a folder others may write to, CVE-2025-14821':
    'Only the user’s own ~/.ssh/config is read, and only by the command; nothing of the whole system is.',
  'an answer of a proxy without end, basic-ftp': [
    ['net/proxies/hostile.test.ts', 'http: an answer may be as long as the limit, and no longer'],
  ],
  // known_hosts.
  'known_hosts: a revoked key or authority, golang f717e29': [
    [
      'ssh/trust/known-hosts.test.ts',
      'golang f717e29: a revoked key or an authority is no record of the host',
    ],
  ],
  'known_hosts: unknown markers, golang 1b77d23': [[KNOWN_HOSTS, 'ignored: …', '@unknown host …']],
  'known_hosts: other blanks than space and tab, golang 9f72ecc': [
    [KNOWN_HOSTS, 'ignored: …', 'host\\u00a0…'],
  ],
  // Keys.
  'keys that cannot be read, golang b27e150': [
    [
      'ssh/keys/agent.test.ts',
      'golang b27e150: keys that cannot be read are left out; bytes come one by one; comments are made fit',
    ],
  ],
  'RSA of any length, golang 8907318': [
    ['ssh/keys/public-key.test.ts', 'golang 8907318: RSA keys are bounded before any arithmetic'],
  ],
  'DSA of any length, golang 9c2cd33': [
    ['ssh/keys/public-key.test.ts', 'DSA keys are of 1024 and 160 bits, with numbers in range'],
  ],
  'ECDSA on another curve, golang 8f405a4': [
    ['ssh/keys/public-key.test.ts', 'golang 8f405a4: the curve must be the one the type names'],
  ],
  'a key of another type than it says, golang 7626c50': [
    [HOST_KEY, 'a key of another type than was agreed on, with a sound signature of its own'],
    [DAMAGE, 'OpenSSH format: each thing that must fit'],
  ],
  'bcrypt rounds of a key file, golang b315afd': [
    [DAMAGE, 'golang b315afd: bcrypt rounds over the limit are refused at once'],
  ],
  'Argon2 of a PuTTY key': [
    ['ssh/keys/key-formats.test.ts', 'a PuTTY key that asks for too much is refused at once'],
    [FILES, 'argon2MemoryKiB: a PuTTY key may ask for as much memory as the limit, and no more'],
  ],
  'an agent that answers without bound, russh': [
    ['ssh/keys/agent.test.ts', 'a misbehaving agent: …', 'a frame of 4 GiB'],
  ],
  'a private key others may read for a moment, paramiko CVE-2022-24302': [
    [
      'cli/key.test.ts',
      'key convert writes another format, never over a file, private ones for the owner only',
    ],
  ],
  'nested replies, ioredis': [
    ['ssh/keys/key-formats-damage.test.ts', 'DER and BER nested deeper than the limit'],
  ],
  // Files.
  'scp: another file than asked for, CVE-2019-6111': [
    [SCP, '…, in pieces of …', 'another name than asked for (CVE-2019-6111)'],
  ],
  'scp: the mode of the target folder, CVE-2018-20685': [
    [SCP, '…, in pieces of …', 'the folder . (CVE-2018-20685)'],
  ],
  'scp: terminal codes in names and messages, CVE-2019-6109, CVE-2019-6110': [
    ['hostile/peers.test.ts', 'scp: names and messages with terminal codes come out harmless'],
  ],
  'scp: names that climb out, CVE-2026-0964, asyncssh 2.23.1, GHSA-q939-rpr3-3284': [
    [SCP, '…, in pieces of …', 'a file up and out of a folder'],
    [SCP, '…, in pieces of …', 'a name with a separator'],
  ],
  'scp: setuid, OpenSSH 487e8ac14': [
    [SCP, 'setuid, setgid and sticky are never taken over (OpenSSH 487e8ac14)'],
  ],
  'names that lead out of the target, JSch CVE-2016-5725, basic-ftp CVE-2026-27699, OpenSSH 36480181f': [
    [TREE, 'a server that names a file "…" is refused'],
  ],
  'links that lie in the target, chaterm#2572': [
    [TREE, 'nothing is written through links that lie in the target folder, and devices are not opened'],
  ],
  'attributes nobody asked for, ssh2': [
    ['transfer/upload.test.ts', 'mode is sent when given, in OPEN, and not otherwise'],
  ],
  'DATA without bytes for ever, OpenSSH c1cebbc7c': [
    ['transfer/download.test.ts', DOWNLOAD, 'zeroLengthData'],
  ],
  'DATA longer than asked for': [['transfer/download.test.ts', DOWNLOAD, 'overlongData']],
  'a folder listed for ever, basic-ftp GHSA-rp42-5vxx-qpwr': [
    [SESSION, 'a listing that never ends is cut at maxEntries; one of empty replies ends'],
  ],
  'counts that are not there, pkg/sftp c1bc2ff': [
    [SESSION, 'a server that claims more names than it sends, or too many, is refused'],
    [MESSAGES, 'attributeExtensions: as many pairs of a file as the limit are read, one more is over it'],
  ],
  'replies twice': [[SESSION, 'a reply that comes twice ends the session at the second']],
  'replies out of order': [[SESSION, 'replies may come in any order, in pieces of one byte']],
  // Faults.
  'a full disk': [
    ['transfer/download.test.ts', 'a full disk: TRANSFER_LOCAL_FILE with ENOSPC, the kept part is right'],
    [
      'transfer/integrity.test.ts',
      'a full disk there: the failure of the server, how far it came, and no temporary file',
    ],
  ],
  'a reset': [
    ['net/tcp.test.ts', 'a reset is reported with its errno; writes and closing afterwards are harmless'],
  ],
  'a process killed': [
    ['real/connectors/kill.test.ts', 'kill -9 in the middle of a copy leaves a record that says interrupted'],
  ],
  'a handshake that never ends': [
    [TRANSPORT, 'a silent server: TIMEOUT with the phase, wherever it falls silent'],
    [HANDSHAKE, 'handshake: … in pieces of …'],
  ],
};
