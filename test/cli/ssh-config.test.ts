/** What ~/.ssh/config says, and that the command line keeps to it. */
import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, it, test } from 'node:test';
import { algorithmList } from '../../src/cli/algorithm-lists.ts';
import { type HostSettings, hostSettings } from '../../src/cli/host-settings.ts';
import { parseUrl } from '../../src/cli/url.ts';
import { UsageError } from '../../src/cli/usage-error.ts';
import { algorithmNames } from '../../src/index.ts';
import { serve } from './served.ts';

async function settings(text: string, url: string): Promise<HostSettings> {
  const folder = await mkdtemp(join(tmpdir(), 'wherry-config-'));
  try {
    const config = join(folder, 'config');
    await writeFile(config, text.replaceAll('@FOLDER@', folder));
    await mkdir(join(folder, 'd'));
    await writeFile(join(folder, 'd', '20.conf'), 'User second\nPort 20\n');
    await writeFile(join(folder, 'd', '10.conf'), 'Host inc\n  User first\n');
    return await hostSettings(parseUrl(url), { timeout: 30, config });
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('ssh_config', () => {
  const me = userInfo().username;
  const CASES: [name: string, text: string, url: string, expected: Partial<HostSettings>][] = [
    [
      'nothing',
      '',
      'sftp://h/',
      { host: 'h', port: 22, user: me, trustName: 'h', strictHostKeyChecking: 'ask' },
    ],
    [
      'the first value counts',
      'Host h\n Port 1\n Port 2\nHost *\n Port 3\n User x',
      'sftp://h/',
      { port: 1, user: 'x' },
    ],
    ['the URL outweighs it', 'Port 1\nUser x', 'sftp://y@h:7/', { port: 7, user: 'y' }],
    ['patterns and negation', 'Host *.a !b.a\n Port 1', 'sftp://b.a/', { port: 22 }],
    ['patterns', 'Host ?.a *.b\n Port 1', 'sftp://b.a/', { port: 1 }],
    [
      'any case',
      'hOsT h\n hOSTnAME real.example\n',
      'sftp://h/',
      { host: 'real.example', trustName: 'real.example' },
    ],
    [
      'tokens',
      'Host h\n HostName %h.example\n IdentityFile ~/%n-%r-%p%%',
      'sftp://me@h:5/',
      {
        host: 'h.example',
        identityFiles: [`${homedir()}/h-me-5%`],
      },
    ],
    [
      'quotes',
      'IdentityFile "~/my key"\nIdentityFile two',
      'sftp://h/',
      { identityFiles: [`${homedir()}/my key`, 'two'] },
    ],
    [
      'lists of files',
      'UserKnownHostsFile ~/a "/b c"',
      'sftp://h/',
      { knownHosts: [`${homedir()}/a`, '/b c'] },
    ],
    [
      'switches',
      'IdentitiesOnly yes\nIdentityAgent none\nHostKeyAlias x',
      'sftp://h/',
      {
        identitiesOnly: true,
        identityAgent: false,
        trustName: 'x',
      },
    ],
    ['checking yes', 'StrictHostKeyChecking yes', 'sftp://h/', { strictHostKeyChecking: 'yes' }],
    [
      'checking off never means unseen',
      'StrictHostKeyChecking off',
      'sftp://h/',
      { strictHostKeyChecking: 'accept-new' },
    ],
    [
      'keep-alive',
      'ServerAliveInterval 5\nServerAliveCountMax 4',
      'sftp://h/',
      { aliveInterval: 5, aliveCount: 4 },
    ],
    [
      'roads',
      'ProxyJump a,b\nProxyCommand nc -X 5 "%h" %p # c',
      'sftp://h/',
      {
        proxyJump: 'a,b',
        proxyCommand: 'nc -X 5 "%h" %p',
      },
    ],
    [
      'no road',
      'ProxyJump none\nProxyCommand none',
      'sftp://h/',
      { proxyJump: undefined, proxyCommand: undefined },
    ],
    [
      'algorithms',
      'Ciphers +a\nMACs b\nKexAlgorithms c\nHostKeyAlgorithms -d',
      'sftp://h/',
      {
        algorithms: { ciphers: '+a', macs: 'b', kex: 'c', hostKey: '-d' },
      },
    ],
    ['Match host sees HostName', 'HostName real\nMatch host real\n Port 9', 'sftp://h/', { port: 9 }],
    ['Match originalhost', 'HostName real\nMatch originalhost real\n Port 9', 'sftp://h/', { port: 22 }],
    ['Match user', 'Match user bob\n Port 9', 'sftp://bob@h/', { port: 9 }],
    ['Match !user', 'Match host h !user bob\n Port 9', 'sftp://bob@h/', { port: 22 }],
    ['Match exec', 'Match exec "test %h = h"\n Port 9', 'sftp://h/', { port: 9 }],
    ['Match exec that fails', 'Match exec "exit 1"\n Port 9', 'sftp://h/', { port: 22 }],
    [
      'Match exec is not run in vain',
      'Match host no exec "touch @FOLDER@/ran"\n Port 9\nMatch exec "test -e @FOLDER@/ran"\n Port 8',
      'sftp://h/',
      { port: 22 },
    ],
    ['Match localuser', `Match localuser ${me}\n Port 9`, 'sftp://h/', { port: 9 }],
    ['Match all', 'Match all\n Port 9', 'sftp://h/', { port: 9 }],
    ['Match of what is unknown', 'Match tagged x\n Port 9', 'sftp://h/', { port: 22 }],
    ['Include, in order of names', 'Include @FOLDER@/d/*.conf', 'sftp://inc/', { user: 'first', port: 20 }],
    [
      'Include in a Host',
      'Host no\n Include @FOLDER@/d/*\nHost *\n Port 5',
      'sftp://h/',
      { user: me, port: 5 },
    ],
    ['what follows an Include', 'Host h\n Include @FOLDER@/d/10.conf\n Port 6', 'sftp://h/', { port: 6 }],
    ['Include of nothing', 'Include @FOLDER@/none/*\nPort 6', 'sftp://h/', { port: 6 }],
  ];
  for (const [name, text, url, expected] of CASES) {
    it(name, async () => {
      const found = await settings(text, url);
      for (const [key, value] of Object.entries(expected))
        assert.deepEqual(found[key as keyof HostSettings], value, key);
    });
  }

  for (const [text, complaint] of [
    ['Port x', /port x/],
    ['StrictHostKeyChecking maybe', /maybe/],
    ['Include @FOLDER@/config', /include one another/],
  ] as const) {
    it(`refuses ${text}`, async () => {
      await assert.rejects(settings(text, 'sftp://h/'), (error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, complaint);
        return true;
      });
    });
  }
});

describe('lists of algorithms', () => {
  const { defaults } = algorithmNames().ciphers;
  for (const [text, expected] of [
    ['aes256-ctr,aes128-ctr', ['aes256-ctr', 'aes128-ctr']],
    ['^aes256-ctr', ['aes256-ctr', ...defaults.filter((name) => name !== 'aes256-ctr')]],
    ['-aes*', defaults.filter((name) => !name.startsWith('aes'))],
    ['+rot13', defaults],
    ['rot13,aes256-ctr', ['aes256-ctr']],
  ] as const) {
    it(text, () =>
      assert.deepEqual(
        algorithmList('ciphers', text, () => {}),
        expected,
      ),
    );
  }
  it('must name something', () =>
    assert.throws(() => algorithmList('ciphers', 'rot13', () => {}), UsageError));
});

test('the command line goes where ~/.ssh/config says', async () => {
  await using at = await serve({ '/hello': 'hi' });
  const config = join(at.desk.home, '.ssh', 'config');
  await writeFile(join(at.desk.home, '.ssh', 'hosts'), `${at.server.knownHostsLine}\n`);
  await writeFile(
    config,
    `Host there\n HostName ${at.server.host}\n Port ${at.server.port}\n User me\n UserKnownHostsFile ~/.ssh/hosts\n Ciphers aes256-ctr\n`,
  );
  const env = { SECRET: 'secret' };
  const args = ['cat', '--password-env', 'SECRET', 'sftp://there/hello'];
  const found = await at.desk.run([...args, '-v'], { env });
  assert.equal(found.stdout.toString(), 'hi', found.all);
  assert.match(found.stderr, /negotiated .* aes256-ctr/);
  assert.equal((await at.desk.run([...args, '--no-config'], { env })).code, 3);
  await chmod(config, 0o666);
  const open = await at.desk.run(args, { env });
  assert.equal(open.code, 2);
  assert.match(open.stderr, /written by others: chmod go-w/);
});
