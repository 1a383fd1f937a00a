import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type ExecutionEvent, folderStore, getExecution, runFile } from '../../../src/connectors/index.ts';
import { temporaryFolder } from '../../connectors/support/store.ts';
import { makeScratch, realServer, requireServer } from '../../support/servers/from-env.ts';
import { hostLines, userKey } from './support.ts';

const withKey = requireServer('openssh');
const withPassword = requireServer('openssh', 'password');
const LIMIT = { timeout: 60_000 };

function example(name: string): string {
  return fileURLToPath(new URL(`./examples/${name}.flow.ts`, import.meta.url));
}

test('S0: a flat SCP connection fetches a log with a key, and the flow counts in it', {
  ...withKey,
  ...LIMIT,
}, async () => {
  await using store = await temporaryFolder();
  await using scratch = await makeScratch();
  const { host, port, user } = realServer('openssh');
  const log = join(scratch.path, 'error.log');
  await writeFile(log, 'authentication failure for a\nfine\nauthentication failure for b\n', { mode: 0o644 });
  const events: ExecutionEvent[] = [];
  const outcome = await runFile(example('scp-flat-key'), {
    inputs: { hostname: host, port, username: user, hostkey: hostLines(), key: await userKey(), log },
    store: store.path,
    onEvent: (event) => events.push(event),
  });
  assert.deepEqual(outcome, {
    execution_id: 1,
    status: 'success',
    message: 'all done',
    outputs: { failures: 2 },
  });
  const flow = await getExecution(1, store.path);
  assert.ok(flow.log.some(({ text }) => text === 'there are 2 authentication failures'));
  const child = await getExecution(2, store.path);
  assert.equal(child.parent_id, 1);
  assert.equal(child.name, 'copy apache error log from host');
  assert.deepEqual(child.outputs, { execution_id: 2, status: 'success', message: child.message });
  assert.match(child.message, /^copied 63 bytes from .* by scp$/);
  assert.ok(events.some((event) => event.kind === 'progress' && event.execution_id === 2));
  assert.ok(events.some((event) => event.kind === 'log' && /host key .* accepted/.test(event.line.text)));
});

test('S0: a flat SCP connection sends a file with a password', { ...withPassword, ...LIMIT }, async () => {
  await using store = await temporaryFolder();
  await using scratch = await makeScratch();
  const { host, port, user, password } = realServer('openssh');
  const target = join(scratch.path, 'today.txt');
  const outcome = await runFile(example('scp-flat-password'), {
    inputs: {
      hostname: host,
      port,
      username: user,
      hostkey: `[${host}]:${port} ${hostLines().split('\n')[0]}`,
      password,
      target,
    },
    store: store.path,
  });
  assert.equal(outcome.status, 'success', outcome.message);
  assert.equal(await readFile(target, 'utf8'), 'all quiet\n');
  const { message } = await getExecution(2, store.path);
  assert.deepEqual(outcome.outputs, { copy: { execution_id: 2, status: 'success', message } });
});

for (const connector of ['scp', 'sftp']) {
  test(`S1: ${connector} with a key copies a file to the engine`, { ...withKey, ...LIMIT }, async () => {
    await using store = await temporaryFolder();
    await using scratch = await makeScratch();
    const { host, port, user } = realServer('openssh');
    const source = join(scratch.path, 'source.txt');
    await writeFile(source, 'hello\n', { mode: 0o644 });
    const outcome = await runFile(example(`${connector}-key-to-engine`), {
      inputs: { host, port, username: user, ssh_key: await userKey(), known_host: hostLines(), source },
      store: store.path,
    });
    assert.deepEqual(outcome, { execution_id: 1, status: 'success', message: 'all done', outputs: {} });
    const copied = await folderStore(store.path).getBytes('copied.txt');
    assert.equal(Buffer.from(copied).toString(), 'hello\n');
    assert.deepEqual((await getExecution(2, store.path)).outputs, { result: null });
  });
}

test('S1: scp with user name and password sends a file from the engine to a port that is not 22', {
  ...withPassword,
  ...LIMIT,
}, async () => {
  await using store = await temporaryFolder();
  await using scratch = await makeScratch();
  const { host, port, user, password } = realServer('openssh');
  assert.notEqual(port, 22);
  const bytes = randomBytes(3_000_000);
  await folderStore(store.path).saveBytes('outgoing.bin', bytes);
  const target = join(scratch.path, 'incoming.bin');
  const outcome = await runFile(example('scp-password-from-engine'), {
    inputs: { host, port_number: port, username: user, password, known_host: hostLines(), target },
    store: store.path,
  });
  assert.equal(outcome.status, 'success', outcome.message);
  assert.ok(bytes.equals(await readFile(target)));
});
