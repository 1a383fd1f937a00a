import { isIP } from 'node:net';
import { fromUtf8 } from '../../base/bytes.ts';
import { WherryError } from '../../base/errors.ts';
import type { Conversation } from './conversation.ts';
import type { ProxyServer, ProxyTarget } from './proxy.ts';

const VERSION = 5;
const CONNECT = 1;
const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;
const NO_LOGIN = 0;
const BY_PASSWORD = 2;
const NONE_ACCEPTABLE = 255;
const PASSWORD_VERSION = 1;

/** The reply field of RFC 1928 section 6. */
const REFUSALS: Readonly<Record<number, string>> = {
  1: 'general failure',
  2: 'not allowed by its rules',
  3: 'network unreachable',
  4: 'host unreachable',
  5: 'connection refused',
  6: 'time to live expired',
  7: 'command not supported',
  8: 'address type not supported',
};

/** RFC 1928, with the password login of RFC 1929. A name is resolved by the proxy. */
export async function askSocks5(
  talk: Conversation,
  target: ProxyTarget,
  proxy: ProxyServer,
): Promise<undefined> {
  const { username, password } = proxy;
  const login =
    username === undefined || password === undefined ? undefined : passwordLogin(username, password);
  const methods = login === undefined ? [NO_LOGIN] : [NO_LOGIN, BY_PASSWORD];
  const request = Buffer.concat([
    Uint8Array.from([VERSION, CONNECT, 0]),
    addressField(target.host),
    Uint8Array.from([target.port >> 8, target.port & 255]),
  ]);

  talk.say(Uint8Array.from([VERSION, methods.length, ...methods]));
  const [version, method] = await talk.read(2);
  if (version !== VERSION) throw new WherryError('PROXY_FAILED', 'the answer is not SOCKS5');
  if (method === BY_PASSWORD && login !== undefined) await logIn(talk, login);
  else if (method === NONE_ACCEPTABLE) throw noLogin(login !== undefined);
  else if (method !== NO_LOGIN) {
    throw new WherryError('PROXY_FAILED', `the proxy chose login method ${method}, which was not offered`);
  }

  talk.say(request);
  const [replyVersion, code = 0, , addressType = 0] = await talk.read(4);
  if (replyVersion !== VERSION) throw new WherryError('PROXY_FAILED', 'the answer is not SOCKS5');
  if (code !== 0) {
    const text = REFUSALS[code] ?? `reply ${code}, which SOCKS5 does not know`;
    throw new WherryError('PROXY_FAILED', text, { reason: code });
  }
  await skipAddress(talk, addressType);
  return undefined;
}

async function logIn(talk: Conversation, login: Uint8Array): Promise<void> {
  talk.say(login);
  const [version, status] = await talk.read(2);
  if (version !== PASSWORD_VERSION)
    throw new WherryError('PROXY_FAILED', 'the answer to the login is not SOCKS5');
  if (status !== 0)
    throw new WherryError('PROXY_AUTH_FAILED', 'the proxy refuses the user name or the password');
}

/** The address the proxy connects from, which nobody needs. */
async function skipAddress(talk: Conversation, type: number): Promise<void> {
  const sizes = new Map([
    [IPV4, 4],
    [IPV6, 16],
  ]);
  const size = type === NAME ? (await talk.read(1))[0] : sizes.get(type);
  if (size === undefined)
    throw new WherryError('PROXY_FAILED', `the answer has an address of unknown type ${type}`);
  await talk.read(size + 2);
}

function passwordLogin(username: string, password: string): Uint8Array {
  const field = (text: string, what: string): Uint8Array => {
    const bytes = fromUtf8(text);
    if (bytes.length === 0 || bytes.length > 255)
      throw new WherryError('INVALID_ARGUMENT', `${what} for a SOCKS5 proxy must have 1 to 255 bytes`);
    return Buffer.concat([Uint8Array.from([bytes.length]), bytes]);
  };
  return Buffer.concat([
    Uint8Array.from([PASSWORD_VERSION]),
    field(username, 'the user name'),
    field(password, 'the password'),
  ]);
}

function addressField(host: string): Uint8Array {
  const kind = isIP(host);
  if (kind === 4) return Uint8Array.from([IPV4, ...host.split('.').map(Number)]);
  if (kind === 6) return Uint8Array.from([IPV6, ...ipv6Bytes(host)]);
  const name = fromUtf8(host);
  if (name.length > 255) throw new WherryError('INVALID_ARGUMENT', 'the host name is longer than 255 bytes');
  return Buffer.concat([Uint8Array.from([NAME, name.length]), name]);
}

/** The 16 bytes of an IPv6 address; URL writes every form of it in one way, with the IPv4 part in hexadecimal. */
function ipv6Bytes(address: string): number[] {
  const plain = new URL(`http://[${address.split('%')[0]}]/`).hostname.slice(1, -1);
  const [left = '', right] = plain.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const head = groups(left);
  const tail = right === undefined ? [] : groups(right);
  const zeros = new Array<string>(8 - head.length - tail.length).fill('0');
  return [...head, ...(right === undefined ? [] : zeros), ...tail].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 255];
  });
}

function noLogin(offered: boolean): WherryError {
  const text = offered
    ? 'the proxy takes neither no login nor a password'
    : 'the proxy wants a login, and no user name and password were given';
  return new WherryError('PROXY_AUTH_FAILED', text);
}
