import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { fromUtf8 } from '../../base/bytes.ts';
import { WherryError } from '../../base/errors.ts';
import type { Conversation } from './conversation.ts';
import type { ProxyServer, ProxyTarget } from './proxy.ts';

const VERSION = 4;
const CONNECT = 1;
const GRANTED = 90;

const REFUSALS: Readonly<Record<number, string>> = {
  91: 'the request was rejected or failed',
  92: 'the proxy cannot ask identd here who is calling',
  93: 'identd here names another user',
};

/** SOCKS4: the address is an IPv4 address, found here. */
export async function askSocks4(
  talk: Conversation,
  target: ProxyTarget,
  proxy: ProxyServer,
): Promise<undefined> {
  const address = isIP(target.host) === 4 ? target.host : await resolve(target.host);
  return await ask(talk, target, proxy, octets(address));
}

/** SOCKS4a: a name goes behind an address that cannot be one, 0.0.0.1. */
export async function askSocks4a(
  talk: Conversation,
  target: ProxyTarget,
  proxy: ProxyServer,
): Promise<undefined> {
  const kind = isIP(target.host);
  if (kind === 6) throw onlyIpv4(target.host);
  if (kind === 4) return await ask(talk, target, proxy, octets(target.host));
  return await ask(talk, target, proxy, [0, 0, 0, 1], textField(target.host, 'the host name'));
}

async function ask(
  talk: Conversation,
  target: ProxyTarget,
  proxy: ProxyServer,
  address: readonly number[],
  name: Uint8Array = new Uint8Array(0),
): Promise<undefined> {
  const port = [target.port >> 8, target.port & 255];
  const user = textField(proxy.username ?? '', 'the user name');
  talk.say(Buffer.concat([Uint8Array.from([VERSION, CONNECT, ...port, ...address]), user, name]));
  const reply = await talk.read(8);
  // The version byte of the reply is 0; some proxies repeat the 4 of the request.
  if (reply[0] !== 0 && reply[0] !== VERSION)
    throw new WherryError('PROXY_FAILED', 'the answer is not SOCKS4');
  const code = reply[1]!;
  if (code === GRANTED) return undefined;
  throw new WherryError(
    'PROXY_FAILED',
    REFUSALS[code] ?? `the answer has code ${code}, which SOCKS4 does not know`,
    {
      reason: code,
    },
  );
}

async function resolve(host: string): Promise<string> {
  if (isIP(host) === 6) throw onlyIpv4(host);
  try {
    return (await lookup(host, { family: 4 })).address;
  } catch (error) {
    throw new WherryError(
      'CONNECT_HOST_NOT_FOUND',
      `SOCKS4 needs an IPv4 address of ${host}, and there is none`,
      {},
      error,
    );
  }
}

function onlyIpv4(host: string): WherryError {
  return new WherryError('INVALID_ARGUMENT', `SOCKS4 knows no IPv6 addresses such as ${host}: use SOCKS5`);
}

function octets(address: string): number[] {
  return address.split('.').map(Number);
}

/** A text that ends with a zero byte. */
function textField(text: string, what: string): Uint8Array {
  if (text.includes('\0')) throw new WherryError('INVALID_ARGUMENT', `${what} must not hold a zero byte`);
  return Buffer.concat([fromUtf8(text), new Uint8Array(1)]);
}
