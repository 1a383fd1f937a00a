/** Each keyword of ~/.ssh/config that counts, shown by a connection to a real sshd. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect as connectSocket, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { CommandContext } from '../../src/cli/commands.ts';
import { openConnection } from '../../src/cli/open-connection.ts';
import { parseUrl } from '../../src/cli/url.ts';
import { type Connection, isWherryError } from '../../src/index.ts';
import { getFixtures, knownHostsLines } from '../support/servers/fixtures.ts';
import { realServer, requireServer } from '../support/servers/from-env.ts';
import { run } from '../support/servers/run.ts';
import type { ServerInfo } from '../support/servers/server.ts';

/** What a test needs around it. */
interface World {
  readonly folder: string;
  readonly server: ServerInfo;
  /** The usual lines that lead to the server, by keyword. */
  readonly usual: Readonly<Record<string, string>>;
  /** A key the server does not know. */
  readonly stranger: string;
  /** Holds the key the server knows. */
  readonly agent: string;
}

let world: World;
const closers: (() => unknown)[] = [];

/** Lines before the usual ones; `without` takes some of those out. What comes of it: a code, or a look at the connection. */
interface Row {
  readonly says: string;
  readonly lines: (world: World) => string;
  readonly without?: readonly string[];
  /** SSH_AUTH_SOCK is the agent. */
  readonly agentInEnvironment?: boolean;
  readonly expect: string | ((ssh: Connection, notes: string, world: World) => unknown);
}

const isIn = (ssh: Connection): void => assert.equal(ssh.closed, false);

const ROWS: readonly (readonly [keyword: string, ...rows: Row[]])[] = [
  [
    'Host',
    { says: 'a section of another host', lines: () => 'Host other !there\n Port 1', expect: isIn },
    { says: 'a section of this host', lines: () => 'Host th* !other\n Port 1', expect: 'CONNECT_REFUSED' },
  ],
  [
    'Match',
    {
      says: 'that holds',
      lines: () => 'Match originalhost there exec "exit 0"\n Port 1',
      expect: 'CONNECT_REFUSED',
    },
    { says: 'that does not', lines: () => 'Match originalhost there exec "exit 1"\n Port 1', expect: isIn },
  ],
  ['HostName', { says: 'another address', lines: () => 'HostName 127.0.0.2', expect: 'CONNECT_REFUSED' }],
  ['User', { says: 'nobody the server knows', lines: () => 'User nobody-here', expect: 'AUTH_FAILED' }],
  ['Port', { says: 'one nobody listens on', lines: () => 'Port 1', expect: 'CONNECT_REFUSED' }],
  [
    'IdentityFile',
    {
      says: 'a key the server does not know',
      lines: ({ stranger }) => `IdentityFile ${stranger}`,
      without: ['IdentityFile'],
      expect: 'AUTH_FAILED',
    },
    {
      says: 'two keys, of which the second is known',
      lines: ({ stranger }) => `IdentityFile ${stranger}`,
      expect: isIn,
    },
  ],
  [
    'IdentitiesOnly',
    {
      says: 'yes: no key of the agent',
      lines: ({ stranger }) => `IdentitiesOnly yes\nIdentityFile ${stranger}`,
      without: ['IdentityFile'],
      agentInEnvironment: true,
      expect: 'AUTH_FAILED',
    },
    {
      says: 'yes: the key of a named file, which the agent has open',
      lines: ({ folder }) => `IdentitiesOnly yes\nIdentityFile ${join(folder, 'held')}`,
      without: ['IdentityFile'],
      agentInEnvironment: true,
      expect: isIn,
    },
    {
      says: 'no: keys of the agent too',
      lines: ({ stranger }) => `IdentitiesOnly no\nIdentityFile ${stranger}`,
      without: ['IdentityFile'],
      agentInEnvironment: true,
      expect: isIn,
    },
  ],
  [
    'IdentityAgent',
    {
      says: 'a socket',
      lines: ({ agent }) => `IdentityAgent ${agent}`,
      without: ['IdentityFile'],
      expect: isIn,
    },
    {
      says: 'none',
      lines: () => 'IdentityAgent none',
      without: ['IdentityFile'],
      agentInEnvironment: true,
      expect: 'AUTH_FAILED',
    },
  ],
  [
    'ProxyJump',
    {
      says: 'two hosts, which have sections of their own',
      lines: () => 'Host there\n ProxyJump gate,yard',
      expect: (_, notes) => assert.equal(notes.match(/ through jump host /g)?.length, 2, notes),
    },
    { says: 'none', lines: () => 'Host there\n ProxyJump none\nHost *\n ProxyJump gate', expect: isIn },
  ],
  [
    'ProxyCommand',
    {
      says: 'a program',
      lines: ({ folder }) => `ProxyCommand ${process.execPath} ${folder}/relay.mjs %h %p`,
      expect: async (_, __, { folder, server }) =>
        assert.equal(await readFile(join(folder, 'used'), 'utf8'), `${server.host} ${server.port}`),
    },
  ],
  [
    'UserKnownHostsFile',
    {
      says: 'a file without the key',
      lines: ({ folder }) => `UserKnownHostsFile ${folder}/none`,
      expect: 'HOST_KEY_UNKNOWN',
    },
    {
      says: 'two files, the second with the key',
      lines: ({ folder }) => `UserKnownHostsFile ${folder}/none ${folder}/known`,
      expect: isIn,
    },
  ],
  [
    'HostKeyAlias',
    {
      says: 'a name without a port in known_hosts',
      lines: ({ folder }) => `HostKeyAlias alias.example\nUserKnownHostsFile ${folder}/known-by-alias`,
      expect: isIn,
    },
    {
      says: 'a name that has another key there',
      lines: ({ folder }) => `HostKeyAlias alias.example\nUserKnownHostsFile ${folder}/changed`,
      expect: 'HOST_KEY_CHANGED',
    },
    { says: 'a name that is not there', lines: () => 'HostKeyAlias nobody', expect: 'HOST_KEY_UNKNOWN' },
  ],
  [
    'StrictHostKeyChecking',
    {
      says: 'yes',
      lines: ({ folder }) => `StrictHostKeyChecking yes\nUserKnownHostsFile ${folder}/none`,
      expect: 'HOST_KEY_UNKNOWN',
    },
    {
      says: 'accept-new: recorded',
      lines: ({ folder }) => `StrictHostKeyChecking accept-new\nUserKnownHostsFile ${folder}/new`,
      expect: async (_, notes, { folder, server }) => {
        assert.match(
          await readFile(join(folder, 'new'), 'utf8'),
          new RegExp(`^\\[.*\\]:${server.port} ssh-`),
        );
        assert.match(notes, /new host key of .* recorded in/);
      },
    },
    {
      says: 'no: a changed key is refused all the same',
      lines: ({ folder }) => `StrictHostKeyChecking no\nUserKnownHostsFile ${folder}/changed`,
      expect: 'HOST_KEY_CHANGED',
    },
  ],
  [
    'Ciphers',
    {
      says: 'a list',
      lines: () => 'Ciphers aes192-ctr,aes128-ctr',
      expect: (ssh) => assert.equal(ssh.algorithms.cipherToServer, 'aes192-ctr'),
    },
    {
      says: 'none the server has',
      lines: () => 'Ciphers 3des-cbc',
      expect: 'SSH_NEGOTIATION',
    },
  ],
  [
    'MACs',
    {
      says: 'a list',
      lines: () => 'Ciphers aes256-ctr\nMACs hmac-sha2-512',
      expect: (ssh) => assert.equal(ssh.algorithms.macToServer, 'hmac-sha2-512'),
    },
  ],
  [
    'KexAlgorithms',
    {
      says: 'one to be put first',
      lines: () => 'KexAlgorithms ^diffie-hellman-group16-sha512',
      expect: (ssh) => assert.equal(ssh.algorithms.kex, 'diffie-hellman-group16-sha512'),
    },
  ],
  [
    'HostKeyAlgorithms',
    {
      says: 'a list',
      lines: () => 'HostKeyAlgorithms rsa-sha2-512',
      expect: (ssh) => assert.equal(ssh.algorithms.hostKey, 'rsa-sha2-512'),
    },
  ],
  [
    'Include',
    {
      says: 'files by a pattern',
      lines: ({ folder }) => `Include ${folder}/more/*.conf`,
      expect: 'CONNECT_REFUSED',
    },
    {
      says: 'the whole section of the host, below ~/.ssh',
      lines: () => 'Include usual',
      without: ['HostName', 'Port', 'User', 'IdentityFile', 'UserKnownHostsFile'],
      expect: isIn,
    },
  ],
];

/** Connects as the command line does, with a configuration of these lines. */
async function reach(lines: string, { folder }: World): Promise<{ ssh: Connection; notes: string[] }> {
  const config = join(folder, `config-${randomBytes(4).toString('hex')}`);
  await writeFile(config, `${lines}\n`);
  const notes: string[] = [];
  const note = (text: string): void => void notes.push(text);
  const context = {
    args: [],
    options: { timeout: 300, config, verbose: true },
    report: { note, warn: note },
    signal: AbortSignal.timeout(60_000),
  } as unknown as CommandContext;
  return { ssh: await openConnection(parseUrl('sftp://there/'), context), notes };
}

function usualLines({ usual }: World, without: readonly string[] = []): string {
  const lines = Object.entries(usual).filter(([keyword]) => !without.includes(keyword));
  return lines.map(([keyword, value]) => `${keyword} ${value}`).join('\n');
}

const openssh = requireServer('openssh');

async function makeWorld(): Promise<World> {
  const server = realServer('openssh');
  const { dir, userKeys } = await getFixtures();
  const folder = await mkdtemp(join(dir, 'ssh-config-'));
  closers.push(() => rm(folder, { recursive: true, force: true }));
  const stranger = join(folder, 'stranger');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', stranger]);
  await copyFile(`${userKeys.ed25519.files.openssh}.pub`, join(folder, 'held.pub'));
  const agent = join(folder, 'agent');
  const child = spawn('ssh-agent', ['-D', '-a', agent], { stdio: ['ignore', 'pipe', 'ignore'] });
  closers.push(() => child.kill());
  await once(child.stdout, 'data');
  await run('ssh-add', ['-q', userKeys.ed25519.files.openssh], {
    env: { ...process.env, SSH_AUTH_SOCK: agent },
  });
  const usual = {
    HostName: server.host,
    Port: String(server.port),
    User: server.user,
    IdentityFile: userKeys.ed25519.files.openssh,
    UserKnownHostsFile: join(folder, 'known'),
  };
  const made = { folder, server, usual, stranger, agent };
  const otherKey = (await readFile(`${stranger}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
  await mkdir(join(folder, 'home', '.ssh'), { recursive: true });
  await mkdir(join(folder, 'more'));
  for (const [name, text] of [
    ['known', knownHostsLines(server)],
    ['known-by-alias', server.hostKeys.map(({ publicLine }) => `alias.example ${publicLine}\n`).join('')],
    ['changed', `[${server.host}]:${server.port},alias.example ${otherKey}\n`],
    ['more/10.conf', 'Host there\n Port 1\n'],
    ['home/.ssh/usual', `Host there\n${usualLines(made)}\n`],
    [
      'relay.mjs',
      `import { writeFileSync } from 'node:fs'; import { connect } from 'node:net';
const [host, port] = process.argv.slice(2); writeFileSync(${JSON.stringify(join(folder, 'used'))}, host + ' ' + port);
const socket = connect(port, host); process.stdin.pipe(socket); socket.pipe(process.stdout);\n`,
    ],
  ] as const)
    await writeFile(join(folder, name), text);
  return made;
}

describe('a keyword of ssh_config leads the command line', openssh, () => {
  const found = { HOME: process.env.HOME, SSH_AUTH_SOCK: process.env.SSH_AUTH_SOCK };
  before(async () => {
    world = await makeWorld();
    process.env.HOME = join(world.folder, 'home');
  });
  after(async () => {
    for (const [name, value] of Object.entries(found)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    for (const close of closers) await close();
  });

  for (const [keyword, ...rows] of ROWS) {
    for (const { says, lines, without, agentInEnvironment, expect } of rows) {
      it(`${keyword}: ${says}`, { timeout: 60_000 }, async () => {
        if (agentInEnvironment) process.env.SSH_AUTH_SOCK = world.agent;
        else delete process.env.SSH_AUTH_SOCK;
        const text = `${lines(world)}\nHost *\n${usualLines(world, without)}`;
        if (typeof expect === 'string') {
          await assert.rejects(reach(text, world), (error) => {
            assert.ok(isWherryError(error), String(error));
            assert.equal(error.code, expect, error.message);
            return true;
          });
          return;
        }
        const { ssh, notes } = await reach(text, world);
        try {
          await expect(ssh, notes.join('\n'), world);
        } finally {
          await ssh.close();
        }
      });
    }
  }

  it('ServerAliveInterval and ServerAliveCountMax: a road that went dead is noticed', {
    timeout: 90_000,
  }, async () => {
    delete process.env.SSH_AUTH_SOCK;
    const { server } = world;
    const sockets: Socket[] = [];
    const relay = createServer((near) => {
      const far = connectSocket(server.port, server.host);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.push(from);
        from.on('error', () => {}).pipe(to);
      }
    });
    await once(relay.listen(0, '127.0.0.1'), 'listening');
    const { port } = relay.address() as AddressInfo;
    await writeFile(join(world.folder, 'known-relay'), knownHostsLines({ ...server, port }));
    const lines = `Port ${port}\nUserKnownHostsFile ${world.folder}/known-relay\nServerAliveInterval 1\nServerAliveCountMax 2`;
    const { ssh } = await reach(`${lines}\n${usualLines(world)}`, world);
    const closed = new Promise<string>((resolve) => ssh.onClosed(({ code }) => resolve(code)));
    for (const socket of sockets) socket.unpipe().pause();
    // The time-out here is 300 seconds: only the two keywords can end it before the test does.
    assert.match(await closed, /^(TIMEOUT|CONNECTION_LOST)$/);
    for (const socket of sockets) socket.destroy();
    relay.close();
  });
});
