import { createRequire } from 'node:module';
import { WherryError, withDetails } from '../base/errors.ts';
import { Log } from '../base/log.ts';
import { systemRandom } from '../base/random.ts';
import { duplexStream } from '../net/duplex.ts';
import { dialTcp } from '../net/tcp.ts';
import type { LoginPlanRules } from '../ssh/auth/login-plan.ts';
import { SshConnection } from '../ssh/connection/ssh-connection.ts';
import { DEFAULT_CIPHERS } from '../ssh/crypto/ciphers.ts';
import { DEFAULT_COMPRESSIONS } from '../ssh/crypto/compressions.ts';
import { DEFAULT_KEX } from '../ssh/crypto/key-exchanges.ts';
import { DEFAULT_MACS } from '../ssh/crypto/macs.ts';
import { type AlgorithmLists, checkAlgorithmLists } from '../ssh/transport/negotiate.ts';
import type { Transport } from '../ssh/transport/transport.ts';
import { Connection } from './connection.ts';
import { type Credentials, credentialsFrom } from './credentials.ts';
import { checkHostKey, orderHostKeyAlgorithms } from './host-key.ts';
import { negotiatedAlgorithms } from './negotiated-algorithms.ts';
import type { ConnectOptions, Handshake } from './options.ts';

const DEFAULT_TIMEOUT_MS = 30_000;
/** What a timer of the runtime can count. */
const LONGEST_TIMEOUT_MS = 2_147_483_647;
const DEFAULT_REKEY_BYTES = 1_073_741_824;
/** RFC 4344 section 3.1 asks for new keys before 2^31 packets. */
const REKEY_PACKETS = 2 ** 31;

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

/**
 * Connects to an SSH server, verifies its host key and logs in.
 *
 * Rejects with CONNECT_* when the server cannot be reached, SSH_* when the two sides cannot agree, HOST_KEY_* when
 * the host key is not trusted, AUTH_FAILED when the login is refused, KEY_* for an unusable private key, TIMEOUT
 * or ABORTED. Nothing stays open after a rejection.
 *
 * @example
 * ```ts
 * import { connect, knownHosts, openSftp } from 'wherry';
 *
 * await using ssh = await connect({ host, port, username, privateKey, trust: knownHosts(knownHostsFile) });
 * await using sftp = await openSftp(ssh);
 * console.log(await sftp.realpath('.'));
 * ```
 */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const { host, trust, signal } = options;
  const port = options.port ?? 22;
  const timeout = options.timeout ?? DEFAULT_TIMEOUT_MS;
  checkOptions(options, port, timeout);
  const log = new Log(options.log);
  let credentials = credentialsFrom(options);
  const algorithms = await algorithmLists(options, port);

  log.event({ kind: 'connect', host, port });
  const wait = { signal, timeout };
  const stream =
    options.stream === undefined ? await dialTcp(host, port, wait) : duplexStream(options.stream, host, port);
  try {
    const ssh = await SshConnection.open(
      stream,
      {
        transport: {
          software: `wherry_${version}`,
          algorithms,
          strictKex: options.strictKex ?? true,
          rekeyBytes: options.rekeyBytes ?? DEFAULT_REKEY_BYTES,
          rekeyPackets: REKEY_PACKETS,
          random: systemRandom,
          log,
          verifyHostKey: (presented) => checkHostKey(trust, host, port, presented, log),
        },
        login: {
          user: options.username,
          methods: () => credentials.methods(),
          ...loginRules(options, credentials),
          onBanner: options.onBanner,
        },
        beforeLogin:
          options.beforeLogin &&
          (async (transport) => {
            const more = await options.beforeLogin?.(handshake(transport));
            const chosen = { ...options, ...more };
            checkUsername(chosen.username);
            credentials.dispose();
            credentials = credentialsFrom(chosen);
            return { user: chosen.username, ...loginRules(chosen, credentials) };
          }),
        keepAlive: {
          interval: options.keepAlive?.interval ?? 0,
          count: Math.max(1, options.keepAlive?.count ?? 3),
        },
      },
      wait,
    );
    return new Connection(ssh, host, port, timeout, log);
  } catch (error) {
    throw error instanceof WherryError ? withDetails(error, { host, port }) : error;
  } finally {
    credentials.dispose();
  }
}

function loginRules({ login }: ConnectOptions, { atOnce }: Credentials): LoginPlanRules {
  return { atOnce, afterRefusal: login?.afterRefusal, repeat: login?.repeat };
}

function handshake(transport: Transport): Handshake {
  return {
    serverVersion: transport.peerVersion,
    algorithms: negotiatedAlgorithms(transport),
    close: () => transport.disconnect(),
  };
}

async function algorithmLists(options: ConnectOptions, port: number): Promise<AlgorithmLists> {
  const given = options.algorithms ?? {};
  const lists = {
    kex: given.kex ?? DEFAULT_KEX,
    hostKey: given.hostKey ?? (await orderHostKeyAlgorithms(options.trust, options.host, port)),
    ciphers: given.ciphers ?? DEFAULT_CIPHERS,
    macs: given.macs ?? DEFAULT_MACS,
    compressions: DEFAULT_COMPRESSIONS,
  };
  checkAlgorithmLists(lists);
  return lists;
}

function checkOptions(options: ConnectOptions, port: number, timeout: number): void {
  const wrong = (text: string): WherryError => new WherryError('INVALID_ARGUMENT', text);
  if (typeof options.host !== 'string' || options.host === '')
    throw wrong('host must be a host name or an address');
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw wrong(`port must be 1 to 65535, not ${port}`);
  if (options.beforeLogin === undefined) checkUsername(options.username);
  if (!(timeout >= 0 && timeout <= LONGEST_TIMEOUT_MS))
    throw wrong(`timeout must be milliseconds from 0, not ${timeout}`);
  const { rekeyBytes } = options;
  if (rekeyBytes !== undefined && !(rekeyBytes >= 65_536))
    throw wrong(`rekeyBytes must be at least 65536, not ${rekeyBytes}`);
}

function checkUsername(username: unknown): void {
  if (typeof username !== 'string' || username === '')
    throw new WherryError('INVALID_ARGUMENT', 'username must not be empty');
}
