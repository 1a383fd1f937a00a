import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createEngine,
  DependencyFailedError,
  DependencyTimeoutError,
  type Engine,
  type ExecutionEvent,
  type FlowHandler,
  InvalidInputError,
  MissingInputError,
  TimeoutExceededError,
} from '../../src/connectors/index.ts';
import { FLAT, SFTP } from './support/documents.ts';
import { temporaryFolder } from './support/store.ts';
import { listen } from './support/tcp.ts';

const LIMIT = { timeout: 30_000 };

async function withEngine(work: (engine: Engine, dir: string) => Promise<void>): Promise<void> {
  await using dir = await temporaryFolder();
  await work(createEngine({ store: dir.path }), dir.path);
}

test('a flow ends with what it returns, says or throws', LIMIT, () =>
  withEngine(async (engine) => {
    const flows: [FlowHandler, string, RegExp][] = [
      [({ execution }) => execution.success('all done'), 'success', /^all done$/],
      [() => {}, 'success', /^$/],
      [() => 7, 'success', /^$/],
      [({ execution }) => void execution.success('said'), 'success', /^said$/],
      [async ({ execution }) => execution.error('no luck'), 'error', /^no luck$/],
      [
        () => {
          throw new TypeError('oops');
        },
        'error',
        /^TypeError: oops$/,
      ],
      [async () => Promise.reject('text'), 'error', /^text$/],
      [async () => Promise.reject(undefined), 'error', /undefined/],
      [
        () => {
          throw Object.create(null);
        },
        'error',
        /./,
      ],
    ];
    for (const [handler, status, message] of flows) {
      const execution = await engine.runFlow(handler);
      assert.equal(execution.status, status);
      assert.match(execution.message, message);
      const record = await engine.executions.get(execution.id);
      assert.deepEqual([record.status, record.message], [status, execution.message]);
      assert.ok(record.end !== null && record.end >= record.start);
    }
    const records = await engine.executions.list();
    assert.deepEqual(
      records.map(({ id }) => id),
      flows.map((_, i) => flows.length - i),
    );
    assert.equal((await engine.executions.list({ limit: 2 })).length, 2);
  }),
);

test('files, inputs and outputs of a flow', LIMIT, () =>
  withEngine(async (engine) => {
    const execution = await engine.runFlow(
      async ({ system, execution, inputs }) => {
        const file = system.file('a/b.bin');
        assert.equal(await file.exists(), false);
        await file.saveTextContent('grüß');
        assert.equal(await file.getTextContent(), 'grüß');
        assert.equal(await file.getBase64Content(), 'Z3LDvMOf');
        await file.saveBase64Content('AAEC');
        assert.deepEqual([...(await file.getBytesContent())], [0, 1, 2]);
        assert.throws(() => file.saveBase64Content('nö'), InvalidInputError);
        assert.throws(() => system.file('../x'), InvalidInputError);
        assert.deepEqual(
          (await system.files()).map(({ name }) => name),
          ['a/b.bin'],
        );
        await file.saveBytesContent(new Uint8Array([7]));
        await file.delete();
        execution.setOutput('sum', (inputs.a as number) + (inputs.b as number));
        execution.setOutput('__proto__', { x: 1 });
        assert.equal(execution.getOutput('sum'), 3);
        assert.equal(execution.getOutput('toString'), undefined);
        assert.throws(() => execution.setOutput('f', () => {}), InvalidInputError);
        assert.deepEqual(execution.get('input_value'), { a: 1, b: 2 });
        return execution.success('done');
      },
      { inputs: { a: 1, b: 2 } },
    );
    assert.equal(execution.status, 'success', execution.message);
    assert.equal(JSON.stringify(execution.outputs), '{"sum":3,"__proto__":{"x":1}}');
    const bad = await engine.runFlow(() => {}, { inputs: { when: new Date() } });
    assert.match(bad.message, /when: must be plain data/);
  }),
);

test('children: errors are typed, and reach the parent', LIMIT, () =>
  withEngine(async (engine) => {
    await using silent = await listen();
    const target = { ...SFTP, host: '127.0.0.1', port: silent.port, connect_timeout: 1 };
    const flow = await engine.runFlow(async ({ execution }) => {
      await assert.rejects(execution.connect({ connector_type: 'SFTP' } as never), MissingInputError);
      await assert.rejects(
        execution.connect({ connector_type: 'SFTP' } as never, { run: false }),
        MissingInputError,
      );
      await assert.rejects(execution.connect('nobody'), { code: 'RESOURCE_NOT_FOUND' });
      const failed = await execution.connect(target).catch((error: unknown) => error);
      assert.ok(failed instanceof DependencyFailedError);
      assert.equal(failed.status, 'error');
      assert.match(failed.message, /did not let us in within 1 s/);
      assert.ok(failed.cause instanceof TimeoutExceededError);

      const child = await execution.connect({ ...target, connect_timeout: 20 }, { run: false });
      assert.equal(child.status, 'pending');
      child.runAsync();
      await sleep(50);
      assert.equal(child.get('status'), 'running');
      const late = await child.wait({ timeout: 0.1 }).catch((error: unknown) => error);
      assert.ok(late instanceof DependencyTimeoutError && late instanceof TimeoutExceededError);
      assert.equal(late.executionId, child.id);
      assert.equal(child.status, 'running');
      child.cancel('enough');
      const cancelled = await child.wait().catch((error: unknown) => error);
      assert.ok(cancelled instanceof DependencyFailedError);
      assert.deepEqual([cancelled.status, cancelled.message], ['cancelled', 'cancelled: enough']);
      return execution.success('all seen');
    });
    assert.equal(flow.message, 'all seen');
    const uncaught = await engine.runFlow(({ execution }) => execution.connect(target));
    assert.equal(uncaught.status, 'error');
    assert.ok(uncaught.error instanceof DependencyFailedError);
  }),
);

test('a flat connection that fails still has its output object', LIMIT, () =>
  withEngine(async (engine) => {
    const execution = await engine.connect({ ...FLAT, port: 0 });
    const { id: execution_id, message } = execution;
    assert.deepEqual(execution.outputs, { execution_id, status: 'error', message });
    assert.match(message, /port: must be at least 1/);
  }),
);

test('child flows, also from files beside the flow', LIMIT, () =>
  withEngine(async (engine, dir) => {
    const flows = join(dir, 'flows');
    await mkdir(flows);
    await writeFile(
      join(flows, 'parent.ts'),
      `
      import type { FlowContext } from 'wherry/connectors';
      export default async function handler({ execution }: FlowContext): Promise<unknown> {
        const child = await execution.flow('./child.mjs', { n: 20 });
        return execution.success(\`the child says \${child.getOutput('n') as number}\`);
      }`,
    );
    await writeFile(
      join(flows, 'child.mjs'),
      `
      export default ({ execution, inputs }) => { execution.setOutput('n', inputs.n + 1); return execution.success('ok'); };`,
    );
    const execution = await engine.runFlow(join(flows, 'parent.ts'));
    assert.deepEqual([execution.status, execution.message], ['success', 'the child says 21']);
    const [child] = await engine.executions.list();
    assert.deepEqual([child!.name, child!.parent_id, child!.type], ['child.mjs', execution.id, 'flow']);
    await writeFile(join(flows, 'child.mjs'), `export default () => { throw new Error('changed'); };`);
    const again = await engine.runFlow(join(flows, 'parent.ts'));
    assert.equal(again.message, 'Error: changed');

    const bad: [string, string, RegExp][] = [
      ['none.mjs', '', /the flow .*none\.mjs does not exist/],
      ['empty.mjs', 'export const x = 1;', /exports no handler by default; expected export default/],
      ['syntax.mjs', 'export default (', /SyntaxError/],
      ['throws.mjs', 'throw new Error("at load");', /at load/],
      ['flow.py', '', /is no flow: \.ts, \.mts/],
    ];
    for (const [name, code, message] of bad) {
      if (code !== '') await writeFile(join(flows, name), code);
      const { status, message: said } = await engine.runFlow(join(flows, name));
      assert.equal(status, 'error');
      assert.match(said, message);
    }
    await writeFile(
      join(flows, 'common.cjs'),
      'module.exports = ({ execution }) => execution.success("cjs");',
    );
    assert.equal((await engine.runFlow(join(flows, 'common.cjs'))).message, 'cjs');
  }),
);

test('cancelling a flow ends it and its children', LIMIT, () =>
  withEngine(async (engine) => {
    await using silent = await listen();
    const target = { ...SFTP, host: '127.0.0.1', port: silent.port };
    const stop = new AbortController();
    const events: ExecutionEvent[] = [];
    const running = engine.runFlow(({ execution }) => execution.connect(target), {
      signal: stop.signal,
      onEvent: (event) => {
        events.push(event);
        if (event.kind === 'log') stop.abort(new Error('the user pressed Ctrl-C'));
        throw new Error('a listener that throws changes nothing');
      },
    });
    const execution = await running;
    assert.deepEqual(
      [execution.status, execution.message],
      ['cancelled', 'cancelled: the user pressed Ctrl-C'],
    );
    const [child] = await engine.executions.list();
    assert.deepEqual([child!.status, child!.message], ['cancelled', 'cancelled: the flow was cancelled']);
    assert.ok(
      events.some(({ execution_id, parent_id }) => execution_id === child!.id && parent_id === execution.id),
    );
  }),
);

test('a handler that never ends is left behind when it is cancelled', LIMIT, () =>
  withEngine(async (engine) => {
    let late: Promise<unknown> | undefined;
    const execution = await engine.runFlow(
      ({ execution: own }) => {
        own.signal.addEventListener('abort', () => {
          late = sleep(1_500).then(() => own.connect(SFTP).catch((error: unknown) => error));
        });
        return new Promise(() => {});
      },
      { signal: AbortSignal.timeout(100) },
    );
    assert.equal(execution.status, 'cancelled');
    assert.equal(((await late) as { code: string }).code, 'CANCELLED');
    assert.equal((await engine.executions.list()).length, 1);
  }),
);

test('children nobody waits for are waited for, and their failure is told', LIMIT, () =>
  withEngine(async (engine) => {
    await using silent = await listen();
    const target = { ...SFTP, host: '127.0.0.1', port: silent.port, connect_timeout: 1 };
    const flow = await engine.runFlow(async ({ execution }) => {
      void execution.connect({ connector_type: 'nonsense' } as never);
      const started = await execution.connect(target, { run: false });
      await execution.connect(target, { run: false });
      started.runAsync();
      return execution.success('not waiting');
    });
    assert.deepEqual([flow.status, flow.message], ['success', 'not waiting']);
    const records = await engine.executions.list();
    assert.deepEqual(records.map(({ status }) => status).sort(), ['cancelled', 'error', 'error', 'success']);
    const { log } = await engine.executions.get(flow.id);
    assert.ok(log.some(({ text, level }) => level === 'warning' && /failed unobserved/.test(text)));
    await sleep(20);
  }),
);

test('events come in order and end; the log is written in order', LIMIT, () =>
  withEngine(async (engine, dir) => {
    const execution = await engine.runFlow(
      async ({ execution: own }) => {
        for (let i = 0; i < 50; i++) own.log('line', i, { i });
        return own.success('done');
      },
      { run: false },
    );
    const events = execution.events();
    execution.runAsync();
    const seen: string[] = [];
    for await (const event of events) seen.push(event.kind === 'log' ? event.line.text : event.kind);
    assert.deepEqual(seen, [
      'status',
      ...Array.from({ length: 50 }, (_, i) => `line ${i} { i: ${i} }`),
      'status',
    ]);
    const { log } = await engine.executions.get(execution.id);
    assert.deepEqual(
      log.map(({ text }) => text),
      seen.slice(1, -1),
    );
    const after = [];
    for await (const event of execution.events()) after.push(event);
    assert.deepEqual(after, []);
    assert.deepEqual((await readdir(join(dir, 'executions'))).sort(), ['1.json', '1.log']);
  }),
);
