import { askHttp } from './http-connect.ts';
import type { ProxyRow, ProxyServer } from './proxy.ts';
import { askSocks4, askSocks4a } from './socks4.ts';
import { askSocks5 } from './socks5.ts';

/** The kinds of proxy that are spoken to over TCP. */
export const PROXIES: Readonly<Record<ProxyServer['type'], ProxyRow>> = {
  http: { port: 80, tls: false, ask: askHttp, ref: 'RFC 9110 section 9.3.6, RFC 7617, RFC 7616' },
  https: { port: 443, tls: true, ask: askHttp, ref: 'the same over TLS to the proxy' },
  socks4: { port: 1080, tls: false, ask: askSocks4, ref: 'SOCKS 4 (Ying-Da Lee)' },
  socks4a: { port: 1080, tls: false, ask: askSocks4a, ref: 'SOCKS 4A (Ying-Da Lee)' },
  socks5: { port: 1080, tls: false, ask: askSocks5, ref: 'RFC 1928, RFC 1929' },
};
