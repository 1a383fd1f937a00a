import { isWherryError, type ProxyServer, type RoadOptions, resolveProxy } from '../index.ts';
import { environmentValue } from './environment.ts';
import type { HostSettings } from './host-settings.ts';
import type { CliOptions } from './options.ts';
import type { Person } from './prompts.ts';
import { UsageError } from './usage-error.ts';

/** Logins a person at the terminal gets. */
const TRIES = 3;
/** SOCKS4 knows user names only. */
const WITHOUT_PASSWORDS: readonly ProxyServer['type'][] = ['socks4', 'socks4a'];

/** The proxy that `--proxy` names, with the password of `--proxy-password-env`; none where NO_PROXY excepts the host. */
export async function proxyOf(
  { proxy: named, proxyPasswordEnv }: CliOptions,
  { host, port }: HostSettings,
): Promise<RoadOptions> {
  const password = environmentValue('--proxy-password-env', proxyPasswordEnv);
  const proxy = await resolveProxy(named, { host, port });
  if (proxy === undefined || 'command' in proxy) return {};
  if (password === undefined) return { proxy };
  if (proxy.username === undefined)
    throw new UsageError(
      '--proxy-password-env needs a user name in the URL of the proxy: http://user@host:port',
    );
  return { proxy: { ...proxy, password } };
}

/**
 * Goes the road. Where its proxy wants a login and a person is at the terminal, the person is asked: before the first
 * try where the URL has a user name without a password, and when the proxy has refused.
 */
export async function throughProxy<T>(
  road: RoadOptions,
  person: Person | undefined,
  warn: (text: string) => void,
  go: (road: RoadOptions) => Promise<T>,
): Promise<T> {
  const { proxy } = road;
  if (proxy === undefined || typeof proxy === 'string' || 'command' in proxy) return await go(road);
  if (person === undefined || WITHOUT_PASSWORDS.includes(proxy.type)) return await go(road);
  const isMissing = proxy.username !== undefined && proxy.password === undefined;
  let login = isMissing ? await askLogin(proxy, person) : proxy;
  for (let asked = isMissing ? 1 : 0; ; asked++) {
    try {
      return await go({ ...road, proxy: login });
    } catch (error) {
      if (!isWherryError(error) || error.code !== 'PROXY_AUTH_FAILED' || asked === TRIES) throw error;
      if (login.password !== undefined) warn('the proxy refused the login; try again');
      login = await askLogin(proxy, person);
    }
  }
}

async function askLogin(proxy: ProxyServer, person: Person): Promise<ProxyServer> {
  const { host, port } = proxy;
  const place = `the proxy ${host}${port === undefined ? '' : ` port ${port}`}`;
  const username = proxy.username ?? (await person.ask(`User name on ${place}: `, true));
  const password = await person.ask(`Password of ${username} on ${place}: `, false);
  return { ...proxy, username, password };
}
