/** get and put with scp:// URLs against a real sshd. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makeScratch, realServer, requireServer } from '../support/servers/from-env.ts';
import { accessTo, makeDesk, urlOf } from './wherry.ts';

describe('wherry with scp:// URLs', requireServer('openssh'), () => {
  it('copies files and folders both ways, and refuses what scp cannot do', { timeout: 120_000 }, async () => {
    const server = realServer('openssh');
    await using scratch = await makeScratch();
    await using desk = await makeDesk();
    const access = await accessTo(server, desk);
    const url = (path: string): string => urlOf(server, scratch.path + path).replace('sftp:', 'scp:');
    const content = randomBytes(100_001);
    await writeFile(desk.path("it's.bin"), content);
    await chmod(desk.path("it's.bin"), 0o640);
    const run = (...args: string[]): ReturnType<typeof desk.run> =>
      desk.run([args[0]!, ...access, ...args.slice(1)]);

    const up = await run('put', '-p', "it's.bin", url('/'));
    assert.equal(up.code, 0, up.stderr);
    assert.deepEqual(await readFile(join(scratch.path, "it's.bin")), content);
    assert.equal((await stat(join(scratch.path, "it's.bin"))).mode & 0o777, 0o640);

    const down = await run('get', '--json', url("/it's.bin"), 'back.bin');
    assert.equal(down.code, 0, down.stderr);
    assert.deepEqual(await readFile(desk.path('back.bin')), content);
    assert.equal(down.objects.at(-1)!.type, 'result');

    await mkdir(desk.path('tree', 'sub'), { recursive: true });
    await writeFile(desk.path('tree', 'sub', 'x'), 'x');
    assert.equal((await run('put', '-r', 'tree', url('/'))).code, 0);
    assert.equal((await run('get', '-r', url('/tree'), 'copy')).code, 0);
    assert.deepEqual((await readdir(desk.path('copy'), { recursive: true })).sort(), ['sub', 'sub/x']);

    for (const [code, ...args] of [
      [2, 'ls', url('/')],
      [2, 'get', url('/x'), '-'],
      [1, 'get', url('/missing')],
      [1, 'get', url('/tree'), 'file'],
      [1, 'put', "it's.bin", 'back.bin', url('/new')],
    ] as const) {
      const ran = await run(...args);
      assert.equal(ran.code, code, `${args.join(' ')}: ${ran.stderr}`);
      assert.match(ran.stderr, /^wherry: /m);
    }
  });
});
