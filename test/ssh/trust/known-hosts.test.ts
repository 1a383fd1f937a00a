import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isWherryError } from '../../../src/base/errors.ts';
import { fingerprint } from '../../../src/ssh/keys/fingerprint.ts';
import { type PublicKey, parsePublicKeyLine } from '../../../src/ssh/keys/public-key.ts';
import { acceptAny, anyOf, type HostKeyContext } from '../../../src/ssh/trust/host-key-verifier.ts';
import { acceptNew, knownHosts } from '../../../src/ssh/trust/known-hosts.ts';
import { run } from '../../support/servers/run.ts';

let folder = '';
let count = 0;
const keys = new Map<string, { line: string; publicKey: PublicKey }>();

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wherry-trust-'));
  for (const [name, ...args] of [
    ['ed', '-t', 'ed25519'],
    ['ed2', '-t', 'ed25519'],
    ['rsa', '-t', 'rsa', '-b', '2048'],
    ['ecdsa', '-t', 'ecdsa'],
  ] as const) {
    const path = join(folder, name);
    await run('ssh-keygen', ['-q', ...args, '-N', '', '-C', name, '-f', path]);
    const line = (await readFile(`${path}.pub`, 'utf8')).trim();
    keys.set(name, { line, publicKey: parsePublicKeyLine(line).publicKey });
  }
});
after(() => rm(folder, { recursive: true, force: true }));

function line(name: string): string {
  return keys.get(name)!.line;
}

function context(name: string, host = 'example.com', port = 22): HostKeyContext {
  const key = keys.get(name)!.publicKey;
  return { host, port, key, algorithm: key.type, fingerprint: fingerprint(key.blob) };
}

async function file(text: string): Promise<string> {
  const path = join(folder, `hosts${++count}`);
  await writeFile(path, text);
  return path;
}

async function outcome(path: string | readonly string[], asked: HostKeyContext): Promise<string> {
  const decision = await knownHosts(path).verify(asked);
  return decision.accept ? 'accept' : decision.code;
}

test('accepted, unknown, changed, revoked', async () => {
  const path = await file(`# a comment\nexample.com ${line('ed')}\n@revoked * ${line('ecdsa')}\n`);
  assert.equal(await outcome(path, context('ed')), 'accept');
  assert.equal(await outcome(path, context('ed2')), 'HOST_KEY_CHANGED');
  assert.equal(await outcome(path, context('ed', 'other.example')), 'HOST_KEY_UNKNOWN');
  assert.equal(await outcome(path, context('ecdsa')), 'HOST_KEY_REVOKED');
  assert.equal(await outcome(path, context('ed', 'example.com', 2222)), 'accept');
});

test('@revoked outweighs a line that records the key, wherever it stands', async () => {
  const [host, revoked] = [`example.com ${line('ed')}\n`, `@revoked example.com ${line('ed')}\n`];
  for (const text of [host + revoked, revoked + host]) {
    assert.equal(await outcome(await file(text), context('ed')), 'HOST_KEY_REVOKED');
  }
  assert.equal(await outcome([await file(host), await file(revoked)], context('ed')), 'HOST_KEY_REVOKED');
});

test('golang f717e29: a revoked key or an authority is no record of the host', async () => {
  const path = await file(`@revoked example.com ${line('ed2')}\n@cert-authority example.com ${line('ed')}\n`);
  const decision = await knownHosts(path).verify(context('ed'));
  assert.ok(!decision.accept && decision.code === 'HOST_KEY_UNKNOWN');
  assert.deepEqual(await knownHosts(path).keyTypes?.('example.com', 22), []);
});

test('on another port: a bare line may accept its key and refuse a revoked one, and is no record of a change', async () => {
  const path = await file(`example.com ${line('ed')}\n@revoked example.com ${line('ecdsa')}\n`);
  assert.equal(await outcome(path, context('ed', 'example.com', 2222)), 'accept');
  assert.equal(await outcome(path, context('ed2', 'example.com', 2222)), 'HOST_KEY_UNKNOWN');
  assert.equal(await outcome(path, context('ecdsa', 'example.com', 2222)), 'HOST_KEY_REVOKED');
  assert.deepEqual(await knownHosts(path).keyTypes?.('example.com', 2222), ['ssh-ed25519']);
  const both = await file(`example.com ${line('ed')}\n[example.com]:2222 ${line('rsa')}\n`);
  assert.equal(await outcome(both, context('ed', 'example.com', 2222)), 'HOST_KEY_CHANGED');
  assert.equal(await outcome(both, context('rsa', 'example.com', 22)), 'HOST_KEY_CHANGED');
});

test('several keys of a type: any of them will do', async () => {
  const path = await file(`example.com ${line('ed2')}\nexample.com ${line('ed')}\n`);
  assert.equal(await outcome(path, context('ed')), 'accept');
  assert.equal(await outcome(path, context('ed2')), 'accept');
});

test('the reason of a changed key names file, line and the recorded fingerprint', async () => {
  const path = await file(`\n\nexample.com ${line('ed')}\n`);
  const { reason } = await knownHosts(path).verify(context('ed2'));
  assert.ok(reason.includes(`${path}:3`));
  assert.ok(reason.includes(context('ed').fingerprint));
});

test('a key of another type only counts as changed, as OpenSSH has it, and the reason names the recorded one', async () => {
  const path = await file(`example.com ${line('rsa')}\nexample.com ${line('ecdsa')}\n`);
  const decision = await knownHosts(path).verify(context('ed'));
  assert.ok(!decision.accept && decision.code === 'HOST_KEY_CHANGED');
  assert.match(decision.reason, /ssh-rsa SHA256:.* at .*:1/);
  assert.deepEqual(await knownHosts(path).keyTypes?.('EXAMPLE.com', 22), ['ssh-rsa', 'ecdsa-sha2-nistp256']);
});

test('lines that cannot be used are named, and the others still count', async () => {
  const path = await file(`@future example.com ${line('ed')}\nnonsense\r\nexample.com ${line('ed2')}\r\n`);
  assert.equal(await outcome(path, context('ed2')), 'accept');
  const other = await knownHosts(path).verify(context('ed', 'elsewhere'));
  assert.match(other.reason, /:1 ignored: unknown marker @future/);
});

test('the file is read anew each time; a missing one is empty; an unreadable one is an error', async () => {
  const path = join(folder, 'later');
  const trust = knownHosts(path);
  assert.ok(!(await trust.verify(context('ed'))).accept);
  await writeFile(path, `example.com ${line('ed')}`);
  assert.ok((await trust.verify(context('ed'))).accept);
  await assert.rejects(async () => knownHosts(folder).verify(context('ed')), isInvalidArgument);
  if (process.getuid?.() !== 0) {
    await chmod(path, 0);
    await assert.rejects(async () => trust.verify(context('ed')), isInvalidArgument);
  }
});

const HOSTS: readonly (readonly [string, number])[] = [
  ['example.com', 22],
  ['EXAMPLE.com', 22],
  ['example.com', 2222],
  ['a.wild.example', 22],
  ['no.wild.example', 22],
  ['wild.example', 22],
  ['10.0.0.7', 22],
  ['10.0.0.77', 22],
  ['::1', 22],
  ['::1', 2222],
  ['other', 22],
];
for (const hashed of [false, true]) {
  test(`lookups agree with ssh-keygen -F${hashed ? ' after ssh-keygen -H' : ''}`, async () => {
    const path = await file(
      [
        `example.com,192.0.2.1 ${line('ed')}`,
        `[example.com]:2222 ${line('ed2')}`,
        `*.wild.example,!no.wild.example ${line('ecdsa')}`,
        `10.0.0.? ${line('rsa')}`,
        `::1 ${line('rsa')}`,
        `[::1]:2222 ${line('ed')}`,
        '# end',
        '',
      ].join('\n'),
    );
    if (hashed) {
      await run('ssh-keygen', ['-H', '-f', path]);
      assert.match(await readFile(path, 'utf8'), /^\|1\|/);
    }
    for (const [host, port] of HOSTS) {
      // ssh looks hosts up in lower case; ssh-keygen -F leaves that to its caller where names are hashed.
      const bare = hashed ? host.toLowerCase() : host;
      const name = port === 22 ? bare : `[${bare}]:${port}`;
      const found = await run('ssh-keygen', ['-F', name, '-f', path], { allowFailure: true });
      const lines = found.stdout.split('\n').filter((text) => text !== '' && !text.startsWith('#'));
      const types = lines.map((text) => text.split(' ')[1]);
      assert.deepEqual(await knownHosts(path).keyTypes?.(host, port), types, `${name} in ${path}`);
    }
  });
}

test('acceptNew: a new host is recorded as ssh-keygen -F finds it, then known, then changed', async () => {
  for (const [hash, port] of [
    [false, 22],
    [false, 2222],
    [true, 22],
    [true, 2222],
  ] as const) {
    const path = join(folder, `new-${hash}-${port}`, 'ssh', 'known_hosts');
    const trust = acceptNew(path, { hash });
    const first = await trust.verify(context('ed', 'Example.com', port));
    assert.ok(first.accept);
    assert.match(first.reason, /new host/);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await stat(join(path, '..'))).mode & 0o777, 0o700);
    const name = port === 22 ? 'example.com' : `[example.com]:${port}`;
    const { stdout } = await run('ssh-keygen', ['-F', name, '-f', path]);
    assert.ok(stdout.includes(line('ed').split(' ')[1]!));
    assert.equal((await readFile(path, 'utf8')).includes('example.com'), !hash);
    const again = await trust.verify(context('ed', 'example.com', port));
    assert.match(again.reason, /recorded at .*:1/);
    const changed = await trust.verify(context('ed2', 'example.com', port));
    assert.ok(!changed.accept && changed.code === 'HOST_KEY_CHANGED');
    assert.equal((await readFile(path, 'utf8')).split('\n').length, 2);
  }
});

test('acceptNew: someone in the middle cannot choose another key type to look new', async () => {
  const path = await file(`example.com ${line('rsa')}\n`);
  const decision = await acceptNew(path).verify(context('ed'));
  assert.ok(!decision.accept && decision.code === 'HOST_KEY_CHANGED');
  assert.match(decision.reason, /ssh-rsa/);
  assert.equal(await readFile(path, 'utf8'), `example.com ${line('rsa')}\n`);
});

test('acceptNew: revoked stays revoked', async () => {
  const decision = await acceptNew(await file(`@revoked * ${line('ed')}\n`)).verify(context('ed'));
  assert.ok(!decision.accept && decision.code === 'HOST_KEY_REVOKED');
});

test('acceptNew: a last line without a line end stays whole', async () => {
  const path = await file(`first.example ${line('rsa')}`);
  assert.ok((await acceptNew(path).verify(context('ed'))).accept);
  assert.equal(await outcome(path, context('rsa', 'first.example')), 'accept');
  assert.equal(await outcome(path, context('ed')), 'accept');
});

test('acceptNew: many at once write whole lines, and one host only once', async () => {
  const path = join(folder, 'crowd');
  const hosts = Array.from({ length: 20 }, (_, i) => `host${i % 10}.example`);
  const decisions = await Promise.all(hosts.map((host) => acceptNew(path).verify(context('ed', host))));
  assert.ok(decisions.every((one) => one.accept));
  assert.equal((await readFile(path, 'utf8')).trimEnd().split('\n').length, 10);
});

test('acceptNew: of two keys for a new host at once, one is refused', async () => {
  const path = join(folder, 'race');
  const both = await Promise.all([
    acceptNew(path).verify(context('ed')),
    acceptNew(path).verify(context('ed2')),
  ]);
  assert.deepEqual(
    both.map((one) => one.accept),
    [true, false],
  );
});

test('acceptNew: a host name cannot write what it likes into the file', async () => {
  const path = join(folder, 'injected');
  for (const host of [
    'a b',
    'a\nb',
    'a,b',
    '*',
    'a?',
    '!a',
    '|1|x',
    '@revoked',
    '#a',
    '',
    'a\u0000',
    'a\tb',
  ]) {
    await assert.rejects(async () => acceptNew(path).verify(context('ed', host)), isInvalidArgument, host);
  }
  await assert.rejects(readFile(path), { code: 'ENOENT' });
});

test('acceptNew: when the line cannot be written, the key is not accepted', async () => {
  const blocked = await file('');
  await assert.rejects(
    async () => acceptNew(join(blocked, 'known_hosts')).verify(context('ed')),
    isInvalidArgument,
  );
});

test('a changed key is not put to the next verifier', async () => {
  const path = await file(`example.com ${line('ed')}\n`);
  const decision = await anyOf(knownHosts(path), acceptAny()).verify(context('ed2'));
  assert.ok(!decision.accept && decision.code === 'HOST_KEY_CHANGED');
});

function isInvalidArgument(error: unknown): boolean {
  return isWherryError(error) && error.code === 'INVALID_ARGUMENT';
}
