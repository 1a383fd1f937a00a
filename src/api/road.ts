import { Deadline, type WaitOptions } from '../base/deadline.ts';
import { isWherryError, WherryError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { ByteStream } from '../net/byte-stream.ts';
import { duplexStream } from '../net/duplex.ts';
import { type DialOptions, dialTcp, lateConnect } from '../net/tcp.ts';
import { channelStream, directTcpip, TUNNEL_WINDOW } from '../ssh/connection/channel-stream.ts';
import { Connection } from './connection.ts';
import type { ConnectOptions } from './options.ts';
import { resolveProxy } from './resolve-proxy.ts';
import type { JumpHost } from './road-options.ts';

/** A stream to the server, and what was opened to have it. */
export interface Road {
  readonly stream: ByteStream;
  /** Closes what lies under the stream; called when the connection has ended. */
  close(): Promise<void>;
}

type Connect = (options: ConnectOptions) => Promise<Connection>;

/** Reasons of SSH_MSG_CHANNEL_OPEN_FAILURE, RFC 4254 section 5.1. */
const OPEN_FAILURES: Readonly<Record<number, string>> = {
  1: 'administratively prohibited',
  2: 'connect failed',
  3: 'unknown channel type',
  4: 'resource shortage',
};

const NOTHING_BELOW = async (): Promise<void> => {};

/** Opens the way the options name. `connect` logs in to jump hosts. */
export async function openRoad(
  options: ConnectOptions,
  port: number,
  dial: DialOptions,
  log: Log,
  connect: Connect,
): Promise<Road> {
  const { host, jump, stream } = options;
  if (stream !== undefined) {
    log.event({ kind: 'connect', host, port });
    return { stream: duplexStream(stream, host, port), close: NOTHING_BELOW };
  }
  if (jump !== undefined) return await throughJumps(options, port, dial, log, connect);
  return { stream: await throughProxy(options, port, dial, log), close: NOTHING_BELOW };
}

async function throughProxy(
  options: ConnectOptions,
  port: number,
  dial: DialOptions,
  log: Log,
): Promise<ByteStream> {
  const { host, username } = options;
  const proxy = await resolveProxy(options.proxy, { host, port });
  if (proxy === undefined) {
    log.event({ kind: 'connect', host, port });
    return await dialTcp(host, port, dial);
  }
  if ('command' in proxy) {
    log.event({ kind: 'connect', host, port, through: 'a command' });
    const { commandStream } = await import('../net/command.ts');
    return await commandStream(proxy.command, { host, port, username });
  }
  const { dialProxy, proxyLabel } = await import('../net/proxies/dial-proxy.ts');
  log.event({ kind: 'connect', host, port, through: proxyLabel(proxy) });
  return await dialProxy(proxy, { host, port }, dial);
}

/** From hop to hop, then to the server. What was opened here is closed again, the nearest last. */
async function throughJumps(
  options: ConnectOptions,
  port: number,
  dial: DialOptions,
  log: Log,
  connect: Connect,
): Promise<Road> {
  const hops: readonly JumpHost[] = [options.jump ?? []].flat() as readonly JumpHost[];
  const opened: Connection[] = [];
  const close = async (): Promise<void> => {
    for (const hop of [...opened].reverse()) await hop.close();
  };
  try {
    let last: Connection | undefined;
    for (const hop of hops) {
      if (hop instanceof Connection) {
        if (last !== undefined) throw wrong('only the first jump host may be an open connection');
        last = hop;
        continue;
      }
      const next = nextHop(options, hop, last);
      last = await atHop(hop.host, () => connect(next));
      opened.push(last);
    }
    if (last === undefined) throw wrong('jump names no host');
    log.event({ kind: 'connect', host: options.host, port, through: `jump host ${last.host}` });
    return { stream: await tunnel(last, options.host, port, dial), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** How to log in to a jump host: as it says, and through the one before it. */
function nextHop(options: ConnectOptions, hop: ConnectOptions, last: Connection | undefined): ConnectOptions {
  const { signal, log, connectTimeout } = options;
  if (last !== undefined && hop.jump !== undefined)
    throw wrong('only the first jump host may have a way of its own');
  return {
    ...(signal === undefined ? {} : { signal }),
    ...(log === undefined ? {} : { log }),
    ...(connectTimeout === undefined ? {} : { connectTimeout }),
    ...hop,
    ...(last === undefined ? {} : { jump: last }),
  };
}

function wrong(text: string): WherryError {
  return new WherryError('INVALID_ARGUMENT', text);
}

async function atHop<T>(host: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isWherryError(error) || error.code === 'ABORTED' || error.code === 'INVALID_ARGUMENT') throw error;
    throw new WherryError(error.code, `jump host ${host}: ${error.message}`, error.details, error);
  }
}

/** A direct-tcpip channel of `via`'s (RFC 4254 section 7.2) as the stream to the next host. */
async function tunnel(via: Connection, host: string, port: number, wait: WaitOptions): Promise<ByteStream> {
  let giveUp: (error: WherryError) => void = () => {};
  const expired = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  const deadline = new Deadline(wait, 'connect', (error) => giveUp(lateConnect(error, host, port, wait)));
  const opening = via.ssh
    .openChannel('direct-tcpip', TUNNEL_WINDOW, directTcpip(host, port))
    .then((channel) => channelStream(channel, host, port));
  try {
    return await Promise.race([opening, expired]);
  } catch (error) {
    opening.then((late) => late.destroy()).catch(() => {});
    if (!isWherryError(error) || error.code !== 'CHANNEL_OPEN_FAILED') throw error;
    const { serverMessage = '', reason = 0 } = error.details;
    const why = `${OPEN_FAILURES[reason] ?? `reason ${reason}`}${serverMessage === '' ? '' : ` (${serverMessage})`}`;
    const text = `jump host ${via.host} cannot reach ${host} port ${port}: ${why}`;
    throw new WherryError('CONNECT_FAILED', text, { phase: 'connect', ...error.details }, error);
  } finally {
    deadline.clear();
  }
}
