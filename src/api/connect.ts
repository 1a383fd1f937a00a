import { WherryError, withDetails } from '../base/errors.ts';
import { Log } from '../base/log.ts';
import { systemRandom } from '../base/random.ts';
import type { LocalEnd } from '../net/byte-stream.ts';
import type { LoginPlanRules } from '../ssh/auth/login-plan.ts';
import { SshConnection } from '../ssh/connection/ssh-connection.ts';
import { usableOf } from '../ssh/crypto/fips.ts';
import { type AlgorithmLists, checkAlgorithmLists } from '../ssh/transport/negotiate.ts';
import type { Transport } from '../ssh/transport/transport.ts';
import { connectionRules, transportRules } from './apply-rules.ts';
import { checkOptions, checkUsername } from './check-options.ts';
import { Connection } from './connection.ts';
import { type Credentials, credentialsFrom } from './credentials.ts';
import { DEFAULT_ALGORITHMS } from './default-algorithms.ts';
import { checkHostKey, orderHostKeyAlgorithms } from './host-key.ts';
import { type Kerberos, kerberosOf, withGssKex } from './kerberos.ts';
import { negotiatedAlgorithms } from './negotiated-algorithms.ts';
import type { ConnectOptions, Handshake } from './options.ts';
import { openRoad } from './road.ts';

const DEFAULT_TIMEOUT_MS = 30_000;

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
  checkOptions(options);
  const log = new Log(options.log, options.logDetail);
  let credentials = credentialsFrom(options);
  const kerberos = kerberosOf(options);
  const algorithms = await algorithmLists(options, port, kerberos, log);

  const wait = { signal, timeout };
  const { localAddress, localPort, family, connectTimeout = timeout } = options;
  const dial = { signal, timeout: connectTimeout, localAddress, localPort, family };
  const road = await openRoad(options, port, dial, log, connect);
  try {
    const ssh = await SshConnection.open(
      road.stream,
      {
        transport: {
          ...transportRules(options),
          algorithms,
          random: systemRandom,
          log,
          openGss: kerberos?.open,
          verifyHostKey: (presented) => checkHostKey(trust, host, port, presented, log),
        },
        login: {
          user: options.username,
          methods: () => credentials.methods(),
          ...loginRules(options, credentials),
          onBanner: options.onBanner,
        },
        ...(trust?.learn && { onHostKeys: async (keys) => await trust.learn?.(host, port, keys) }),
        beforeLogin:
          options.beforeLogin &&
          (async (transport) => {
            const more = await options.beforeLogin?.(handshake(transport, road.stream.local));
            const chosen = { ...options, ...more };
            checkUsername(chosen.username);
            credentials.dispose();
            credentials = credentialsFrom(chosen);
            return { user: chosen.username, ...loginRules(chosen, credentials) };
          }),
        ...connectionRules(options),
      },
      wait,
    );
    return new Connection(ssh, host, port, timeout, log, road.close);
  } catch (error) {
    await road.close();
    throw error instanceof WherryError ? withDetails(error, { host, port }) : error;
  } finally {
    credentials.dispose();
  }
}

function loginRules({ login }: ConnectOptions, { atOnce }: Credentials): LoginPlanRules {
  return { atOnce, afterRefusal: login?.afterRefusal, repeat: login?.repeat };
}

function handshake(transport: Transport, local: LocalEnd | undefined): Handshake {
  return {
    local,
    serverVersion: transport.peerVersion,
    algorithms: negotiatedAlgorithms(transport),
    close: () => transport.disconnect(),
  };
}

async function algorithmLists(
  options: ConnectOptions,
  port: number,
  kerberos: Kerberos | undefined,
  log: Log,
): Promise<AlgorithmLists> {
  const given = options.algorithms ?? {};
  const lists = {
    kex: await withGssKex(given.kex ?? usableOf('kex', DEFAULT_ALGORITHMS.kex), kerberos, log),
    hostKey:
      given.hostKey ?? usableOf('hostKey', await orderHostKeyAlgorithms(options.trust, options.host, port)),
    ciphers: given.ciphers ?? usableOf('ciphers', DEFAULT_ALGORITHMS.ciphers),
    macs: given.macs ?? usableOf('macs', DEFAULT_ALGORITHMS.macs),
    compressions: given.compressions ?? DEFAULT_ALGORITHMS.compressions,
  };
  checkAlgorithmLists(lists);
  return lists;
}
