import { isIP } from 'node:net';
import { WherryError } from '../base/errors.ts';
import { PROXIES } from '../net/proxies/proxies.ts';
import { STRICT_KEX_LEVELS } from '../ssh/transport/strict-kex.ts';
import { versionLine } from '../ssh/transport/version-exchange.ts';
import type { ConnectOptions } from './options.ts';

/** What a timer of the runtime can count. */
const LONGEST_MS = 2_147_483_647;

interface Range {
  readonly min: number;
  readonly max: number;
  readonly unit?: string;
  /** 0 is allowed besides, and means that there is no such limit. */
  readonly orZero?: boolean;
}

/** The options that are numbers, and what they may be. */
export const NUMBER_OPTIONS = {
  port: { min: 1, max: 65_535 },
  localPort: { min: 1, max: 65_535 },
  connectTimeout: { min: 0, max: 2_147_483_647, unit: 'milliseconds' },
  timeout: { min: 0, max: 2_147_483_647, unit: 'milliseconds' },
  rekeyBytes: { min: 65_536, max: 9_007_199_254_740_991, unit: 'bytes', orZero: true },
  rekeyPackets: { min: 16, max: 2_147_483_648, unit: 'packets' },
  rekeyInterval: { min: 1000, max: 2_147_483_647, unit: 'milliseconds', orZero: true },
  preferredGroupBits: { min: 2048, max: 8192, unit: 'bits' },
  maxPacketSize: { min: 4096, max: 261_120, unit: 'bytes' },
  maxWindowSize: { min: 32_768, max: 2_147_483_647, unit: 'bytes' },
  closeTimeout: { min: 0, max: 2_147_483_647, unit: 'milliseconds' },
} as const;
NUMBER_OPTIONS satisfies Partial<Record<keyof ConnectOptions, Range>>;

type NumberOption = keyof typeof NUMBER_OPTIONS;

/** Throws INVALID_ARGUMENT for an option that no connection could be made with. */
export function checkOptions(options: ConnectOptions): void {
  if (typeof options.host !== 'string' || options.host === '')
    throw wrong('host must be a host name or an address');
  if (options.beforeLogin === undefined) checkUsername(options.username);
  for (const name of Object.keys(NUMBER_OPTIONS) as NumberOption[]) {
    const value = options[name];
    if (value !== undefined) checkNumber(name, value);
  }
  checkRoad(options);
  const { keepAlive, strictKex, clientVersion, serverVersionPattern } = options;
  if (keepAlive !== undefined && !(keepAlive.interval >= 0 && keepAlive.interval <= LONGEST_MS))
    throw wrong(`keepAlive.interval must be milliseconds from 0, not ${keepAlive.interval}`);
  if (strictKex !== undefined && !Object.hasOwn(STRICT_KEX_LEVELS, strictKex))
    throw wrong(`strictKex must be one of ${Object.keys(STRICT_KEX_LEVELS).join(', ')}, not ${strictKex}`);
  if (clientVersion !== undefined) checkClientVersion(clientVersion);
  if (serverVersionPattern !== undefined && serverVersionPattern.length === 0)
    throw wrong('serverVersionPattern must not be empty');
}

function checkRoad(options: ConnectOptions): void {
  const ways = (['proxy', 'jump', 'stream'] as const).filter((name) => options[name] !== undefined);
  if (ways.length > 1) throw wrong(`${ways.join(' and ')} exclude each other`);
  const { proxy, family, localAddress } = options;
  if (family !== undefined && family !== 4 && family !== 6)
    throw wrong(`family must be 4 or 6, not ${family}`);
  if (localAddress !== undefined && isIP(localAddress) === 0)
    throw wrong('localAddress must be an IP address');
  if (proxy === undefined || typeof proxy === 'string') return;
  if ('command' in proxy) {
    if (proxy.command.length === 0) throw wrong('the proxy command is empty');
    return;
  }
  if (!Object.hasOwn(PROXIES, proxy.type))
    throw wrong(`the type of a proxy must be one of ${Object.keys(PROXIES).join(', ')}`);
  if (typeof proxy.host !== 'string' || proxy.host === '') throw wrong('the proxy has no host');
  const { port } = proxy;
  if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535))
    throw wrong(`the port of the proxy must be 1 to 65535, not ${port}`);
}

export function checkUsername(username: unknown): void {
  if (typeof username !== 'string' || username === '') throw wrong('username must not be empty');
}

/** For a window that is made larger later. */
export function checkWindowSize(size: number): void {
  checkNumber('maxWindowSize', size);
}

function checkNumber(name: NumberOption, value: number): void {
  const { min, max, unit, orZero }: Range = NUMBER_OPTIONS[name];
  if (Number.isInteger(value) && ((value >= min && value <= max) || (orZero && value === 0))) return;
  if (unit === 'milliseconds' && value >= min && value <= max) return;
  const range = `${orZero ? '0, or ' : ''}${unit === undefined ? '' : `${unit} from `}${min} to ${max}`;
  throw wrong(`${name} must be ${range}, not ${value}`);
}

function checkClientVersion(line: string): void {
  if (!line.startsWith('SSH-2.0-')) throw wrong('clientVersion must begin with SSH-2.0-');
  versionLine(line.slice('SSH-2.0-'.length));
}

function wrong(text: string): WherryError {
  return new WherryError('INVALID_ARGUMENT', text);
}
