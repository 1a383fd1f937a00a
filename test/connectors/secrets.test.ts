import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import {
  connectorNames,
  connectorSchema,
  createEngine,
  type Execution,
  type ExecutionEvent,
  isEngineError,
  type JsonSchema,
  runFile,
  validateInputs,
} from '../../src/connectors/index.ts';
import { Redactor } from '../../src/connectors/redact.ts';
import { assertAllCovered, assertClean, MARK, SECRET } from '../secrets/marked.ts';
import { FLAT, PRIVATE_KEY, SCP, SFTP } from './support/documents.ts';
import { temporaryFolder } from './support/store.ts';
import { listen } from './support/tcp.ts';

/** A key block that is damaged, marked in its label and in its body. */
const DAMAGED = `-----BEGIN ${MARK} PRIVATE KEY-----\n${MARK}${'A'.repeat(40)}\n-----END ${MARK} PRIVATE KEY-----\n`;
const login = (more: object): object => ({
  ...SFTP,
  authentication: { authentication_method: 'ssh_key', username: 'me', ...more },
});

/** Inputs with a marked secret, each failing in another way before anything connects. */
const FAILING: readonly object[] = [
  { ...FLAT, password: SECRET, port: 0 },
  { ...FLAT, password: SECRET, key: DAMAGED },
  { ...FLAT, password: { nested: SECRET } },
  { ...FLAT, password: [SECRET] },
  { ...FLAT, pasword: SECRET },
  { ...FLAT, passwords: { a: { b: SECRET } } },
  { ...FLAT, key: SECRET },
  { ...FLAT, key: `${MARK}\n${PRIVATE_KEY.slice(0, 40)}` },
  login({ ssh_key: SECRET }),
  login({ ssh_key: DAMAGED }),
  login({ ssh_key: PRIVATE_KEY, ssh_key_passphrase: SECRET, x: 1 }),
  login({ ssh_key: 7, ssh_key_passphrase: SECRET }),
  login({ ssh_key_passphrase: SECRET }),
  login({ sshKey: SECRET }),
  { ...SFTP, authentication: SECRET },
  { ...SFTP, authentication: { authentication_method: SECRET, username: 'me', password: SECRET } },
  { ...SFTP, authentication: { username: 'me', password: SECRET } },
  { ...SFTP, password: SECRET, key: SECRET, ssh_key: SECRET },
  { ...SCP, mode: { ...SCP.mode, password: SECRET } },
  { connector_type: 'nonsense', password: SECRET, key: { ssh_key: SECRET } },
  { password: SECRET },
];

async function records(store: string): Promise<string> {
  const dir = join(store, 'executions');
  const names = await readdir(dir);
  return (await Promise.all(names.map((name) => readFile(join(dir, name), 'utf8')))).join('\n');
}

test('no failing path tells a secret', { timeout: 60_000 }, async () => {
  await using store = await temporaryFolder();
  const events: ExecutionEvent[] = [];
  const engine = createEngine({ store: store.path, onEvent: (event) => events.push(event) });
  for (const [i, inputs] of FAILING.entries()) {
    const what = `case ${i}`;
    try {
      validateInputs(inputs);
      assert.fail(what);
    } catch (error) {
      assert.ok(isEngineError(error), `${what}: ${String(error)}`);
      assertClean(what, error, error.message);
    }
    const execution = await engine.connect(inputs);
    assert.equal(execution.status, 'error', what);
    assertClean(what, execution, execution.error, execution.record, JSON.stringify(execution));
    const flow = await engine.runFlow(({ execution: own }) => own.connect(inputs as never), { inputs });
    assert.equal(flow.status, 'error');
    assertClean(`${what} in a flow`, flow, flow.error, flow.record);
  }
  assertClean('events', events);
  assert.equal((await records(store.path)).includes(MARK), false);
});

test('every secret input is among them', () => {
  const secret = new Set<string>();
  const walk = ({ anyOf = [], properties = {} }: JsonSchema): void => {
    anyOf.forEach(walk);
    for (const [name, one] of Object.entries(properties)) {
      if (one.writeOnly === true) secret.add(name);
      walk(one);
    }
  };
  for (const name of connectorNames()) walk(connectorSchema(name));
  const text = JSON.stringify(FAILING);
  const covered = [...secret].filter((name) => new RegExp(`"${name}":"[^"]*${MARK}`).test(text));
  assertAllCovered([...secret], new Set(covered), []);
  assert.ok(covered.length >= 4, covered.join());
});

test('nor does one that connects: refused, silent, no SSH server', { timeout: 60_000 }, async () => {
  await using store = await temporaryFolder();
  await using silent = await listen();
  await using repeating = await listen((socket) => {
    socket.end(`your password is ${SECRET}\r\nSSH-2.0-${SECRET}\r\n${SECRET}${'x'.repeat(100)}`);
  });
  const gone = await listen();
  await gone[Symbol.asyncDispose]();
  const engine = createEngine({ store: store.path });
  const authentication = { authentication_method: 'username_password', username: 'me', password: SECRET };
  const at = (port: number): object => ({
    ...SFTP,
    authentication,
    host: '127.0.0.1',
    port,
    connect_timeout: 1,
  });
  const ended: Execution[] = [];
  for (const port of [silent.port, repeating.port, gone.port]) {
    const { port: _, ...flat } = FLAT;
    ended.push(await engine.connect(at(port)));
    ended.push(
      await engine.connect({ ...flat, hostname: '127.0.0.1', password: SECRET, port, connect_timeout: 1 }),
    );
  }
  ended.push(await engine.connect({ ...at(1), host: 'no-such-host.invalid' }));
  for (const execution of ended) {
    assert.equal(execution.status, 'error');
    assertClean('connected', execution, execution.error, execution.record);
  }
  assert.equal((await records(store.path)).includes(MARK), false);
});

test('a flow that tells its secrets is masked', { timeout: 60_000 }, async () => {
  await using store = await temporaryFolder();
  const events: ExecutionEvent[] = [];
  const engine = createEngine({ store: store.path, onEvent: (event) => events.push(event) });
  const inputs = { password: SECRET, list: [{ apiToken: `${SECRET}2` }], deploy_key: DAMAGED, day: 'monday' };
  const flow = await engine.runFlow(
    ({ execution, inputs: own }) => {
      execution.log('it is', own.password, own);
      execution.setOutput('copy', own as object);
      execution.setOutput(String(own.password), 1);
      throw new Error(`bad password ${String(own.password)}`, { cause: new Error(String(own.deploy_key)) });
    },
    { inputs },
  );
  assert.equal(flow.message, 'Error: bad password ***');
  assert.deepEqual(flow.inputs, {
    password: '***',
    list: [{ apiToken: '***' }],
    deploy_key: '***',
    day: 'monday',
  });
  const shown = [flow.record, flow.message, JSON.stringify(flow), events, flow.error];
  assert.equal(inspect(shown, { depth: 30 }).includes(SECRET), false);
  assert.equal((await records(store.path)).includes(SECRET), false);
});

test('nor does an input file that is broken', async () => {
  await using store = await temporaryFolder();
  const { writeFile } = await import('node:fs/promises');
  const broken = [
    `password: "${SECRET}\nx: [`,
    `{"password": "${SECRET}" "x"}`,
    `a: *${SECRET}`,
    `a: b: ${SECRET}`,
    SECRET,
    `- ${SECRET}`,
    `? [${SECRET}]\n: {a: !!binary ${SECRET}}`,
  ];
  for (const [i, text] of broken.entries()) {
    for (const ending of ['yaml', 'json']) {
      const file = join(store.path, `${i}.${ending}`);
      await writeFile(file, text);
      const outcome = await runFile(file, { store: store.path });
      assert.equal(outcome.status, 'error');
      assertClean(text, outcome);
    }
  }
  assert.equal((await records(store.path)).includes(MARK), false);
});

test('the redactor: longest first, key lines, escaped forms, and nothing too short', () => {
  const redactor = new Redactor();
  for (const secret of ['hunter', 'hunter2-long', 'abc', `line "one"\nline two`, PRIVATE_KEY])
    redactor.add(secret);
  assert.equal(redactor.text('hunter2-long and hunter and abc'), '*** and *** and abc');
  const body = PRIVATE_KEY.split('\n')[1]!;
  assert.equal(redactor.text(`x${body}x`), 'x***x');
  assert.deepEqual(redactor.data({ hunter: ['hunter', 1, null] }), { '***': ['***', 1, null] });
});
