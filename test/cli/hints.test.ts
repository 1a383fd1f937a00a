/** What errors of the command line say to try. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { makeScratch, realServer, requireServer } from '../support/servers/from-env.ts';
import { serve } from './served.ts';
import { accessTo, makeDesk, urlOf } from './wherry.ts';

describe('a failure', requireServer('openssh'), () => {
  it('says what to try, for what OpenSSH calls by one name only', async () => {
    await using desk = await makeDesk();
    await using scratch = await makeScratch();
    const server = realServer('openssh');
    const access = await accessTo(server, desk);
    const url = (path: string): string => urlOf(server, scratch.path + path);
    for (const name of ['there', 'other', 'folder/in'].map((path) => join(scratch.path, path))) {
      await mkdir(dirname(name), { recursive: true });
      await writeFile(name, 'there');
    }
    for (const [args, text] of [
      [['cat', url('/folder')], /folder is a folder$/m],
      [['mkdir', url('/folder')], /mkdir .*\/folder: .*already\? mkdir -p takes/],
      [['rmdir', url('/folder')], /rmdir .*\/folder: .*is the folder empty\? rm -r/],
      [['rm', url('/folder')], /remove .*\/folder: .*is it a folder\? rm -r/],
      [['mv', url('/there'), url('/other')], /rename .*\/there.*: .*at the target\? mv -f replaces it/],
      [['ln', '-s', 'x', url('/there')], /symlink .*\/there: .*something of that name already\?/],
      [
        ['put', join(scratch.path, 'there'), url('/no/x')],
        /no such file; is its folder there\? wherry mkdir -p/,
      ],
      [['sync', 'nowhere', url('/folder')], /cannot read nowhere: there is no such file or folder/],
      [['ls', '--proxy', 'socks5://127.0.0.1:1', url('/')], /check host, port and kind of the proxy/],
    ] as const) {
      const [command, ...rest] = args;
      const { code, stderr } = await desk.run([command, ...access, ...rest]);
      assert.ok(code === 1 || code === 3, stderr);
      assert.match(stderr, text);
    }
    const { code, stderr } = await desk.run(['ls', '-i', 'no-key', url('/')]);
    assert.equal(code, 2);
    assert.match(stderr, /cannot read the private key no-key: there is no such file/);
  });

  it('puts a file under its name when it is whole, with --atomic', async () => {
    await using at = await serve({ '/srv/one.txt': 'old' });
    await writeFile(at.desk.path('new.txt'), 'new');
    const done = await at.wherry('put', ['--atomic', 'new.txt', at.url('/srv/one.txt')]);
    assert.equal(done.code, 0, done.all);
    assert.equal(Buffer.from(at.files.get('/srv/one.txt')!).toString(), 'new');
    assert.deepEqual(
      at.files.paths().filter((path) => path.startsWith('/srv')),
      ['/srv', '/srv/one.txt'],
    );
  });
});
