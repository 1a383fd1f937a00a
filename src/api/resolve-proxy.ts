import type { ProxyServer } from '../net/proxies/proxy.ts';
import type { ProxyCommand, ProxyInput } from './road-options.ts';

/**
 * What `connect` makes of its option `proxy` for a server: a proxy in words, a command, or undefined where there is none,
 * which is the case for `environment` where no variable names one or NO_PROXY excepts the server. Good to tell a user
 * which proxy is taken, or to put a password in that the URL does not have. Fails with INVALID_ARGUMENT for a URL that
 * names no proxy; the text of it is not repeated.
 *
 * @example
 * ```ts
 * import { resolveProxy } from 'wherry';
 *
 * const proxy = await resolveProxy('socks5://me@proxy.example.com:1080', { host: 'files.example.com', port: 22 });
 * console.log(proxy); // { type: 'socks5', host: 'proxy.example.com', port: 1080, username: 'me' }
 * ```
 */
export async function resolveProxy(
  proxy: ProxyInput | undefined,
  target: { readonly host: string; readonly port: number },
): Promise<ProxyServer | ProxyCommand | undefined> {
  if (typeof proxy !== 'string') return proxy;
  if (proxy === 'environment')
    return (await import('../net/proxies/from-environment.ts')).proxyFromEnvironment(target);
  return (await import('../net/proxies/proxy-url.ts')).parseProxyUrl(proxy);
}
