/** The commands that look after files on a server. */
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { realServer, requireServer } from '../support/servers/from-env.ts';
import { serve } from './served.ts';
import { accessTo, makeDesk, outcome, type Ran, urlOf } from './wherry.ts';

function ok(ran: Ran): string {
  assert.equal(ran.code, 0, ran.all);
  return ran.stdout.toString();
}

test('tree, ls, stat, df and cat tell what is there', async () => {
  await using at = await serve({ '/srv/a/one.txt': 'one', '/srv/b.txt': 'bb\u001b' });
  assert.equal(
    ok(await at.wherry('tree', [at.url('/srv')])),
    '/srv\n├── a\n│   └── one.txt\n└── b.txt\n\n1 folder, 2 files, 6 B\n',
  );
  assert.match(ok(await at.wherry('tree', ['--depth', '1', at.url('/srv')])), /^\/srv\n├── a\n└── b\.txt\n/);
  const { objects } = await at.wherry('tree', ['--json', at.url('/srv')]);
  assert.deepEqual(
    objects.map(({ type, path, command }) => [type, path ?? command]),
    [
      ['entry', '/srv/a'],
      ['entry', '/srv/a/one.txt'],
      ['entry', '/srv/b.txt'],
      ['result', 'tree'],
    ],
  );
  const stat = ok(await at.wherry('stat', [at.url('/srv/b.txt'), at.url('/srv')]));
  assert.match(
    stat,
    /^\/srv\/b\.txt\n {2}type {8}file\n {2}size {8}3 \(3 B\)\n {2}permissions 0644 \(rw-r--r--\)\n/,
  );
  assert.match(stat, /\n\/srv\n {2}type {8}directory\n/);
  assert.match(
    ok(await at.wherry('df', [at.url('/')])),
    /size +used +available +use {2}path\n +1\.0 GiB .*\/\n$/,
  );
  assert.equal(ok(await at.wherry('cat', [at.url('/srv/a/one.txt'), at.url('/srv/b.txt')])), 'onebb\u001b');
});

test('mkdir, mv, ln, chmod, rmdir and rm change it', async () => {
  await using at = await serve({ '/srv/x': 'x', '/srv/y': 'y' });
  ok(await at.wherry('mkdir', ['-p', at.url('/a/b/c')]));
  ok(await at.wherry('mkdir', ['-p', at.url('/a/b')]));
  ok(await at.wherry('mv', [at.url('/srv/x'), '/a/b']));
  const refused = await at.wherry('mv', [at.url('/srv/y'), at.url('/a/b/x')]);
  assert.equal(refused.code, 1, refused.all);
  ok(await at.wherry('mv', ['-f', at.url('/srv/y'), at.url('/a/b/x')]));
  assert.equal(Buffer.from(at.files.get('/a/b/x')!).toString(), 'y');
  ok(await at.wherry('ln', ['-s', 'b/x', at.url('/a/soft')]));
  ok(await at.wherry('ln', ['/a/b/x', at.url('/~/hard')]));
  assert.equal(Buffer.from(at.files.get('/home/me/hard')!).toString(), 'y');
  ok(await at.wherry('chmod', ['-r', 'u=rwX,go=', at.url('/a')]));
  assert.match(ok(await at.wherry('stat', [at.url('/a/b/x')])), /0600/);
  assert.match(ok(await at.wherry('stat', [at.url('/a/b')])), /0700/);
  assert.match(ok(await at.wherry('stat', [at.url('/a/soft')])), /symlink to b\/x/);
  ok(await at.wherry('rmdir', [at.url('/a/b/c')]));
  const { code, stderr } = await at.wherry('rmdir', [at.url('/a')]);
  assert.equal(code, 1, stderr);
  const { objects } = await at.wherry('rm', ['-r', '--json', at.url('/a')]);
  assert.equal(objects.at(-1)!.removed, 4);
  assert.equal((await at.wherry('rm', [at.url('/a')])).code, 1);
  ok(await at.wherry('rm', ['-f', at.url('/a')]));
  assert.deepEqual(at.files.paths(), ['/home', '/home/me', '/home/me/hard', '/srv']);
});

test('cp and hash work on the server', async () => {
  await using at = await serve({ '/a.txt': 'hello\n', '/dir/b.txt': 'b' });
  const sum = '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03';
  ok(await at.wherry('cp', [at.url('/a.txt'), '/dir']));
  ok(await at.wherry('cp', [at.url('/a.txt'), at.url('/dir/b.txt')]));
  assert.equal(ok(await at.wherry('hash', [at.url('/dir/a.txt')])), `${sum}  /dir/a.txt\n`);
  assert.match(
    ok(await at.wherry('hash', ['-a', 'md5', at.url('/dir/b.txt')])),
    /^b1946ac92492d2347c6235b4d2611184 {2}/,
  );
  const same = await at.wherry('cp', [at.url('/a.txt'), '/dir/../a.txt']);
  assert.match(same.stderr, /same file/);
  assert.equal(Buffer.from(at.files.get('/a.txt')!).toString(), 'hello\n');
});

test('sync goes both ways, and says what it would do', async () => {
  await using at = await serve({ '/srv/a': 'a', '/srv/deep/b': 'b', '/srv/c.tmp': 'c' });
  const local = at.desk.path('copy');
  const plan = ok(await at.wherry('sync', ['-n', '--exclude', '*.tmp', at.url('/srv'), local]));
  assert.deepEqual(plan.trim().split('\n').sort(), [
    'copy a 1 B',
    'copy deep/b 1 B',
    'make folder .',
    'make folder deep',
  ]);
  await assert.rejects(readFile(join(local, 'a')));
  ok(await at.wherry('sync', ['--exclude', '*.tmp', at.url('/srv'), local]));
  assert.equal(await readFile(join(local, 'deep', 'b'), 'utf8'), 'b');
  await writeFile(join(local, 'a'), 'longer');
  await writeFile(join(local, 'new'), 'new');
  await rm(join(local, 'deep'), { recursive: true });
  const { objects, code } = await at.wherry('sync', ['--delete', '--json', '-q', local, at.url('/srv')]);
  assert.equal(code, 0);
  const result = objects.at(-1)!;
  assert.deepEqual([result.type, result.files, result.deleted], ['result', 2, 3]);
  assert.deepEqual(at.files.paths(), ['/home', '/home/me', '/srv', '/srv/a', '/srv/new']);
});

test('tail shows the end, and goes on', async () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i}\n`);
  await using at = await serve({ '/log': lines.join(''), '/open': 'one\ntwo', '/empty': '' });
  assert.equal(ok(await at.wherry('tail', [at.url('/log')])), lines.slice(-10).join(''));
  assert.equal(ok(await at.wherry('tail', ['-n', '15000', at.url('/log')])), lines.slice(-15_000).join(''));
  assert.equal(ok(await at.wherry('tail', ['-n', '1', at.url('/open')])), 'two');
  assert.equal(ok(await at.wherry('tail', ['-n', '9', at.url('/open')])), 'one\ntwo');
  assert.equal(ok(await at.wherry('tail', ['-n', '0', at.url('/log')])), '');
  assert.equal(ok(await at.wherry('tail', [at.url('/empty')])), '');
  const options = ['--password-env', 'SECRET', '--host-key', at.server.fingerprint];
  const child = at.desk.start(['tail', '-f', '-n', '1', ...options, at.url('/open')], { SECRET: 'secret' });
  const ended = outcome(child);
  await new Promise((resolve) => child.stdout!.once('data', resolve));
  at.files.put('/open', 'one\ntwo\nthree\n');
  await new Promise((resolve) => child.stdout!.once('data', resolve));
  child.kill('SIGINT');
  const { stdout, code } = await ended;
  assert.equal(stdout.toString(), 'two\nthree\n');
  assert.equal(code, 130);
});

test('a jump host and a proxy command lead to the server', requireServer('openssh'), async () => {
  await using desk = await makeDesk();
  const server = realServer('openssh');
  const access = await accessTo(server, desk);
  const { user, host, port } = server;
  const jumped = await desk.run([
    'ls',
    '--json',
    ...access,
    '-J',
    `${user}@${host}:${port}`,
    urlOf(server, '/'),
  ]);
  assert.equal(jumped.code, 0, jumped.all);
  const pipe = `${process.execPath} -e "s=net.connect(%p,'%h');process.stdin.pipe(s).pipe(process.stdout)"`;
  const piped = await desk.run(['ls', '--json', ...access, '--proxy-command', pipe, urlOf(server, '/')]);
  assert.equal(piped.code, 0, piped.all);
  await writeFile(
    desk.path('config'),
    `Host inside\n HostName ${host}\n Port ${port}\n User ${user}\n ProxyJump outside\nHost outside\n HostName ${host}\n Port ${port}\n User ${user}\n`,
  );
  const byConfig = await desk.run(['ls', ...access, '--config', desk.path('config'), 'sftp://inside/', '-v']);
  assert.equal(byConfig.code, 0, byConfig.all);
  assert.equal(byConfig.stderr.match(/login by/g)?.length, 2, byConfig.stderr);
  await writeFile(desk.path('loop'), 'Host a\n ProxyJump b\nHost b\n ProxyJump a\n');
  const loop = await desk.run(['ls', ...access, '--config', desk.path('loop'), 'sftp://a/']);
  assert.equal(loop.code, 2, loop.all);
});

for (const [args, complaint] of [
  [['rm', '-r', 'sftp://h/'], /by its name/],
  [['rm', '-r', 'sftp://h/a/..'], /by its name/],
  [['mv', 'sftp://h/a', 'sftp://other/a'], /one server/],
  [['chmod', '9', 'sftp://h/a'], /octal/],
  [['chmod', 'u*x', 'sftp://h/a'], /octal/],
  [['ln', 'sftp://h/a', 'sftp://h/b'], /path on the server/],
  [['tree', 'scp://h/a'], /scp only copies/],
  [['tree', '--depth', '0', 'sftp://h/a'], /from 1 to 64/],
  [['known-hosts', 'forget'], /list, add, remove, scan/],
  [['known-hosts', 'add', 'h'], /--host-key/],
  [['completion', 'cmd'], /bash, zsh, fish/],
  [['sync', 'a', 'b'], /a local folder and a URL/],
  [['hash', '-a', 'crc', 'sftp://h/a'], /--algorithm takes/],
  [['ls', '-J', 'a', '--proxy', 'socks5://p:1', 'sftp://h/a'], /exclude each other/],
  [['stat', '--config', '/no/such/file', 'sftp://h/a'], /no configuration file/],
] as [string[], RegExp][]) {
  test(`wrong use: wherry ${args.join(' ')}`, async () => {
    await using at = await serve();
    const { code, stderr } = await at.desk.run(args);
    assert.equal(code, 2, stderr);
    assert.match(stderr, complaint);
  });
}
