import { Deadline, type WaitOptions } from '../../base/deadline.ts';
import { toWherryError, WherryError } from '../../base/errors.ts';
import type { ByteStream } from '../byte-stream.ts';
import { type DialOptions, dialTcp } from '../tcp.ts';
import { Conversation } from './conversation.ts';
import { PROXIES } from './proxies.ts';
import type { ProxyRetry, ProxyServer, ProxyTarget } from './proxy.ts';

/** Without login, with one, and once more where the nonce had become too old. */
const MAX_TRIES = 3;

/** What errors and logs call a proxy. Never its login. */
export function proxyLabel(proxy: ProxyServer): string {
  return `${proxy.type} proxy ${proxy.host} port ${proxy.port ?? PROXIES[proxy.type].port}`;
}

/**
 * A stream to `target` through a proxy. Fails with PROXY_FAILED, PROXY_AUTH_FAILED, CONNECT_TIMEOUT where `timeout`
 * passes before the way is open, or ABORTED.
 */
export async function dialProxy(
  proxy: ProxyServer,
  target: ProxyTarget,
  options: DialOptions,
): Promise<ByteStream> {
  const label = proxyLabel(proxy);
  const began = performance.now();
  let retry: ProxyRetry | undefined;
  try {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const stream = await reach(proxy, options);
      const left = (options.timeout ?? 0) && Math.max(1, options.timeout! - (performance.now() - began));
      const talk = new Conversation(stream, target.host, target.port);
      try {
        retry = await withDeadline({ signal: options.signal, timeout: left }, stream, () =>
          PROXIES[proxy.type].ask(talk, target, proxy, retry),
        );
      } catch (error) {
        stream.destroy();
        throw error;
      }
      if (retry === undefined) return talk;
      stream.destroy();
    }
    throw new WherryError('PROXY_AUTH_FAILED', 'the proxy asks for a login again and again');
  } catch (error) {
    throw explain(toWherryError(error, 'PROXY_FAILED'), label);
  }
}

async function reach(proxy: ProxyServer, options: DialOptions): Promise<ByteStream> {
  const row = PROXIES[proxy.type];
  const port = proxy.port ?? row.port;
  if (!row.tls) return await dialTcp(proxy.host, port, options);
  const { dialTls } = await import('../tls.ts');
  return await dialTls(proxy.host, port, options, proxy.tls);
}

/** Ends the exchange with the proxy when its time is over; what the proxy sends does not prolong it. */
function withDeadline<T>(wait: WaitOptions, stream: ByteStream, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const deadline = new Deadline(wait, 'proxy', (error) => {
      stream.destroy();
      const late = error.code === 'TIMEOUT' && error.cause === undefined;
      reject(
        late ? new WherryError('CONNECT_TIMEOUT', 'no answer in time', { phase: 'proxy' }, error) : error,
      );
    });
    work()
      .then(resolve, reject)
      .finally(() => deadline.clear());
  });
}

/** Says which proxy it was; one that cannot be reached is the proxy's failure, not the server's. */
function explain(error: WherryError, label: string): WherryError {
  if (error.code === 'ABORTED' || error.code === 'INVALID_ARGUMENT') return error;
  const kept =
    error.code === 'CONNECT_TIMEOUT' || error.code === 'PROXY_AUTH_FAILED' || error.code === 'TIMEOUT';
  const { host: _, port: __, ...details } = error.details;
  const code = kept ? error.code : 'PROXY_FAILED';
  return new WherryError(
    code,
    `${label}: ${error.message}`,
    { phase: 'proxy', ...details, proxy: label },
    error,
  );
}
