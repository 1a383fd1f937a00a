/** What a transfer asks for first, in as few round trips as can be. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { SFTP_PACKETS } from '../../src/sftp/packets.ts';
import {
  assertSameBytes,
  failure,
  localFolder,
  type MemorySession,
  openMemory,
  pattern,
  settleTurns,
} from '../support/sftp/memory-session.ts';

const { SSH_FXP_OPEN, SSH_FXP_CLOSE, SSH_FXP_STAT, SSH_FXP_FSTAT, SSH_FXP_EXTENDED } = SFTP_PACKETS;
const content = pattern(300_000);

function asked({ server }: MemorySession, type: number): number {
  return server.received.filter((request) => request.type === type).length;
}

test('a download asks for the attributes in the round trip in which it opens the file', async () => {
  const memory = await openMemory({ silentOn: [SSH_FXP_OPEN] });
  memory.fs.put('f', content);
  await using folder = await localFolder();
  await failure(memory.sftp.download('f', folder.file('f'), { timeout: 200 }), 'TIMEOUT');
  assert.equal(asked(memory, SSH_FXP_OPEN), 1);
  assert.equal(asked(memory, SSH_FXP_STAT), 1);
});

test('a server that tells nothing by name is asked by handle', async () => {
  const memory = await openMemory({ failOn: new Map([[SSH_FXP_STAT, { status: 3 }]]) });
  memory.fs.put('f', content);
  await using folder = await localFolder();
  await memory.sftp.download('f', folder.file('f'));
  assertSameBytes(await readFile(folder.file('f')), content);
  assert.equal(asked(memory, SSH_FXP_FSTAT), 1);
});

test('an upload opens its file before the limits of the server are told, and closes it when they never are', async () => {
  const memory = await openMemory({ silentOn: [SSH_FXP_EXTENDED] });
  await failure(memory.sftp.upload(content, 'f', { timeout: 200 }), 'TIMEOUT');
  assert.equal(asked(memory, SSH_FXP_OPEN), 1);
  await settleTurns();
  assert.equal(asked(memory, SSH_FXP_CLOSE), 1);
  await memory.sftp.close();
});

test('options that cannot be leave the target as it is', async () => {
  const memory = await openMemory();
  memory.fs.put('f', content);
  for (const options of [{ requestBytes: -1 }, { maxRequests: 0.5 }, { mode: -1 }]) {
    await failure(memory.sftp.upload(Buffer.from('new'), 'f', options), 'INVALID_ARGUMENT');
  }
  assert.equal(asked(memory, SSH_FXP_OPEN), 0);
});
