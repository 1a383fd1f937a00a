import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isAlive, ownIdentity } from '../../src/connectors/executions/process-identity.ts';
import {
  createEngine,
  type ExecutionRecord,
  ExecutionStore,
  getExecution,
  listExecutions,
  parseInputPairs,
  ResourceNotFoundError,
  readInputFile,
  runFile,
} from '../../src/connectors/index.ts';
import { temporaryFolder } from './support/store.ts';

const RECORD: ExecutionRecord = {
  id: 1,
  type: 'flow',
  name: 'f',
  connector_type: null,
  status: 'running',
  message: 'running',
  start: '2026-01-01T00:00:00.000Z',
  end: null,
  progress: { transferred: 5, total: 10 },
  inputs: {},
  outputs: {},
  parent_id: null,
  process: { pid: 1, started: '', host: hostname() },
};

async function put(dir: string, record: object, id = 1): Promise<void> {
  await mkdir(join(dir, 'executions'), { recursive: true });
  await writeFile(join(dir, 'executions', `${id}.json`), JSON.stringify({ ...record, id }));
}

test('ids count up, also where two stores share a folder', { timeout: 30_000 }, async () => {
  await using dir = await temporaryFolder();
  const engines = [createEngine({ store: dir.path }), createEngine({ store: dir.path })];
  const made = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      engines[i % 2]!.runFlow(({ execution }) => execution.success(String(i))),
    ),
  );
  assert.deepEqual(
    made.map(({ id }) => id).sort((a, b) => a - b),
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
  const listed = await listExecutions(dir.path);
  assert.deepEqual(
    listed.map(({ id }) => id),
    Array.from({ length: 20 }, (_, i) => 20 - i),
  );
  for (const { id, message } of made) assert.equal((await getExecution(id, dir.path)).message, message);
  const next = await createEngine({ store: dir.path }).runFlow(() => {});
  assert.equal(next.id, 21);
});

test('a record of a process that has ended is interrupted, whatever its id is used for now', async () => {
  await using dir = await temporaryFolder();
  const child = spawn(process.execPath, ['-e', '0']);
  const pid = child.pid!;
  await once(child, 'close');
  const own = await ownIdentity();
  const cases: [ExecutionRecord['process'], string][] = [
    [{ pid, started: '1', host: hostname() }, 'interrupted'],
    [own, 'running'],
    [{ ...own, started: '1 other-boot' }, 'interrupted'],
    [{ pid, started: '1', host: 'another-machine' }, 'running'],
  ];
  for (const [process, status] of cases) {
    await put(dir.path, { ...RECORD, process });
    assert.equal((await getExecution(1, dir.path)).status, status);
    await put(dir.path, { ...RECORD, process, status: 'success' });
    assert.equal((await getExecution(1, dir.path)).status, 'success');
  }
  assert.equal(await isAlive(own), true);
});

test('damaged records and logs do no harm', async () => {
  await using dir = await temporaryFolder();
  assert.deepEqual(await listExecutions(dir.path), []);
  await put(dir.path, { ...RECORD, status: 'success' }, 3);
  const folder = join(dir.path, 'executions');
  await writeFile(join(folder, '1.json'), '');
  await writeFile(join(folder, '2.json'), '{"id":2,"status":"success"}');
  await writeFile(join(folder, '4.json'), await readFile(join(folder, '3.json')));
  await writeFile(join(folder, 'x.json'), '{}');
  await writeFile(join(folder, '3.log'), '{"time":"t","level":"info","text":"whole"}\n');
  await appendFile(join(folder, '3.log'), '{"time":"t","lev');
  assert.deepEqual(
    (await listExecutions(dir.path)).map(({ id }) => id),
    [3],
  );
  assert.deepEqual(
    (await getExecution(3, dir.path)).log.map(({ text }) => text),
    ['whole'],
  );
  for (const id of [1, 2, 4, 5, 0, -1, 1.5, Number.NaN])
    await assert.rejects(getExecution(id, dir.path), ResourceNotFoundError);
  assert.equal((await createEngine({ store: dir.path }).runFlow(() => {})).id, 5);
});

test('the record is there while it runs, with progress and log', { timeout: 30_000 }, async () => {
  await using dir = await temporaryFolder();
  const store = new ExecutionStore(join(dir.path, 'executions'));
  const execution = await createEngine({ store: dir.path }).runFlow(async ({ execution: own }) => {
    own.log('begun');
    for (;;) {
      const record = await store.get(own.id);
      if (record.log.length > 0) return own.success(`${record.status} ${record.log[0]!.text}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
  assert.equal(execution.message, 'running begun');
});

test('a log without end is cut', { timeout: 30_000 }, async () => {
  await using dir = await temporaryFolder();
  const engine = createEngine({ store: dir.path });
  const { id } = await engine.runFlow(({ execution }) => {
    for (let i = 0; i < 12_000; i++) execution.log(`line ${i}`);
    execution.log('x'.repeat(1_000_000));
  });
  const { log } = await engine.executions.get(id);
  assert.equal(log.length, 10_000);
  assert.match(log.at(-1)!.text, /the log ends here/);
});

test('what the command line needs', async () => {
  await using dir = await temporaryFolder();
  assert.deepEqual(parseInputPairs(['a=1', 'b:=1', 'c:={"d":[true]}', 'e=f=g:=h', 'a=2', 'i=']), {
    a: '2',
    b: 1,
    c: { d: [true] },
    e: 'f=g:=h',
    i: '',
  });
  for (const bad of ['a', '=1', ':=1', 'a:=x', ''])
    assert.throws(() => parseInputPairs([bad]), { code: 'INVALID_INPUT' });
  const flow = join(dir.path, 'f.mjs');
  await writeFile(
    flow,
    'export default ({ execution, inputs }) => execution.success(JSON.stringify(inputs));',
  );
  const lines: string[] = [];
  const outcome = await runFile(flow, {
    inputs: { a: 1 },
    store: dir.path,
    onEvent: ({ kind }) => lines.push(kind),
  });
  assert.deepEqual(outcome, { execution_id: 1, status: 'success', message: '{"a":1}', outputs: {} });
  assert.deepEqual(lines, ['status', 'status']);
  await assert.rejects(async () => runFile('x.txt', { store: dir.path }), { code: 'INVALID_INPUT' });
  const missing = await runFile(join(dir.path, 'none.yaml'), { store: dir.path });
  assert.match(missing.message, /the file .*none\.yaml does not exist/);
  await assert.rejects(readInputFile(join(dir.path, 'none')), ResourceNotFoundError);
  await writeFile(
    join(dir.path, 'bomb.yaml'),
    `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
      .split('')
      .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[i]}`).join()}]`)
      .join('\n')}\n`,
  );
  await assert.rejects(readInputFile(join(dir.path, 'bomb.yaml')), { code: 'INVALID_INPUT' });
});
