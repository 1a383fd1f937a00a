import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseKeys, parsePrivateKey } from '../../src/keys.ts';
import { makeDesk } from './wherry.ts';

const fixtures = fileURLToPath(new URL('../fixtures/keys/', import.meta.url));
const OLD = { OLD: 'wherry', NEW: 'new-secret' };

test('key inspect shows keys and certificates, for people and programs', async () => {
  await using desk = await makeDesk();
  const file = `${fixtures}ed25519.v3.argon2id.ppk`;
  const shown = await desk.run(['key', 'inspect', '--passphrase-env', 'OLD', file], { env: OLD });
  assert.match(
    shown.stdout.toString(),
    /private key ssh-ed25519 256 SHA256:7\/HFs6N92FW16fb\S+ made as ed25519\n$/,
    shown.all,
  );
  const store = `${fixtures}rsa.keytool.jks`;
  const ran = await desk.run(['key', 'inspect', '--json', '--passphrase-env', 'OLD', store], { env: OLD });
  const [first] = ran.objects.filter((one) => one.comment === 'first');
  assert.equal(first?.keyType, 'ssh-rsa', ran.all);
  assert.match(JSON.stringify(first?.certificate), /CN=first, O=Wherry, C=DE/);
  const closed = await desk.run(['key', 'inspect', file]);
  assert.equal(closed.code, 2, closed.all);
  assert.match(closed.stderr, /passphrase/);
  const wrong = await desk.run(['key', 'inspect', '--passphrase-env', 'OLD', file], {
    env: { OLD: 'marked-secret' },
  });
  assert.equal(wrong.code, 2);
  assert.ok(!wrong.all.includes('marked-secret'));
  assert.equal((await desk.run(['key', 'inspect', '/not/there'])).code, 2);
});

test('key convert writes another format, never over a file, private ones for the owner only', async () => {
  await using desk = await makeDesk();
  const source = `${fixtures}rsa.v3.argon2id.ppk`;
  const { blob } = parsePrivateKey(await readFile(source), 'wherry').publicKey;
  const convert = ['key', 'convert', '--passphrase-env', 'OLD'];
  const target = desk.path('id_rsa');
  const ran = await desk.run([...convert, '--new-passphrase-env', 'NEW', source, target], { env: OLD });
  assert.equal(ran.code, 0, ran.all);
  assert.equal((await stat(target)).mode & 0o777, 0o600);
  const text = await readFile(target, 'utf8');
  assert.deepEqual(parsePrivateKey(text, OLD.NEW).publicKey.blob, blob);
  const again = await desk.run([...convert, '--plain', source, target], { env: OLD });
  assert.equal(again.code, 2, again.all);
  assert.match(again.stderr, /there already/);
  assert.equal(await readFile(target, 'utf8'), text);
  const lost = await desk.run([...convert, source, '-'], { env: OLD });
  assert.equal(lost.code, 2);
  assert.match(lost.stderr, /--plain/);
  const plain = await desk.run([...convert, '--plain', '--to', 'pkcs8', source], { env: OLD });
  assert.match(plain.stdout.toString(), /^-----BEGIN PRIVATE KEY-----/);
  const open = await desk.run([...convert, '--public', '-C', 'mine', source], { env: OLD });
  assert.match(open.stdout.toString(), /^ssh-rsa AAAA\S+ mine\n$/);
  const bad = await desk.run([...convert, '--to', 'gif', source], { env: OLD });
  assert.equal(bad.code, 2);
  assert.match(bad.stderr, /--to takes openssh, pkcs8, ppk, jwk/);
});

test('key generate makes a pair of files', async () => {
  await using desk = await makeDesk();
  const ran = await desk.run(['key', 'generate', '--plain', '-C', 'me@here', desk.path('id')]);
  assert.equal(ran.code, 0, ran.all);
  const key = parsePrivateKey(await readFile(desk.path('id')));
  assert.equal(key.comment, 'me@here');
  const [line] = parseKeys(await readFile(desk.path('id.pub')));
  assert.deepEqual(line?.publicKey?.blob, key.publicKey.blob);
  const sealed = [
    'key',
    'generate',
    '-t',
    'ecdsa',
    '-b',
    '384',
    '--to',
    'ppk',
    '--new-passphrase-env',
    'NEW',
  ];
  assert.equal((await desk.run([...sealed, desk.path('k.ppk')], { env: OLD })).code, 0);
  assert.equal(parsePrivateKey(await readFile(desk.path('k.ppk')), OLD.NEW).publicKey.bits, 384);
  for (const args of [
    ['generate', desk.path('x')],
    ['generate', '--plain', '-b', '1', desk.path('x')],
    ['forget'],
    ['inspect'],
  ]) {
    assert.equal((await desk.run(['key', ...args])).code, 2);
  }
  assert.deepEqual(await desk.files(), ['id', 'id.pub', 'k.ppk', 'k.ppk.pub']);
});
