import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  createEngine,
  EngineError,
  ExtraInputError,
  InvalidInputError,
  isEngineError,
  MissingInputError,
  SchemaValidationError,
  validateInputs,
} from '../../src/connectors/index.ts';
import { BAD, FLAT, GOOD, SCP, SFTP, UNUSABLE } from './support/documents.ts';
import { temporaryFolder } from './support/store.ts';
import { listen } from './support/tcp.ts';

const KINDS: Readonly<Record<string, new (...args: never[]) => EngineError>> = {
  missing: MissingInputError,
  invalid: InvalidInputError,
  extra: ExtraInputError,
};

function refusal(document: unknown): SchemaValidationError {
  try {
    validateInputs(document);
  } catch (error) {
    assert.ok(error instanceof SchemaValidationError, String(error));
    return error;
  }
  return assert.fail(`accepted ${JSON.stringify(document)}`);
}

test('good documents pass, with their defaults filled in', () => {
  for (const document of GOOD) validateInputs(document);
  assert.deepEqual(validateInputs(FLAT), { ...FLAT, port: 22, connect_timeout: 60, copy_timeout: 60 });
  const location = { location_mode: 'inherit_from_execution' };
  assert.deepEqual(validateInputs(SCP), {
    ...SCP,
    schema_version: '1',
    port: { port_mode: 'default' },
    connect_timeout: 30,
    mode: { ...SCP.mode, destination_location: location },
  });
});

for (const [document, kind, path] of BAD) {
  test(`${kind} ${path}: ${JSON.stringify(document).slice(-60)}`, () => {
    const error = refusal(document);
    assert.deepEqual(
      error.problems.map((one) => [one.kind, one.path]),
      [[kind, path]],
    );
    assert.equal(error.constructor, KINDS[kind] ?? SchemaValidationError);
    assert.match(error.message, new RegExp(`^inputs of S(CP|FTP): ${path.replaceAll('.', '\\.')}: `));
  });
}

test('what the form cannot tell is found too', () => {
  for (const [document, path] of UNUSABLE) {
    assert.deepEqual(
      refusal(document).problems.map((one) => [one.kind, one.path]),
      [['invalid', path]],
    );
  }
});

test('everything that is wrong is told at once', () => {
  const error = refusal({
    connector_type: 'SFTP',
    hots: 'files.example',
    authentication: { authentication_method: 'ssh_key', username: 'me', sshkey: 'x' },
    hostkey: { hostkey_mode: 'known_host', known_host: 'nothing' },
    port: 0,
    mode: { mode_name: 'list', path: 7, recursve: true },
  });
  assert.equal(error.constructor, SchemaValidationError);
  assert.equal(error.code, 'SCHEMA_VALIDATION');
  assert.deepEqual(error.problems.map(({ kind, path }) => `${kind} ${path}`).sort(), [
    'extra authentication.sshkey',
    'extra hots',
    'extra mode.recursve',
    'invalid hostkey.known_host',
    'invalid mode.path',
    'invalid port',
    'missing authentication.ssh_key',
    'missing host',
  ]);
  for (const hint of ['did you mean host?', 'did you mean ssh_key?', 'did you mean recursive?'])
    assert.ok(error.message.includes(hint), hint);
});

test('the connector type comes first', () => {
  assert.ok(refusal({}) instanceof MissingInputError);
  assert.match(
    refusal({ connector_type: 'SFPT' }).message,
    /must be one of SCP, SFTP \(did you mean SFTP\?\)/,
  );
  for (const document of [null, undefined, 'SCP', 7, [], () => {}, Symbol('x')]) {
    assert.equal(refusal(document).problems[0]!.path, '');
  }
});

test('the shape tells which SCP is meant', () => {
  assert.ok(refusal({ connector_type: 'SCP', src: 'a' }).message.includes('hostname: is missing'));
  assert.ok(refusal({ connector_type: 'SCP' }).message.includes('authentication: is missing'));
  assert.ok(refusal({ connector_type: 'SCP', hostkey: 'x' }).message.includes('hostname: is missing'));
  assert.ok(refusal({ connector_type: 'SCP', hostkey: {} }).message.includes('mode: is missing'));
});

test('the document is copied: changing it later changes nothing', () => {
  const document = { ...SFTP, mode: { mode_name: 'list', path: '/a' } };
  const inputs = validateInputs(document) as typeof document;
  document.mode.path = '/b';
  assert.equal(inputs.mode.path, '/a');
});

/** A good document with something done to it, anywhere. */
const mutated = fc
  .tuple(
    fc.constantFrom(...GOOD),
    fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.anything()), { minLength: 1, maxLength: 3 }),
  )
  .map(([document, changes]) => {
    const copy = structuredClone(document) as { [name: string]: unknown };
    for (const [where, how, value] of changes) {
      const objects = [copy, ...Object.values(copy).filter((one) => typeof one === 'object' && one !== null)];
      const target = objects[where % objects.length] as { [name: string]: unknown };
      const names = Object.keys(target);
      const name = names[where % Math.max(1, names.length)] ?? 'x';
      if (how === 0) delete target[name];
      else if (how === 1) target[`x${name}`] = value;
      else target[name] = value;
    }
    return copy;
  });

test('property: no input makes anything but a typed error, or good inputs', () => {
  const anything = fc.oneof(
    mutated,
    fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true, withMap: true }),
  );
  fc.assert(
    fc.property(anything, (document) => {
      try {
        validateInputs(document);
      } catch (error) {
        assert.ok(isEngineError(error), String(error));
        assert.ok(error instanceof SchemaValidationError && error.problems.length > 0);
      }
    }),
    { numRuns: 3000 },
  );
});

test('objects that fight back', () => {
  const cycle: { [name: string]: unknown } = { ...SFTP };
  cycle.mode = cycle;
  const hostile = [
    {
      ...SFTP,
      get host() {
        throw new Error('no');
      },
    },
    new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
      },
    ),
    cycle,
    { ...SFTP, mode: new Date() },
    { ...SFTP, mode: Array.from({ length: 20_000 }, () => 'x') },
    JSON.parse('{"connector_type":"SFTP","__proto__":{"host":"x"},"constructor":1,"toString":2}'),
    { connector_type: '__proto__' },
    { connector_type: 'constructor', mode: { mode_name: 'toString' } },
    { ...SFTP, mode: { mode_name: '__proto__' } },
    { ...SFTP, ['x'.repeat(100_000)]: 1 },
  ];
  for (const document of hostile) {
    const { message } = refusal(document);
    assert.ok(message.length < 5_000);
    assert.equal(/[\n\u001b]/.test(message), false);
  }
});

test('property: with bad inputs nothing connects, and the execution ends with a typed error', async () => {
  await using server = await listen();
  await using store = await temporaryFolder();
  const engine = createEngine({ store: store.path });
  const invalid = mutated.filter((document) => {
    try {
      validateInputs(document);
      return false;
    } catch {
      return true;
    }
  });
  await fc.assert(
    fc.asyncProperty(invalid, async (document) => {
      const here =
        'hostname' in document ? { hostname: '127.0.0.1' } : 'host' in document ? { host: '127.0.0.1' } : {};
      const aimed = { ...document, ...here, port: server.port, hostkey: 7 };
      const execution = await engine.connect(aimed);
      assert.equal(execution.status, 'error');
      assert.ok(execution.error instanceof EngineError);
      assert.notEqual(execution.message, '');
    }),
    { numRuns: 60 },
  );
  assert.equal(server.connections, 0);
});
