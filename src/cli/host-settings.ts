import { homedir } from 'node:os';
import { currentUser } from './environment.ts';
import { expandHome } from './expand-home.ts';
import type { CliOptions } from './options.ts';
import { type ConfigValues, readSshConfig } from './ssh-config.ts';
import type { RemoteUrl } from './url.ts';
import { UsageError } from './usage-error.ts';

/** Whom to reach and how: the URL, what ~/.ssh/config says about its host, and the options, in that order of weight. */
export interface HostSettings {
  /** Where to connect to. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** The name the host has in known_hosts. */
  readonly trustName: string;
  /** From the configuration; empty where it names none. */
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  /** The agent's socket; undefined for the usual one, false for none. */
  readonly identityAgent: string | false | undefined;
  /** Files of known hosts; undefined for the usual one. */
  readonly knownHosts: readonly string[] | undefined;
  readonly strictHostKeyChecking: 'yes' | 'ask' | 'accept-new';
  readonly algorithms: Readonly<Partial<Record<'ciphers' | 'macs' | 'kex' | 'hostKey', string>>>;
  /** Seconds; undefined for ours. */
  readonly aliveInterval: number | undefined;
  readonly aliveCount: number | undefined;
  readonly proxyJump: string | undefined;
  readonly proxyCommand: string | undefined;
}

/** How StrictHostKeyChecking is kept: `no` accepts a new key, with a word about it, and never a changed one. */
const STRICT: Readonly<Record<string, HostSettings['strictHostKeyChecking']>> = {
  yes: 'yes',
  true: 'yes',
  ask: 'ask',
  'accept-new': 'accept-new',
  no: 'accept-new',
  off: 'accept-new',
  false: 'accept-new',
};

export async function hostSettings(url: RemoteUrl, options: CliOptions): Promise<HostSettings> {
  const values =
    options.config === false
      ? new Map<string, readonly string[]>()
      : await readSshConfig({ host: url.host, user: url.user }, options.config);
  return settingsFrom(values, url);
}

function settingsFrom(values: ConfigValues, url: RemoteUrl): HostSettings {
  const one = (keyword: string): string | undefined => values.get(keyword)?.[0];
  const host = (one('hostname') ?? url.host).replaceAll('%h', url.host).replaceAll('%%', '%');
  const port = url.port ?? numberOf(values, 'port', 1, 65_535) ?? 22;
  const user = url.user ?? one('user') ?? currentUser();
  const expand = (text: string): string => expandTokens(text, { host, port, user, name: url.host });
  const paths = (keyword: string): string[] =>
    (values.get(keyword) ?? []).filter((path) => path.toLowerCase() !== 'none').map(expand);
  const strict = one('stricthostkeychecking')?.toLowerCase() ?? 'ask';
  const checking = STRICT[strict];
  if (checking === undefined) throw wrong('StrictHostKeyChecking', strict);
  const agent = one('identityagent');
  const command = one('proxycommand');
  const jump = one('proxyjump');
  return {
    host,
    port,
    user,
    trustName: one('hostkeyalias') ?? host,
    identityFiles: paths('identityfile'),
    identitiesOnly: /^(yes|true)$/i.test(one('identitiesonly') ?? ''),
    identityAgent: agent === undefined ? undefined : agentPath(agent, expand),
    knownHosts: values.has('userknownhostsfile') ? paths('userknownhostsfile') : undefined,
    strictHostKeyChecking: checking,
    algorithms: {
      ...(one('ciphers') === undefined ? {} : { ciphers: one('ciphers')! }),
      ...(one('macs') === undefined ? {} : { macs: one('macs')! }),
      ...(one('kexalgorithms') === undefined ? {} : { kex: one('kexalgorithms')! }),
      ...(one('hostkeyalgorithms') === undefined ? {} : { hostKey: one('hostkeyalgorithms')! }),
    },
    aliveInterval: numberOf(values, 'serveraliveinterval', 0, 2_000_000),
    aliveCount: numberOf(values, 'serveralivecountmax', 1, 1000),
    proxyJump: jump === undefined || jump.toLowerCase() === 'none' ? undefined : jump,
    proxyCommand: command === undefined || command.toLowerCase() === 'none' ? undefined : command,
  };
}

/** SSH_AUTH_SOCK, `$NAME` for another variable, `none`, or a path. */
function agentPath(text: string, expand: (text: string) => string): string | false | undefined {
  if (text === 'none') return false;
  if (text === 'SSH_AUTH_SOCK') return undefined;
  if (!text.startsWith('$')) return expand(text);
  return process.env[text.slice(1).replace(/^\{(.*)\}$/, '$1')] || false;
}

/** The tokens of ssh_config(5) that name the host, the user and the home folder, and `~`. */
export function expandTokens(
  text: string,
  { host, port, user, name }: { host: string; port: number; user: string; name: string },
): string {
  const values: Record<string, string> = {
    '%': '%',
    d: homedir(),
    h: host,
    n: name,
    p: String(port),
    r: user,
    u: currentUser(),
  };
  return expandHome(text).replace(/%([%dhnpru])/g, (_, token: string) => values[token]!);
}

function numberOf(values: ConfigValues, keyword: string, least: number, most: number): number | undefined {
  const text = values.get(keyword)?.[0];
  if (text === undefined) return undefined;
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= least && number <= most)) throw wrong(keyword, text);
  return number;
}

function wrong(keyword: string, text: string): UsageError {
  return new UsageError(
    `the configuration says ${keyword} ${text}, which is none; --no-config leaves it out`,
  );
}
