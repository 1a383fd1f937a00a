import { WherryError } from '../../base/errors.ts';
import type { ProxyServer } from './proxy.ts';

/** How the kinds are written in a URL; curl writes socks5h where the proxy resolves the name, as it always does here. */
const SCHEMES = new Map<string, ProxyServer['type']>([
  ['http', 'http'],
  ['https', 'https'],
  ['socks4', 'socks4'],
  ['socks4a', 'socks4a'],
  ['socks', 'socks5'],
  ['socks5', 'socks5'],
  ['socks5h', 'socks5'],
]);

/** `scheme://[user[:password]@]host[:port]`; without a scheme it is http. No complaint repeats the text. */
export function parseProxyUrl(text: string): ProxyServer {
  let url: URL;
  try {
    url = new URL(text.includes('://') ? text : `http://${text}`);
  } catch {
    throw wrong('it is no URL');
  }
  const type = SCHEMES.get(url.protocol.slice(0, -1).toLowerCase());
  if (type === undefined) throw wrong(`the scheme must be one of ${[...SCHEMES.keys()].join(', ')}`);
  if (url.hostname === '') throw wrong('it names no host');
  if ((url.pathname !== '' && url.pathname !== '/') || url.search !== '' || url.hash !== '')
    throw wrong('nothing may follow the port');
  return {
    type,
    host: decoded(url.hostname).replace(/^\[(.*)\]$/, '$1'),
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    ...(url.username === '' ? {} : { username: decoded(url.username) }),
    ...(url.password === '' ? {} : { password: decoded(url.password) }),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong('a % in it begins no escape');
  }
}

function wrong(text: string): WherryError {
  return new WherryError('INVALID_ARGUMENT', `the proxy URL cannot be used: ${text}`);
}
