import { createServer, type Server, type Socket } from 'node:net';
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
import type { PrivateKey } from '../ssh/keys/private-key.ts';
import type { PublicKey } from '../ssh/keys/public-key.ts';
import { formatKnownHostsLine, hostTarget } from '../ssh/trust/known-hosts-line.ts';
import { checkAddress, checkUsers, readHostKey, sftpService } from './check-options.ts';
import { answerCommand } from './commands.ts';
import { FaultyStream } from './faulty-stream.ts';
import type { ServerOptions } from './options.ts';
import { serveScp } from './scp/scp-server.ts';
import { SftpServer } from './sftp/sftp-server.ts';
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
 * Starts an SFTP server for tests and demonstrations: versions 3 to 6 with OpenSSH's extensions and those of the drafts,
 * and scp, over a folder or over files in memory, on a free port of loopback. No path a client sends leaves the folder,
 * by `..` or by a link, and no command runs. `onRequest` and `onConnection` have it fail, wait or break off where a test
 * wants it to. It is no server for production: every user sees the same files, and nothing slows down one who guesses.
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
  const { host = LOOPBACK, port = 0, banner, onRequest, onConnection, onCommand, scp = true } = options;
  checkAddress(options);
  const users = checkUsers(options);
  const service = sftpService(options);
  const hostKey = readHostKey(options.hostKey);
  const halves = new Set<SshServerHalf>();
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    const reset = (): void => void socket.resetAndDestroy();
    const from = { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
    const fault = onConnection?.({ number: connections++, ...from });
    if (fault?.refuse) {
      reset();
      return;
    }
    sockets.add(socket);
    const stream = duplexStream(socket, host, from.port);
    const half = new SshServerHalf(fault === undefined ? stream : new FaultyStream(stream, fault, reset), {
      transport: transportOptions(options, hostKey),
      login: { users, ...(banner === undefined ? {} : { banner }) },
      onSubsystem: (name, channel: Channel) => {
        if (name !== 'sftp') return false;
        new SftpServer(channel, service, { onRequest, reset });
        return true;
      },
      onExec: (command, channel) => {
        if (scp && serveScp(command, channel, service)) return true;
        const answer = onCommand?.(command);
        if (answer !== undefined) answerCommand(channel, answer);
        return answer !== undefined;
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
    userSignatures: hostKeyAlgorithms,
  };
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
