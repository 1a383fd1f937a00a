import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import {
  type AlgorithmOptions,
  acceptCallback,
  algorithmNames,
  type ConnectOptions,
  formatLog,
  type HostKeyVerifier,
  knownHosts,
  type PromptHandler,
} from '../../index.ts';
import { CODES, compatError } from './errors.ts';

/** A list of algorithms as ssh2 takes it: names, or changes to the defaults. */
export type AlgorithmList =
  | readonly string[]
  | {
      readonly append?: string | readonly string[];
      readonly prepend?: string | readonly string[];
      readonly remove?: string | readonly string[];
    };

/** What `connect` of ssh2-sftp-client takes, and `trust`, which is Wherry's. */
export interface SftpClientConfig {
  readonly host?: string;
  readonly port?: number;
  readonly forceIPv4?: boolean;
  readonly forceIPv6?: boolean;
  readonly localAddress?: string;
  readonly localPort?: number;
  readonly username?: string;
  readonly user?: string;
  readonly password?: string;
  readonly privateKey?: string | Uint8Array;
  readonly passphrase?: string;
  /** The path of an agent's socket. */
  readonly agent?: string;
  /** Milliseconds. Default 20000. */
  readonly readyTimeout?: number;
  readonly keepaliveInterval?: number;
  readonly keepaliveCountMax?: number;
  /** Answers come from a listener of `keyboard-interactive`. */
  readonly tryKeyboard?: boolean;
  readonly sock?: Duplex;
  readonly algorithms?: Readonly<
    Partial<Record<'kex' | 'cipher' | 'serverHostKey' | 'hmac' | 'compress', AlgorithmList>>
  >;
  /** A digest to give `hostVerifier` instead of the key. */
  readonly hostHash?: string;
  /** Says whether a host key is right, by its result or by the callback. */
  readonly hostVerifier?: (key: Buffer | string, done: (valid: boolean) => void) => boolean | undefined;
  readonly debug?: (text: string) => void;
  /** Files under way in uploadDir and downloadDir. Default 10. */
  readonly promiseLimit?: number;
  /** How host keys are trusted. Default: `hostVerifier` where it is given, else ~/.ssh/known_hosts. */
  readonly trust?: HostKeyVerifier;
  /** Options of ssh2 without a meaning here, such as `strictVendor`. */
  readonly [other: string]: unknown;
}

/** What would change how a login goes, and cannot be done: it is refused, not passed over. */
const NOT_HERE = ['authHandler', 'agentForward'] as const;

/** Names of algorithm lists: ssh2's and ours. */
const LISTS = { kex: 'kex', cipher: 'ciphers', serverHostKey: 'hostKey', hmac: 'macs' } as const;

export function connectOptions(config: SftpClientConfig, prompts: PromptHandler | undefined): ConnectOptions {
  for (const name of NOT_HERE) {
    if (config[name]) throw compatError('connect', `the option ${name} is not there`, CODES.generic);
  }
  const { password, privateKey, passphrase, agent, debug, sock, keepaliveInterval = 0 } = config;
  const { forceIPv4, forceIPv6, localAddress, localPort } = config;
  return {
    host: config.host ?? 'localhost',
    port: config.port ?? 22,
    username: config.username ?? config.user ?? '',
    trust: trustFrom(config),
    timeout: config.readyTimeout ?? 20_000,
    algorithms: algorithmOptions(config.algorithms),
    keepAlive: { interval: keepaliveInterval, count: config.keepaliveCountMax ?? 3 },
    ...(forceIPv4 === true ? { family: 4 } : forceIPv6 === true ? { family: 6 } : {}),
    ...(localAddress === undefined ? {} : { localAddress }),
    ...(localPort === undefined ? {} : { localPort }),
    ...(password === undefined ? {} : { password }),
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(agent === undefined ? {} : { agent }),
    ...(sock === undefined ? {} : { stream: sock }),
    ...(prompts === undefined ? {} : { keyboardInteractive: prompts }),
    ...(debug === undefined ? {} : { log: (event) => debug(formatLog(event)) }),
  };
}

function trustFrom({ trust, hostVerifier, hostHash }: SftpClientConfig): HostKeyVerifier {
  if (trust !== undefined) return trust;
  if (hostVerifier === undefined) return knownHosts();
  return acceptCallback(({ key }) => {
    const blob = Buffer.from(key.blob);
    const shown = hostHash === undefined ? blob : createHash(hostHash).update(blob).digest('hex');
    return new Promise<boolean>((resolve) => {
      const result = hostVerifier(shown, (valid) => resolve(valid === true));
      if (result !== undefined) resolve(result === true);
    });
  });
}

function algorithmOptions(given: SftpClientConfig['algorithms'] = {}): AlgorithmOptions {
  const names = algorithmNames();
  const lists = Object.entries(LISTS).flatMap(([theirs, ours]) => {
    const list = given[theirs as keyof typeof LISTS];
    return list === undefined ? [] : [[ours, changed(names[ours].defaults, list)] as const];
  });
  const { compress } = given;
  const compressions = compress === undefined ? {} : { compressions: changed(['none'], compress) };
  return { ...Object.fromEntries(lists), ...compressions };
}

function changed(defaults: readonly string[], list: AlgorithmList): readonly string[] {
  if (isNames(list)) return list;
  const names = (value: string | readonly string[] = []): readonly string[] =>
    typeof value === 'string' ? [value] : value;
  const removed = names(list.remove);
  const all = [...names(list.prepend), ...defaults, ...names(list.append)];
  return [...new Set(all)].filter((name) => !removed.includes(name));
}

function isNames(list: AlgorithmList): list is readonly string[] {
  return Array.isArray(list);
}
