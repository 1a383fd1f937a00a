/** Starts real proxy programs on loopback ports, each letting through to the one port a test wants to reach. */
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Account } from './account.ts';
import { getFixtures } from './fixtures.ts';
import type { OnDemand } from './on-demand.ts';
import { run } from './run.ts';
import { freePort, launch, type ServerInfo } from './server.ts';

/** Who may use the proxies that want a login; danted takes accounts of the system only. */
export const PROXY_USER = { username: 'proxyuser', password: 'Proxy:Pw "1\\' } as const;

export interface RunningProxy {
  readonly port: number;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What the proxy is for: the server behind it, and the test account. */
export interface ProxyContext {
  readonly server: ServerInfo;
  readonly account: Account;
}

export interface ProxyProgram extends OnDemand {
  start(context: ProxyContext): Promise<RunningProxy>;
}

const row = (
  name: string,
  doc: string,
  packages: readonly string[],
  start: ProxyProgram['start'],
  needsRoot = false,
): ProxyProgram => ({ name, doc, packages, needsRoot, start });

export type ProxyProgramName =
  | 'tinyproxy'
  | 'tinyproxyBasic'
  | 'squidBasic'
  | 'squidDigest'
  | 'danted'
  | 'dantedLogin'
  | 'microsocks'
  | 'microsocksLogin'
  | 'sshD';

export const PROXY_PROGRAMS: Readonly<Record<ProxyProgramName, ProxyProgram>> = {
  tinyproxy: row('tinyproxy', 'HTTP CONNECT without a login', ['tinyproxy-bin'], (c) =>
    startTinyproxy(c, false),
  ),
  tinyproxyBasic: row('tinyproxy', 'HTTP CONNECT with Basic', ['tinyproxy-bin'], (c) =>
    startTinyproxy(c, true),
  ),
  squidBasic: row(
    'squid',
    'HTTP CONNECT with Basic',
    ['squid', 'openssl'],
    (c) => startSquid(c, 'basic'),
    true,
  ),
  squidDigest: row('squid', 'HTTP CONNECT with Digest', ['squid'], (c) => startSquid(c, 'digest'), true),
  danted: row(
    'danted',
    'SOCKS4 and SOCKS5 without a login',
    ['dante-server'],
    () => startDanted('none'),
    true,
  ),
  dantedLogin: row('danted', 'SOCKS5 with a login', ['dante-server'], () => startDanted('username'), true),
  microsocks: row('microsocks', 'SOCKS5 without a login', ['microsocks'], () => startMicrosocks(false)),
  microsocksLogin: row('microsocks', 'SOCKS5 with a login', ['microsocks'], () => startMicrosocks(true)),
  sshD: row('ssh -D', 'SOCKS4, SOCKS4a and SOCKS5 without a login', ['openssh-client'], startSshD),
};

async function folder(name: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), `wherry-${name}-`));
  // Some of them become another user before they read their files.
  await chmod(dir, 0o777);
  return dir;
}

async function launched(
  name: string,
  dir: string,
  command: (port: number) => Promise<[string, ...string[]]>,
): Promise<RunningProxy> {
  const port = await freePort();
  const program = await command(port);
  const logFile = join(dir, 'log');
  const listener = await launch({ name, logFile, port, silent: true, command: () => program });
  const { stop } = listener.controls;
  return { port, stop, [Symbol.asyncDispose]: stop };
}

async function startTinyproxy({ server }: ProxyContext, withLogin: boolean): Promise<RunningProxy> {
  const dir = await folder('tinyproxy');
  return await launched('tinyproxy', dir, async (port) => {
    const file = join(dir, 'conf');
    const lines = [
      `Port ${port}`,
      'Listen 127.0.0.1',
      `PidFile "${join(dir, 'pid')}"`,
      `LogFile "${join(dir, 'tinyproxy.log')}"`,
      'MaxClients 50',
      'Allow 127.0.0.1',
      `ConnectPort ${server.port}`,
      // Its configuration knows no quotes: the password is a plain one.
      ...(withLogin ? [`BasicAuth ${PROXY_USER.username} plain-pw-1`] : []),
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    return ['tinyproxy', '-d', '-c', file];
  });
}

async function startSquid({ server }: ProxyContext, scheme: 'basic' | 'digest'): Promise<RunningProxy> {
  const dir = await folder('squid');
  const { username, password } = PROXY_USER;
  const users = join(dir, 'users');
  if (scheme === 'basic') {
    const { stdout } = await run('openssl', ['passwd', '-apr1', '-stdin'], { input: `${password}\n` });
    await writeFile(users, `${username}:${stdout.trim()}\n`, { mode: 0o644 });
  } else {
    const secret = createHash('md5').update(`${username}:realm1:${password}`).digest('hex');
    await writeFile(users, `${username}:realm1:${secret}\n`, { mode: 0o644 });
  }
  const login = {
    basic: [
      `auth_param basic program /usr/lib/squid/basic_ncsa_auth ${users}`,
      `auth_param basic realm realm1`,
    ],
    digest: [
      `auth_param digest program /usr/lib/squid/digest_file_auth -c ${users}`,
      'auth_param digest realm realm1',
    ],
  }[scheme];
  return await launched('squid', dir, async (port) => {
    const file = join(dir, 'squid.conf');
    const lines = [
      `http_port 127.0.0.1:${port}`,
      ...login,
      `auth_param ${scheme} children 1`,
      'acl authed proxy_auth REQUIRED',
      'acl CONNECT method CONNECT',
      `acl sshports port ${server.port}`,
      'http_access allow CONNECT sshports authed',
      'http_access deny all',
      'cache deny all',
      'cache_mem 8 MB',
      'pinger_enable off',
      `pid_filename ${join(dir, 'pid')}`,
      `cache_log ${join(dir, 'cache.log')}`,
      `access_log stdio:${join(dir, 'access.log')}`,
      `coredump_dir ${dir}`,
      'netdb_filename none',
      'shutdown_lifetime 1 seconds',
      'visible_hostname wherry-test',
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    return ['squid', '-N', '-f', file];
  });
}

async function startDanted(method: 'none' | 'username'): Promise<RunningProxy> {
  const dir = await folder('danted');
  return await launched('danted', dir, async (port) => {
    const file = join(dir, 'conf');
    const pass = 'from: 127.0.0.0/8 to: 0.0.0.0/0';
    const lines = [
      `logoutput: ${join(dir, 'danted.log')}`,
      `internal: 127.0.0.1 port = ${port}`,
      'external: lo',
      'clientmethod: none',
      `socksmethod: ${method}`,
      'user.privileged: root',
      'user.unprivileged: nobody',
      `client pass { ${pass} }`,
      `socks pass { ${pass} }`,
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    return ['danted', '-f', file, '-p', join(dir, 'pid')];
  });
}

/** Lets through to anywhere. */
export async function startMicrosocks(withLogin: boolean): Promise<RunningProxy> {
  const dir = await folder('microsocks');
  const { username, password } = PROXY_USER;
  const login = withLogin ? ['-u', username, '-P', password] : [];
  return await launched('microsocks', dir, async (port) => [
    'microsocks',
    '-i',
    '127.0.0.1',
    '-p',
    String(port),
    ...login,
  ]);
}

/** OpenSSH's own client as a SOCKS server, through the server that the test reaches by it again. */
async function startSshD({ server }: ProxyContext): Promise<RunningProxy> {
  const dir = await folder('ssh-d');
  return await launched('ssh -D', dir, async (port) => [
    'ssh',
    ...(await opensshArguments(server, dir)),
    '-N',
    '-D',
    `127.0.0.1:${port}`,
    server.host,
  ]);
}

/** Options with which OpenSSH logs in to a server of the tests as we do. */
export async function opensshArguments(server: ServerInfo, dir: string): Promise<string[]> {
  const { userKeys } = await getFixtures();
  const known = join(dir, 'known_hosts');
  const lines = server.hostKeys.map(({ publicLine }) => `[${server.host}]:${server.port} ${publicLine}\n`);
  await writeFile(known, lines.join(''));
  const options = [
    'BatchMode=yes',
    'IdentitiesOnly=yes',
    'ExitOnForwardFailure=yes',
    `UserKnownHostsFile=${known}`,
    'GlobalKnownHostsFile=/dev/null',
  ];
  return [
    '-F',
    '/dev/null',
    '-p',
    String(server.port),
    '-l',
    server.user,
    '-i',
    userKeys.ed25519.files.openssh,
    ...options.flatMap((option) => ['-o', option]),
  ];
}

export interface TlsFront extends RunningProxy {
  /** What to trust. */
  readonly ca: string;
}

export const STUNNEL: OnDemand = {
  name: 'stunnel4',
  doc: 'TLS in front of an HTTP proxy',
  packages: ['stunnel4', 'openssl'],
  needsRoot: false,
};

/** TLS in front of a proxy, with a certificate for localhost. */
export async function startStunnel(behind: number): Promise<TlsFront> {
  const dir = await folder('stunnel');
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert],
  ]);
  const ca = await readFile(cert, 'utf8');
  const running = await launched('stunnel', dir, async (port) => {
    const file = join(dir, 'conf');
    const lines = [
      'foreground = yes',
      `pid = ${join(dir, 'pid')}`,
      '[proxy]',
      `accept = 127.0.0.1:${port}`,
      `connect = 127.0.0.1:${behind}`,
      `cert = ${cert}`,
      `key = ${key}`,
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    return ['stunnel4', file];
  });
  return { ...running, ca };
}
