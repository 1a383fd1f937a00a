import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import {
  createEngine,
  type Execution,
  type SftpInputs,
  TimeoutExceededError,
} from '../../../src/connectors/index.ts';
import { temporaryFolder } from '../../connectors/support/store.ts';
import { listen, stallingRelay } from '../../connectors/support/tcp.ts';
import { getFixtures } from '../../support/servers/fixtures.ts';
import { makeScratch, realServer, requireServer, requireSshd } from '../../support/servers/from-env.ts';
import { startSshd } from '../../support/servers/openssh.ts';
import { hostLines, sftpInputs, userKey } from './support.ts';

const options = { ...requireServer('openssh'), timeout: 60_000 };
const STATS = { mode_name: 'stats', path: '.' } as const;

/** Another host's key. */
async function otherKey(): Promise<string> {
  return (await getFixtures()).userKeys.ed25519.publicLine;
}

async function run(inputs: object): Promise<Execution> {
  await using store = await temporaryFolder();
  return await createEngine({ store: store.path }).connect(inputs);
}

test('a hostkey is taken in all its forms', options, async () => {
  const { host, port, hostKeys } = realServer('openssh');
  const inputs = await sftpInputs(STATS);
  const lines = hostKeys.map(({ publicLine }) => publicLine);
  const rest = lines.slice(1).join('\n');
  const good = [
    lines.join('\n'),
    `${lines[0]} a comment`,
    `# comment\n\n${host} ${lines[0]}\r\n`,
    `[${host}]:${port} ${lines[0]}`,
    `[${host}]:${port},other ${await otherKey()}\n[${host}]:${port} ${lines[0]}`,
    `other.example ${await otherKey()}\n*.0.0.1 ${lines[0]}`,
  ];
  for (const known_host of good) {
    const execution = await run({ ...inputs, hostkey: { hostkey_mode: 'known_host', known_host } });
    assert.equal(execution.status, 'success', `${known_host}: ${execution.message}`);
  }
  const bad: [string, RegExp][] = [
    [await otherKey(), /which is not the one in hostkey: somebody may be in between/],
    [`other.example ${lines.join('\nother.example ')}`, /no line of hostkey is for it/],
    [`[${host}]:1 ${lines[0]}`, /no line of hostkey is for it/],
    [`@revoked * ${lines[0]}\n${lines[0]}`, /revoked/],
    [
      `[${host}]:${port} ${await otherKey()}\n${host} ${lines[0]}\n[${host}]:1 ${rest}`,
      /not the one in hostkey/,
    ],
  ];
  for (const [known_host, message] of bad) {
    const execution = await run({ ...inputs, hostkey: { hostkey_mode: 'known_host', known_host } });
    assert.equal(execution.status, 'error', known_host);
    assert.match(execution.message, message, known_host);
    assert.doesNotMatch(execution.message, /knownHosts\(|trust:/);
  }
});

test('a fingerprint, and none at all with a warning', options, async () => {
  const inputs = await sftpInputs(STATS);
  const prints = realServer('openssh').hostKeys.map(({ fingerprint }) => fingerprint);
  let accepted = 0;
  for (const fingerprint of prints) {
    const { status } = await run({ ...inputs, hostkey: { hostkey_mode: 'fingerprint', fingerprint } });
    if (status === 'success') accepted++;
  }
  // A single fingerprint does not say which key type to ask the server for.
  assert.ok(accepted >= 1);
  const wrong = `SHA256:${'A'.repeat(43)}`;
  const refused = await run({ ...inputs, hostkey: { hostkey_mode: 'fingerprint', fingerprint: wrong } });
  assert.match(refused.message, /whose fingerprint is not the one in hostkey/);

  await using store = await temporaryFolder();
  const engine = createEngine({ store: store.path });
  const { id, status } = await engine.connect({ ...inputs, hostkey: { hostkey_mode: 'ignore' } });
  assert.equal(status, 'success');
  const { log } = await engine.executions.get(id);
  assert.ok(log.some(({ level, text }) => level === 'warning' && /is not checked/.test(text)));
});

test('a port is a number, an object or the default', options, async () => {
  const inputs = await sftpInputs(STATS);
  const { port } = realServer('openssh');
  assert.equal((await run({ ...inputs, port })).status, 'success');
  const { port: _, ...withoutPort } = inputs;
  for (const one of [withoutPort, { ...inputs, port: { port_mode: 'default' } }]) {
    const { message } = await run({ ...one, connect_timeout: 2 });
    assert.match(message, /127\.0\.0\.1 port 22|HOST|host key/i);
  }
});

test('an encrypted key is opened by its passphrase, and by no other', options, async () => {
  const { userKeys, passphrase } = await getFixtures();
  const ssh_key = await readFile(userKeys.ed25519.files.opensshEncrypted, 'utf8');
  const inputs = await sftpInputs(STATS);
  const login = { authentication_method: 'ssh_key', username: realServer('openssh').user, ssh_key };
  const good = await run({ ...inputs, authentication: { ...login, ssh_key_passphrase: passphrase } });
  assert.equal(good.status, 'success', good.message);
  const none = await run({ ...inputs, authentication: login });
  assert.match(
    none.message,
    /authentication\.ssh_key: is encrypted: authentication\.ssh_key_passphrase is needed/,
  );
  const wrong = await run({ ...inputs, authentication: { ...login, ssh_key_passphrase: 'wr0ng-marked' } });
  assert.match(wrong.message, /authentication\.ssh_key_passphrase: .* does not open it/);
  assert.equal(inspect(wrong, { depth: 9 }).includes('wr0ng-marked'), false);
});

test('a password answers a keyboard-interactive login too', {
  ...requireSshd('root'),
  timeout: 60_000,
}, async () => {
  await using server = await startSshd({
    config: ['PasswordAuthentication no'],
    authenticationMethods: 'keyboard-interactive',
  });
  const { execution } = await withPassword(server, server.password!);
  assert.equal(execution.status, 'success', execution.message);
});

async function withPassword(
  { port, hostKeys, user }: Pick<Awaited<ReturnType<typeof startSshd>>, 'port' | 'hostKeys' | 'user'>,
  password: string,
): Promise<{ execution: Execution; record: string; folder: string[] }> {
  await using store = await temporaryFolder();
  const engine = createEngine({ store: store.path });
  const execution = await engine.connect({
    connector_type: 'SFTP',
    authentication: { authentication_method: 'username_password', username: user, password },
    host: '127.0.0.1',
    hostkey: {
      hostkey_mode: 'known_host',
      known_host: hostKeys.map(({ publicLine }) => publicLine).join('\n'),
    },
    port,
    mode: STATS,
  } satisfies SftpInputs);
  const names = await readdir(join(store.path, 'executions'));
  const texts = await Promise.all(
    names.map((name) => readFile(join(store.path, 'executions', name), 'utf8')),
  );
  return { execution, record: texts.join('\n'), folder: names };
}

test('a wrong password says what to check, and is seen nowhere', options, async () => {
  const secret = 'M4rked-s3cret';
  const { execution, record } = await withPassword(realServer('openssh'), secret);
  assert.equal(execution.status, 'error');
  assert.match(
    execution.message,
    /refused the login .*check the user name and the key or password; the server takes/,
  );
  assert.equal(execution.error?.code, 'CONNECTION_FAILED');
  const seen = [record, execution.message, inspect(execution, { depth: 20, showHidden: true })];
  seen.push(inspect(execution.error, { depth: 20, showHidden: true }), JSON.stringify(execution));
  for (const text of seen) assert.equal(text.includes(secret), false, text);
  assert.match(record, /"password": "\*\*\*"/);
});

test('a banner that repeats the password is masked in the log', {
  ...requireSshd('root'),
  timeout: 60_000,
}, async () => {
  await using scratch = await makeScratch();
  const { getAccount } = await import('../../support/servers/account.ts');
  const { password = '' } = await getAccount();
  const banner = join(scratch.path, 'banner');
  await writeFile(banner, `your password is ${password}\n`, { mode: 0o644 });
  await using server = await startSshd({ config: [`Banner ${banner}`] });
  const { execution, record } = await withPassword(server, password);
  assert.equal(execution.status, 'success', execution.message);
  assert.match(record, /your password is \*\*\*/);
  assert.equal(record.includes(password), false);
});

test('connect_timeout bounds a server that accepts and says nothing', options, async () => {
  await using silent = await listen();
  const began = performance.now();
  const inputs = { ...(await sftpInputs(STATS, silent.port)), connect_timeout: 1 };
  const execution = await run(inputs);
  assert.equal(execution.status, 'error');
  assert.ok(execution.error instanceof TimeoutExceededError);
  assert.match(
    execution.message,
    /did not let us in within 1 s: check host and port, or raise connect_timeout/,
  );
  assert.ok(performance.now() - began < 4_000);
});

test('connect_timeout bounds a server that drips', options, async () => {
  await using dripping = await listen((socket) => {
    const timer = setInterval(() => socket.write('x\r\n'), 100);
    socket.on('close', () => clearInterval(timer));
  });
  const execution = await run({ ...(await sftpInputs(STATS, dripping.port)), connect_timeout: 1 });
  assert.match(execution.message, /did not let us in within 1 s/);
});

async function bigFile(folder: string): Promise<string> {
  const path = join(folder, 'big.bin');
  await writeFile(path, randomBytes(2_000_000), { mode: 0o644 });
  return path;
}

test('copy_timeout bounds the copy, and leaves nothing', options, async () => {
  await using scratch = await makeScratch();
  await using store = await temporaryFolder();
  const { host, port, user } = realServer('openssh');
  await using relay = await stallingRelay(port, 500_000);
  const engine = createEngine({ store: store.path });
  const execution = await engine.connect({
    connector_type: 'SCP',
    hostname: host,
    port: relay.port,
    username: user,
    hostkey: hostLines(),
    key: await userKey(),
    src: await bigFile(scratch.path),
    dst: 'cloudomation:big.bin',
    copy_timeout: 1,
  });
  assert.equal(execution.status, 'error');
  assert.match(execution.message, /did not end within 1 s: raise copy_timeout/);
  assert.deepEqual(execution.outputs, { execution_id: 1, status: 'error', message: execution.message });
  assert.ok((execution.progress?.transferred ?? 0) > 0);
  assert.equal(await engine.files.has('big.bin'), false);
  assert.deepEqual(await readdir(join(store.path, 'staging')), []);
});

test('cancelling ends a copy', options, async () => {
  await using scratch = await makeScratch();
  await using store = await temporaryFolder();
  await using relay = await stallingRelay(realServer('openssh').port, 500_000);
  const engine = createEngine({ store: store.path });
  const mode = {
    mode_name: 'copy_file_to_engine',
    source_file_name: await bigFile(scratch.path),
    destination_file_name: 'big',
  } as const;
  for (const connector_type of ['SCP', 'SFTP'] as const) {
    const inputs = { ...(await sftpInputs(mode, relay.port)), connector_type };
    const execution = await engine.connect(inputs as SftpInputs, { run: false });
    assert.equal(execution.status, 'pending');
    const events = execution.events();
    execution.runAsync();
    for await (const event of events) if (event.kind === 'progress') break;
    execution.cancel('it is Friday');
    await execution.ended();
    assert.equal(execution.status, 'cancelled');
    assert.equal(execution.message, 'cancelled: it is Friday');
    assert.equal((await engine.executions.get(execution.id)).status, 'cancelled');
  }
  const stop = new AbortController();
  const cancelled = engine.connect(await sftpInputs(mode, relay.port), { signal: stop.signal });
  setTimeout(() => stop.abort(), 800);
  assert.equal((await cancelled).status, 'cancelled');
  assert.deepEqual(await engine.files.list(), []);
});

test('two connectors at once', options, async () => {
  await using scratch = await makeScratch();
  await using store = await temporaryFolder();
  const source_file_name = await bigFile(scratch.path);
  const engine = createEngine({ store: store.path });
  const flow = await engine.runFlow(async ({ execution }) => {
    const children = [];
    for (const connector_type of ['SCP', 'SFTP'] as const) {
      const mode = {
        mode_name: 'copy_file_to_engine',
        source_file_name,
        destination_file_name: `${connector_type}.bin`,
      } as const;
      const inputs = { ...(await sftpInputs(mode)), connector_type } as SftpInputs;
      children.push((await execution.connect(inputs, { run: false })).runAsync());
    }
    execution.log(`both are ${children.map(({ status }) => status).join(' and ')}`);
    for (const child of children) await child.wait({ timeout: 30 });
    return execution.success(
      children
        .map((child) => child.get('output_value'))
        .map((one) => JSON.stringify(one))
        .join(),
    );
  });
  assert.equal(flow.status, 'success', flow.message);
  assert.equal(flow.message, '{"result":null},{"result":null}');
  const { log } = await engine.executions.get(flow.id);
  assert.ok(log.some(({ text }) => text === 'both are running and running'));
  const expected = await readFile(source_file_name);
  for (const name of ['SCP.bin', 'SFTP.bin']) assert.ok(expected.equals(await engine.files.getBytes(name)));
});

test('a server without scp is served by SFTP, and the log says so', {
  ...requireSshd(),
  timeout: 60_000,
}, async () => {
  await using scratch = await makeScratch();
  await using store = await temporaryFolder();
  await using server = await startSshd({ config: ['ForceCommand internal-sftp'] });
  const source = join(scratch.path, 'a.txt');
  await writeFile(source, 'hello\n', { mode: 0o644 });
  const engine = createEngine({ store: store.path });
  const execution = await engine.connect({
    connector_type: 'SCP',
    authentication: { authentication_method: 'ssh_key', username: server.user, ssh_key: await userKey() },
    host: '127.0.0.1',
    hostkey: {
      hostkey_mode: 'known_host',
      known_host: server.hostKeys.map(({ publicLine }) => publicLine).join('\n'),
    },
    port: server.port,
    mode: { mode_name: 'copy_file_to_engine', source_file_name: source, destination_file_name: 'a.txt' },
  });
  if (execution.status === 'success')
    assert.match(execution.message, /by SFTP, because the server does not run scp$/);
  else assert.fail(execution.message);
});
