import { BlockList, isIP } from 'node:net';
import type { ProxyServer, ProxyTarget } from './proxy.ts';
import { parseProxyUrl } from './proxy-url.ts';

/** In this order; an empty one counts as not set. As curl has it, the lower case goes first. */
const VARIABLES = ['all_proxy', 'ALL_PROXY', 'https_proxy', 'HTTPS_PROXY'] as const;

/** The proxy the environment names for a server: ALL_PROXY, else HTTPS_PROXY, unless NO_PROXY excepts the server. */
export function proxyFromEnvironment(
  target: ProxyTarget,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ProxyServer | undefined {
  const value = VARIABLES.map((name) => environment[name]?.trim()).find((text) => text);
  const exceptions = environment.no_proxy || environment.NO_PROXY || '';
  if (value === undefined || isExcepted(target, exceptions)) return undefined;
  return parseProxyUrl(value);
}

/**
 * NO_PROXY: names that also stand for what is below them (with or without a leading dot or `*.`), addresses, networks
 * such as 10.0.0.0/8, each with a port behind a colon if need be, between commas or blanks; `*` is every server.
 */
function isExcepted(target: ProxyTarget, list: string): boolean {
  const host = target.host.toLowerCase().replace(/\.$/, '');
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => entry !== '' && matches(entry, host, target.port));
}

function matches(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  const [, bracketed, plain = '', wanted] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? [];
  const name = bracketed ?? (plain === '' ? entry : plain);
  if (wanted !== undefined && Number(wanted) !== port) return false;
  if (isIP(host) !== 0) return isInNetwork(host, name);
  const suffix = name.replace(/^\*?\./, '').replace(/\.$/, '');
  return suffix !== '' && (host === suffix || host.endsWith(`.${suffix}`));
}

function isInNetwork(address: string, network: string): boolean {
  const [base = '', bits] = network.split('/');
  const version = isIP(base);
  if (version === 0 || version !== isIP(address)) return false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const size = version === 4 ? 32 : 128;
  const prefix = bits === undefined ? size : Number(bits);
  if (!(Number.isInteger(prefix) && prefix >= 0 && prefix <= size)) return false;
  const list = new BlockList();
  list.addSubnet(base, prefix, family);
  return list.check(address, family);
}
