import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createEngine, getExecution, listExecutions } from '../../../src/connectors/index.ts';
import { temporaryFolder } from '../../connectors/support/store.ts';
import { stallingRelay } from '../../connectors/support/tcp.ts';
import { makeScratch, realServer, requireServer } from '../../support/servers/from-env.ts';
import { sftpInputs } from './support.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PROGRAM = `
  import { runFile } from './src/connectors/index.ts';
  await runFile(process.argv[1], { store: process.argv[2] });`;

test('kill -9 in the middle of a copy leaves a record that says interrupted', {
  ...requireServer('openssh'),
  timeout: 60_000,
}, async () => {
  await using scratch = await makeScratch();
  await using store = await temporaryFolder();
  await using relay = await stallingRelay(realServer('openssh').port, 1_000_000);
  const source_file_name = join(scratch.path, 'big.bin');
  await writeFile(source_file_name, randomBytes(3_000_000), { mode: 0o644 });
  const mode = {
    mode_name: 'copy_file_to_engine',
    source_file_name,
    destination_file_name: 'big.bin',
  } as const;
  const file = join(store.path, 'copy.json');
  await writeFile(file, JSON.stringify(await sftpInputs(mode, relay.port)), { mode: 0o600 });

  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', PROGRAM, file, store.path],
    { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const closed = once(child, 'close');
  try {
    for (let turn = 0; ; turn++) {
      const [record] = await listExecutions(store.path);
      if ((record?.progress?.transferred ?? 0) > 0) {
        assert.equal(record!.status, 'running');
        break;
      }
      assert.ok(turn < 400, `no progress: ${JSON.stringify(record)}`);
      await sleep(50);
    }
  } finally {
    child.kill('SIGKILL');
  }
  await closed;
  const record = await getExecution(1, store.path);
  assert.equal(record.status, 'interrupted');
  assert.match(record.message, new RegExp(`^interrupted: process ${child.pid}, which ran it, ended before`));
  assert.ok((record.progress?.transferred ?? 0) > 0);
  assert.ok(record.log.some(({ text }) => /^connecting to/.test(text)));
  assert.equal(JSON.stringify(record).includes('PRIVATE KEY'), false);

  // What it left behind is swept away by the next one, and the file never appears.
  assert.equal((await readdir(join(store.path, 'staging'))).length, 1);
  const engine = createEngine({ store: store.path });
  assert.equal(await engine.files.has('big.bin'), false);
  const reception = await engine.files.receive('other', 'file');
  assert.equal((await readdir(join(store.path, 'staging'))).length, 1);
  await reception.discard();
  assert.deepEqual(await readdir(join(store.path, 'staging')), []);
  const next = await engine.runFlow(() => {});
  assert.equal(next.id, 2);
});
