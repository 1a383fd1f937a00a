/** run, executions and connectors, each as a process of its own, against a real sshd. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { getFixtures } from '../support/servers/fixtures.ts';
import { makeScratch, realServer, requireServer } from '../support/servers/from-env.ts';
import { makeDesk } from './wherry.ts';

async function connection(mode: object): Promise<Record<string, unknown>> {
  const { host, port, user, hostKeys } = realServer('openssh');
  const { userKeys } = await getFixtures();
  return {
    connector_type: 'SFTP',
    host,
    port: { port_mode: 'port_number', port_number: port },
    hostkey: {
      hostkey_mode: 'known_host',
      known_host: hostKeys.map(({ publicLine }) => publicLine).join('\n'),
    },
    authentication: {
      authentication_method: 'ssh_key',
      username: user,
      ssh_key: await readFile(userKeys.ed25519.files.openssh, 'utf8'),
    },
    mode,
  };
}

describe('wherry run', requireServer('openssh'), () => {
  it('runs a connection file, keeps a record, and lists it', { timeout: 60_000 }, async () => {
    await using scratch = await makeScratch();
    await using desk = await makeDesk();
    await writeFile(join(scratch.path, 'remote.txt'), 'from the server\n');
    const mode = {
      mode_name: 'copy_file_to_engine',
      source_file_name: join(scratch.path, 'remote.txt'),
      destination_file_name: 'local.txt',
    };
    await writeFile(desk.path('copy.json'), JSON.stringify(await connection(mode)));

    const ran = await desk.run(['run', 'copy.json', '--json']);
    assert.equal(ran.code, 0, ran.stderr);
    assert.equal(ran.objects.length, 1);
    const [outcome] = ran.objects;
    assert.deepEqual(Object.keys(outcome!).sort(), ['execution_id', 'message', 'outputs', 'status']);
    assert.equal(outcome!.status, 'success');
    assert.equal(await readFile(desk.path('.wherry', 'files', 'local.txt'), 'utf8'), 'from the server\n');

    const listed = await desk.run(['executions', '--json']);
    assert.equal(listed.objects[0]!.id, outcome!.execution_id);
    assert.equal(listed.objects[0]!.status, 'success');
    assert.doesNotMatch(listed.all, /PRIVATE KEY/);
    assert.match((await desk.run(['executions'])).all, /success/);
    assert.equal((await desk.run(['executions', String(outcome!.execution_id)])).code, 0);
    assert.equal((await desk.run(['executions', '99'])).code, 2);
  });

  it('runs a flow with inputs, streams its log, and fails when the flow does', {
    timeout: 60_000,
  }, async () => {
    await using desk = await makeDesk();
    await writeFile(
      desk.path('hello.mjs'),
      `export default async function handler({ execution, inputs }) {
        execution.log('hello ' + inputs.name);
        if (inputs.fail) return execution.error('as asked');
        return execution.success('all done');
      }`,
    );
    const good = await desk.run(['run', 'hello.mjs', '--input', 'name=Ada']);
    assert.equal(good.code, 0, good.stderr);
    assert.match(good.stdout.toString(), /hello Ada[\s\S]*all done/);

    const bad = await desk.run([
      'run',
      'hello.mjs',
      '--json',
      '--input',
      'name=Ada',
      '--input',
      'fail:=true',
    ]);
    assert.equal(bad.code, 1);
    assert.equal(bad.objects[0]!.status, 'error');
    assert.equal(bad.objects[0]!.message, 'as asked');
  });

  it('tells all that is wrong with the inputs before anything connects', { timeout: 60_000 }, async () => {
    await using desk = await makeDesk();
    await writeFile(
      desk.path('bad.yaml'),
      'connector_type: SFTP\nhost: files.example\nport: 99999\nhots: x\n',
    );
    const ran = await desk.run(['run', 'bad.yaml']);
    assert.equal(ran.code, 1);
    for (const path of ['authentication', 'hostkey', 'mode', 'port', 'hots'])
      assert.match(ran.stderr, new RegExp(path));
    assert.equal((await desk.run(['run', 'missing.yaml'])).code, 1);
    assert.equal((await desk.run(['run', 'notes.txt'])).code, 2);
  });
});

describe('wherry connectors', () => {
  it('prints the schema of a connector type', { timeout: 30_000 }, async () => {
    await using desk = await makeDesk();
    const schema = JSON.parse((await desk.run(['connectors', 'schema', 'SFTP'])).stdout.toString()) as object;
    assert.ok('properties' in schema);
    assert.equal((await desk.run(['connectors', 'schema', 'FTP'])).code, 2);
    assert.match((await desk.run(['connectors'])).stdout.toString(), /SCP\nSFTP\n/);
  });
});
