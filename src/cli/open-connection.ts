import {
  type Connection,
  type ConnectOptions,
  connect,
  formatLog,
  isWherryError,
  type LogEvent,
  type PrivateKey,
  type PromptRequest,
  type RoadOptions,
} from '../index.ts';
import { algorithmLists } from './algorithm-lists.ts';
import type { CommandContext } from './commands.ts';
import { environmentValue } from './environment.ts';
import { type HostSettings, hostSettings } from './host-settings.ts';
import { findIdentities, type Identities, unlock } from './identities.ts';
import { type Person, personAtTerminal } from './prompts.ts';
import { proxyOf, throughProxy } from './proxy-login.ts';
import { trustFrom } from './trust.ts';
import { isUrl, parseUrl, type RemoteUrl } from './url.ts';
import { UsageError } from './usage-error.ts';

/** Logins a person at the terminal gets, as with OpenSSH. */
const PASSWORD_TRIES = 3;
const DEEPEST_JUMP = 8;

/** What stands between this machine and a host, and the end of it. */
interface Road {
  readonly options: RoadOptions;
  close(): Promise<void>;
}

/** What a jump host on the way is reached by. */
interface JumpedTo {
  readonly through: Connection | undefined;
  /** How many configurations have named one another. */
  readonly depth: number;
}

/** The option on the command line, or what the configuration says: jump hosts, a proxy command, or neither. */
async function openRoad(
  settings: HostSettings,
  context: CommandContext,
  jumped: JumpedTo | undefined,
): Promise<Road> {
  const { through, depth } = jumped ?? { through: undefined, depth: 0 };
  const close = async (): Promise<void> => {};
  if (through !== undefined) return { options: { jump: through }, close };
  const { jump, proxy, proxyCommand, proxyPasswordEnv } = depth === 0 ? context.options : {};
  if ([jump, proxy, proxyCommand].filter((given) => given !== undefined).length > 1)
    throw new UsageError('--jump, --proxy and --proxy-command exclude each other');
  if (proxy === undefined && proxyPasswordEnv !== undefined)
    throw new UsageError('--proxy-password-env goes with --proxy');
  if (proxy !== undefined) return { options: await proxyOf(context.options, settings), close };
  if (proxyCommand !== undefined) return { options: { proxy: { command: proxyCommand } }, close };
  const hosts = jump ?? settings.proxyJump;
  if (hosts !== undefined) return await openJumps(hosts.split(','), context, depth + 1);
  if (settings.proxyCommand === undefined) return { options: {}, close };
  return { options: { proxy: { command: settings.proxyCommand } }, close };
}

/** Logs in to one host after the other, each through the one before it. */
async function openJumps(hosts: readonly string[], context: CommandContext, depth: number): Promise<Road> {
  if (depth > DEEPEST_JUMP) throw new UsageError('the configuration sends jump hosts through one another');
  let through: Connection | undefined;
  const close = async (): Promise<void> => await through?.close();
  try {
    for (const host of hosts) {
      const url = parseUrl(isUrl(host) ? host.replace(/^ssh:/, 'sftp:') : `sftp://${host.trim()}`);
      const before = through;
      through = await openConnection(url, context, { through: before, depth });
      through.onClosed(() => void before?.close());
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { options: through === undefined ? {} : { jump: through }, close };
}

/** What the next login is tried with. */
interface Login {
  readonly privateKey: readonly PrivateKey[];
  readonly agent: Identities['agent'];
  readonly password?: string;
  readonly locked: readonly string[];
}

/**
 * Connects as the URL, the configuration and the options say. Where a login fails and a person is at the terminal,
 * passphrases of keys that are still locked are asked for, then the password.
 */
export async function openConnection(
  url: RemoteUrl,
  context: CommandContext,
  jumped?: JumpedTo,
): Promise<Connection> {
  const { options, report } = context;
  const settings = await hostSettings(url, options);
  const road = await openRoad(settings, context, jumped);
  try {
    const person = personAtTerminal(context.signal);
    const warn = (text: string): void => report.warn(text);
    const ssh = await throughProxy(road.options, person, warn, (way) =>
      logIn(settings, context, way, person),
    );
    ssh.onClosed(() => void road.close());
    return ssh;
  } catch (error) {
    await road.close();
    throw error;
  }
}

async function logIn(
  settings: HostSettings,
  context: CommandContext,
  road: RoadOptions,
  person: Person | undefined,
): Promise<Connection> {
  const { options, report } = context;
  const note = (text: string): void => report.note(text);
  const trust = trustFrom(options, { settings, person, warn: (text) => report.warn(text) });
  const password = environmentValue('--password-env', options.passwordEnv);
  const identities = await findIdentities(options, { settings, person, note });
  const fixed = { ...baseOptions(settings, context, note), ...road, trust };
  let login: Login = { ...identities, ...(password === undefined ? {} : { password }) };
  for (let asked = 0; ; ) {
    const { locked, ...rest } = login;
    const answers = person !== undefined && password === undefined ? answerBy(person, settings) : {};
    try {
      return await connect({ ...fixed, ...(login.password === undefined ? answers : {}), ...rest });
    } catch (error) {
      if (person === undefined || password !== undefined || !isWherryError(error)) throw error;
      if (error.code !== 'AUTH_FAILED' || ++asked > PASSWORD_TRIES) throw error;
      if (login.password !== undefined) report.warn('the login was refused; try again');
      const next = await moreToTry(login, error.details.allowed ?? [], person, settings);
      if (next === undefined) throw error;
      login = next;
    }
  }
}

async function moreToTry(
  login: Login,
  allowed: readonly string[],
  person: Person,
  settings: HostSettings,
): Promise<Login | undefined> {
  const [file, ...locked] = login.locked;
  if (file !== undefined && allowed.includes('publickey')) {
    const key = await unlock(file, undefined, person);
    return { ...login, privateKey: [key, ...login.privateKey], locked };
  }
  if (!allowed.includes('password')) return undefined;
  const password = await person.ask(`Password of ${settings.user} on ${settings.host}: `, false);
  return { ...login, password };
}

/** The server's own questions, such as for a code. */
function answerBy(person: Person, { user, host }: HostSettings): Partial<ConnectOptions> {
  return {
    keyboardInteractive: async ({ name, instruction, prompts }: PromptRequest) => {
      const lines = [name, instruction].filter((line) => line !== '');
      const answers: string[] = [];
      for (const { text, echo } of prompts) {
        const ahead = lines.splice(0).map((line) => `${line} `);
        answers.push(await person.ask(`${ahead.join('')}(${user} on ${host}) ${text}`, echo));
      }
      return answers;
    },
  };
}

function baseOptions(
  settings: HostSettings,
  { options, signal }: CommandContext,
  note: (text: string) => void,
): ConnectOptions {
  const { host, port, user: username, aliveInterval, aliveCount } = settings;
  const timeout = options.timeout * 1000;
  const algorithms = {
    ...algorithmLists(settings.algorithms, note),
    ...(options.cipher === undefined ? {} : { ciphers: options.cipher }),
  };
  return {
    host,
    port,
    username,
    algorithms,
    timeout,
    // While a transfer waits for the other end of a pipe, its clock stands still, and only this watches the server.
    keepAlive: {
      interval: aliveInterval === undefined || aliveInterval === 0 ? timeout / 3 : aliveInterval * 1000,
      count: aliveCount ?? 2,
    },
    signal,
    ...(options.verbose ? { log: (event: LogEvent) => noteEvent(event, note) } : {}),
  };
}

function noteEvent(event: LogEvent, note: (text: string) => void): void {
  if (event.kind !== 'packet') note(formatLog(event));
}
