import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { posix } from 'node:path';
import { WherryError } from '../base/errors.ts';
import { Log } from '../base/log.ts';
import { systemRandom } from '../base/random.ts';
import { duplexStream } from '../net/duplex.ts';
import type { Channel } from '../ssh/connection/channel.ts';
import { DEFAULT_CIPHERS } from '../ssh/crypto/ciphers.ts';
import { DEFAULT_COMPRESSIONS } from '../ssh/crypto/compression/compressions.ts';
import { DEFAULT_KEX } from '../ssh/crypto/key-exchanges.ts';
import { DEFAULT_MACS } from '../ssh/crypto/macs.ts';
import { hostKeyAlgorithms, SIGNATURE_ALGORITHMS, type SignatureName } from '../ssh/crypto/signatures.ts';
import { fingerprint } from '../ssh/keys/fingerprint.ts';
import { makePrivateKey } from '../ssh/keys/key-pair.ts';
import { type PrivateKey, parsePrivateKey } from '../ssh/keys/private-key.ts';
import { type PublicKey, parsePublicKeyLine } from '../ssh/keys/public-key.ts';
import { formatKnownHostsLine, hostTarget } from '../ssh/trust/known-hosts-line.ts';
import type { ServedFiles } from './files.ts';
import { FolderFiles } from './folder-files.ts';
import type { ServerUser } from './login-policy.ts';
import { MemoryFiles } from './memory-files.ts';
import type { ServerOptions, ServerUserOptions } from './options.ts';
import { SftpRequests } from './sftp-requests.ts';
import { SftpServer } from './sftp-server.ts';
import { SshServerHalf } from './ssh-half.ts';

const LOOPBACK = '127.0.0.1';
const REKEY_BYTES = 1_073_741_824;
const REKEY_PACKETS = 2 ** 31;

/** A server that listens. End it with `close()` or `await using`. */
export interface RunningServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** The public half of its host key. */
  readonly hostKey: PublicKey;
  /** Of its host key, `SHA256:` and base64: what `fingerprints([…])` takes. */
  readonly fingerprint: string;
  /** A line for a known_hosts file, without its line end. */
  readonly knownHostsLine: string;
  /** Connections that are open. */
  readonly connections: number;
  /** Breaks all connections with a TCP reset, as a server that is killed does, and goes on listening. */
  reset(): void;
  /** Stops listening and ends all connections. May be called more than once. */
  close(): Promise<void>;
}

/**
 * Starts an SFTP server for tests and demonstrations: version 3 with OpenSSH's extensions, over a folder or over files
 * in memory, on a free port of loopback. No path a client sends leaves the folder, by `..` or by a link. It runs no
 * commands. It is no server for production: every user sees the same files, and nothing slows down one who guesses.
 *
 * Rejects with INVALID_ARGUMENT for unusable options, KEY_* for an unusable host key, CONNECT_FAILED when it cannot listen.
 *
 * @example
 * ```ts
 * import { connect, fingerprints, openSftp } from 'wherry';
 * import { memoryFiles, startServer } from 'wherry/server';
 *
 * const files = memoryFiles();
 * await using server = await startServer({ users: { me: { password: 'secret' } }, files });
 *
 * const trust = fingerprints([server.fingerprint]);
 * await using ssh = await connect({ host: server.host, port: server.port, username: 'me', password: 'secret', trust });
 * await using sftp = await openSftp(ssh);
 * await sftp.upload(Buffer.from('hello\n'), '/hello.txt');
 * console.log(files.get('/hello.txt'));
 * ```
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { home = '/', host = LOOPBACK, port = 0, banner } = options;
  const users = checkUsers(options);
  const files = servedFiles(options, home);
  const hostKey = readHostKey(options.hostKey);
  const halves = new Set<SshServerHalf>();
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    const half = new SshServerHalf(duplexStream(socket, host, socket.remotePort ?? 0), {
      transport: transportOptions(options, hostKey),
      login: { users, ...(banner === undefined ? {} : { banner }) },
      onSubsystem: (name, channel: Channel) => {
        if (name !== 'sftp') return false;
        new SftpServer(channel, new SftpRequests(files, home, options.readOnly === true));
        return true;
      },
    });
    halves.add(half);
    socket.once('close', () => {
      sockets.delete(socket);
      halves.delete(half);
    });
  });
  const listening = await listen(server, host, port);
  const { blob, type } = hostKey.publicKey;
  return {
    host,
    port: listening,
    hostKey: hostKey.publicKey,
    fingerprint: fingerprint(blob),
    knownHostsLine: formatKnownHostsLine(hostTarget(host, listening), type, blob),
    get connections() {
      return sockets.size;
    },
    reset() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    close: () => close(server, halves, sockets),
    [Symbol.asyncDispose]: () => close(server, halves, sockets),
  };
}

function transportOptions(
  { log }: ServerOptions,
  hostKey: PrivateKey,
): ConstructorParameters<typeof SshServerHalf>[1]['transport'] {
  const { type } = hostKey.publicKey;
  return {
    software: 'wherry_server',
    algorithms: {
      kex: DEFAULT_KEX,
      hostKey: hostKeyAlgorithms.filter(
        (name) => SIGNATURE_ALGORITHMS[name as SignatureName].keyType === type,
      ),
      ciphers: DEFAULT_CIPHERS,
      macs: DEFAULT_MACS,
      compressions: DEFAULT_COMPRESSIONS,
    },
    strictKex: 'offer',
    rekeyBytes: REKEY_BYTES,
    rekeyPackets: REKEY_PACKETS,
    random: systemRandom,
    log: new Log(log),
    hostKeys: [hostKey],
  };
}

function checkUsers({ users }: ServerOptions): Readonly<Record<string, ServerUser>> {
  const entries = Object.entries(users ?? {});
  if (entries.length === 0) throw wrong('users must name at least one user');
  return Object.fromEntries(entries.map(([name, user]) => [name, serverUser(name, user)]));
}

function serverUser(name: string, options: ServerUserOptions): ServerUser {
  const { password, publicKeys, keyboardInteractive, chains } = options;
  if (password === undefined && publicKeys === undefined && keyboardInteractive === undefined)
    throw wrong(`user ${name} needs a password, publicKeys or keyboardInteractive to log in with`);
  return {
    ...(password === undefined ? {} : { password }),
    ...(publicKeys === undefined
      ? {}
      : {
          publicKeys: publicKeys.map((key) =>
            typeof key === 'string' ? parsePublicKeyLine(key).publicKey : key,
          ),
        }),
    ...(keyboardInteractive === undefined ? {} : { keyboard: keyboardInteractive }),
    ...(chains === undefined ? {} : { chains }),
  };
}

function servedFiles({ root, files }: ServerOptions, home: string): ServedFiles {
  if (!home.startsWith('/')) throw wrong(`home must be an absolute path of the server, not ${home}`);
  if (root !== undefined && files !== undefined) throw wrong('root and files exclude each other');
  if (root === undefined) {
    const served = files ?? new MemoryFiles();
    makeFolders(served, home);
    return served;
  }
  try {
    return new FolderFiles(root);
  } catch (error) {
    throw new WherryError('INVALID_ARGUMENT', `cannot serve the folder ${root}`, { localPath: root }, error);
  }
}

function makeFolders(files: MemoryFiles, path: string): void {
  if (path === '/' || files.paths().includes(path)) return;
  makeFolders(files, posix.dirname(path));
  files.mkdir(path, undefined);
}

function readHostKey(given: ServerOptions['hostKey']): PrivateKey {
  if (given === undefined) return makePrivateKey(generateKeyPairSync('ed25519').privateKey, 'wherry server');
  return typeof given === 'string' || given instanceof Uint8Array ? parsePrivateKey(given) : given;
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      const details = { host, port, ...(error.code === undefined ? {} : { errno: error.code }) };
      const text = `cannot listen on ${host} port ${port}: ${error.code ?? error.message}`;
      reject(new WherryError('CONNECT_FAILED', text, details, error));
    };
    server.once('error', failed);
    server.listen(port, host, () => {
      server.off('error', failed);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

async function close(server: Server, halves: Set<SshServerHalf>, sockets: Set<Socket>): Promise<void> {
  const down = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const half of halves) half.transport.fail(new WherryError('CLOSED', 'the server stops'));
  for (const socket of sockets) socket.destroy();
  await down;
}

function wrong(text: string): WherryError {
  return new WherryError('INVALID_ARGUMENT', text);
}
