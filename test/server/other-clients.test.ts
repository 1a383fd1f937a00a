/** Other people's clients against wherry/server, over a folder and over memory: OpenSSH's sftp, scp by both protocols, curl. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { memoryFiles, type RunningServer, startServer } from '../../src/server/index.ts';
import { startOnDemand } from '../support/servers/on-demand.ts';
import { pattern } from '../support/sftp/memory-session.ts';

const run = promisify(execFile);
const TOOLS = {
  name: 'OpenSSH clients',
  doc: 'sftp and scp',
  packages: ['openssh-client'],
  needsRoot: false,
};

interface Desk extends AsyncDisposable {
  readonly folder: string;
  readonly key: string;
  readonly line: string;
  path(name: string): string;
}

async function makeDesk(): Promise<Desk> {
  const folder = await mkdtemp(join(tmpdir(), 'wherry-clients-'));
  const key = join(folder, 'key');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  return {
    folder,
    key,
    line: await readFile(`${key}.pub`, 'utf8'),
    path: (name) => join(folder, name),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

async function options(desk: Desk, server: RunningServer): Promise<string[]> {
  await writeFile(desk.path('known_hosts'), `${server.knownHostsLine}\n`);
  return [
    ...['-q', '-i', desk.key, '-P', String(server.port), '-F', 'none'],
    ...[
      '-o',
      `UserKnownHostsFile=${desk.path('known_hosts')}`,
      '-o',
      'BatchMode=yes',
      '-o',
      'IdentitiesOnly=yes',
    ],
  ];
}

async function tools(t: TestContext, work: (desk: Desk) => Promise<void>): Promise<void> {
  const desk = await startOnDemand(t, TOOLS, makeDesk);
  if (desk === undefined) return;
  try {
    await work(desk);
  } finally {
    await desk[Symbol.asyncDispose]();
  }
}

for (const kind of ['memory', 'folder'] as const) {
  test(`sftp and scp of OpenSSH, with a ${kind}`, async (t) => {
    await tools(t, async (desk) => {
      await mkdir(desk.path('root'));
      await using server = await startServer({
        users: { me: { publicKeys: [desk.line] } },
        ...(kind === 'folder' ? { root: desk.path('root') } : { files: memoryFiles() }),
      });
      const common = await options(desk, server);
      const content = pattern(700_001);
      await mkdir(desk.path('tree/sub'), { recursive: true });
      await writeFile(desk.path('tree/sub/b'), 'b');
      await writeFile(desk.path('big'), content, { mode: 0o640 });
      const batch = [
        ...['mkdir in', 'put -p big in/big', 'chmod 600 in/big', 'ln -s big in/soft', 'ln in/big in/hard'],
        ...[
          'put -R tree in/',
          'rename in/hard in/moved',
          'ls -l in',
          'df in',
          'get in/soft back',
          'rm in/soft',
        ],
        ...['get -R in/tree tree2', 'cp in/big in/copy', 'rm in/moved', 'rm in/copy'],
      ];
      await writeFile(desk.path('batch'), `${batch.join('\n')}\n`);
      const { stdout } = await run('sftp', [...common, '-b', desk.path('batch'), `me@${server.host}`], {
        cwd: desk.folder,
      });
      assert.match(stdout, /-rw------- .*big/);
      assert.ok(content.equals(await readFile(desk.path('back'))));
      assert.equal(await readFile(desk.path('tree2/sub/b'), 'utf8'), 'b');
      for (const [name, flags] of [
        ['by SFTP', []],
        ['by scp', ['-O']],
      ] as const) {
        const scp = (...args: string[]): Promise<unknown> =>
          run('scp', [...common, ...flags, ...args], { cwd: desk.folder });
        const at = (path: string): string => `me@${server.host}:${path}`;
        await scp('-p', 'big', at(`/${name.length}`));
        await scp(at(`/${name.length}`), `back${name.length}`);
        assert.ok(content.equals(await readFile(desk.path(`back${name.length}`))), name);
        await scp('-r', 'tree', 'big', at('/in'));
        await scp('-rp', at('/in/tree'), `tree${name.length}`);
        assert.equal(await readFile(desk.path(`tree${name.length}/sub/b`), 'utf8'), 'b', name);
        await assert.rejects(scp(at('/none'), 'none'), /No such file|none/, name);
        await assert.rejects(scp('big', at('/none/below/x')), name);
      }
      if (kind === 'folder') assert.equal((await stat(desk.path('root/in/big'))).size, content.length);
    });
  });
}

test('an RSA key lets in where the host key is of another type', async (t) => {
  await tools(t, async (desk) => {
    await run('ssh-keygen', ['-q', '-t', 'rsa', '-b', '2048', '-N', '', '-f', desk.path('rsa')]);
    const line = await readFile(desk.path('rsa.pub'), 'utf8');
    await using server = await startServer({ users: { me: { publicKeys: [line] } } });
    const common = await options({ ...desk, key: desk.path('rsa') }, server);
    await writeFile(desk.path('batch'), 'pwd\n');
    await run('sftp', [...common, '-b', desk.path('batch'), `me@${server.host}`]);
  });
});

test('a user certificate of a CA lets in its principal alone', async (t) => {
  await tools(t, async (desk) => {
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', desk.path('ca')]);
    await run('ssh-keygen', ['-q', '-s', desk.path('ca'), '-I', 'test', '-n', 'me', `${desk.key}.pub`]);
    const ca = await readFile(desk.path('ca.pub'), 'utf8');
    await using server = await startServer({
      users: { me: { certificateAuthorities: [ca] }, you: { certificateAuthorities: [ca] } },
    });
    const common = await options(desk, server);
    await writeFile(desk.path('batch'), 'pwd\n');
    const pwd = async (user: string): Promise<string> =>
      (await run('sftp', [...common, '-b', desk.path('batch'), `${user}@${server.host}`])).stdout;
    assert.match(await pwd('me'), /\//);
    await assert.rejects(pwd('you'), /Connection closed/);
  });
});
