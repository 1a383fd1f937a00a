import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { createEngine, readInputFile, runFile } from '../../../src/connectors/index.ts';
import { temporaryFolder } from '../../connectors/support/store.ts';
import { makeScratch, requireServer } from '../../support/servers/from-env.ts';
import { sftpInputs } from './support.ts';

const options = { ...requireServer('openssh'), timeout: 60_000 };

test('stored connectors, YAML and JSON, with overrides name by name', options, async () => {
  await using store = await temporaryFolder();
  await using scratch = await makeScratch();
  const inputs = await sftpInputs({ mode_name: 'stats', path: scratch.path });
  const folder = join(store.path, 'connectors');
  await mkdir(folder);
  await writeFile(join(folder, 'in-yaml.yaml'), stringify(inputs));
  await writeFile(join(folder, 'in-json.json'), JSON.stringify({ ...inputs, name: 'json one' }));
  await writeFile(join(folder, 'broken.yaml'), 'a: [1\npassword: "M4rked-s3cret\n');
  const engine = createEngine({ store: store.path });
  assert.deepEqual(await engine.connectors.list(), ['broken', 'in-json', 'in-yaml']);

  const yaml = await engine.connect('in-yaml');
  assert.equal(yaml.status, 'success', yaml.message);
  assert.equal(yaml.name, 'in-yaml');
  const json = await engine.connect('in-json', { mode: { mode_name: 'list', path: scratch.path } });
  assert.deepEqual([json.status, json.name, json.outputs.listing], ['success', 'json one', {}]);

  // An object is replaced as a whole, not merged into the stored one.
  const partial = await engine.connect('in-json', { mode: { path: '/elsewhere' } });
  assert.match(partial.message, /mode\.mode_name: is missing/);
  const extra = await engine.connect('in-json', { hots: 'x' });
  assert.equal(extra.error?.code, 'EXTRA_INPUT');
  assert.match(extra.message, /hots: is not an input \(did you mean host\?\)/);

  const flow = await engine.runFlow(async ({ execution }) => {
    const child = await execution.connect('in-yaml', { mode: { mode_name: 'list', path: scratch.path } });
    return execution.success(Object.keys(child.get('output_value') as object).join());
  });
  assert.equal(flow.message, 'result,listing');

  const broken = await engine.connect('broken');
  assert.match(broken.message, /broken\.yaml: is no YAML or JSON: [A-Z_]+ in line \d+, column \d+/);
  assert.equal(broken.message.includes('M4rked'), false);
  const none = await engine.connect('in-jsom');
  assert.match(none.message, /there is no connector in-jsom .* \(did you mean in-json\?\)/);
  assert.equal(none.error?.code, 'RESOURCE_NOT_FOUND');
  for (const name of ['../connectors/in-yaml', '/etc/passwd', '', '..', 'a\\b', 'a\0b']) {
    const { status, error } = await engine.connect(name);
    assert.deepEqual([status, error?.code], ['error', 'INVALID_INPUT'], name);
  }
});

test('a connection file is run with inputs in place of its own', options, async () => {
  await using store = await temporaryFolder();
  const file = join(store.path, 'stats.yaml');
  await writeFile(file, stringify(await sftpInputs({ mode_name: 'stats', path: '/none' })));
  const own = await runFile(file, { store: store.path });
  assert.equal(own.status, 'error');
  const other = await runFile(file, {
    store: store.path,
    inputs: { mode: { mode_name: 'stats', path: '/' } },
  });
  assert.equal(other.status, 'success', other.message);
  assert.equal((other.outputs.stats as { type: string }).type, 'directory');
  assert.equal((await readInputFile(file)).connector_type, 'SFTP');
});
