/** The commands that look after files on a server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serve } from './served.ts';
import type { Ran } from './wherry.ts';

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
  [['stat', '--config', '/no/such/file', 'sftp://h/a'], /no configuration file/],
] as [string[], RegExp][]) {
  test(`wrong use: wherry ${args.join(' ')}`, async () => {
    await using at = await serve();
    const { code, stderr } = await at.desk.run(args);
    assert.equal(code, 2, stderr);
    assert.match(stderr, complaint);
  });
}
