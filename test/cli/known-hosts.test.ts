import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { serve } from './served.ts';

test('known-hosts scans, adds, lists and removes', async () => {
  await using at = await serve({ '/hello': 'hi' });
  const { desk, server } = at;
  const place = `${server.host}:${server.port}`;
  const scan = await desk.run(['known-hosts', 'scan', place]);
  assert.equal(
    scan.stdout.toString(),
    `${server.host} port ${server.port}  ssh-ed25519 ${server.fingerprint}\n`,
    scan.all,
  );
  const wrong = await desk.run(['known-hosts', 'add', '--host-key', `SHA256:${'A'.repeat(43)}`, place]);
  assert.equal(wrong.code, 4, wrong.all);
  assert.equal((await desk.run(['known-hosts', 'add', '--host-key', server.fingerprint, place])).code, 0);
  const get = await desk.run(['cat', '--password-env', 'S', at.url('/hello')], { env: { S: 'secret' } });
  assert.equal(get.stdout.toString(), 'hi', get.all);
  const list = await desk.run(['known-hosts', 'list', '--json', place]);
  assert.deepEqual([list.objects[0]?.fingerprint, list.objects[0]?.line], [server.fingerprint, 1]);
  const gone = await desk.run(['known-hosts', 'remove', place]);
  assert.equal(gone.stdout.toString(), `${place}: 1 removed\n`);
  assert.equal((await desk.run(['known-hosts', 'list'])).stdout.toString(), '');
});

test('remove leaves the rest as it is', async () => {
  await using at = await serve();
  const { desk, server } = at;
  const [name, ...key] = server.knownHostsLine.split(' ');
  const file = desk.path('known');
  const keep = `# mine\n\nother,* ${key.join(' ')} \n@revoked bad ${key.join(' ')}\nbroken line\n`;
  await writeFile(file, `${keep}${name} ${key.join(' ')}\r\na,${name},b ${key.join(' ')} c\n`, {
    mode: 0o640,
  });
  const ran = await desk.run([
    'known-hosts',
    'remove',
    '--known-hosts',
    file,
    `${server.host}:${server.port}`,
  ]);
  assert.equal(ran.code, 0, ran.all);
  assert.match(ran.stdout.toString(), /: 2 removed/);
  assert.equal(await readFile(file, 'utf8'), `${keep}a,b ${key.join(' ')} c\n`);
  assert.equal((await stat(file)).mode & 0o777, 0o640);
  const none = await desk.run(['known-hosts', 'remove', '--known-hosts', file, 'nobody']);
  assert.match(none.all, /0 removed.*not in/s);
});
