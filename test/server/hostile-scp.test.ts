/** Clients of scp that try to leave the folder: by the path they ask for, and by the names they send. */
import assert from 'node:assert/strict';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { madeUpAccounts } from '../../src/server/files/accounts.ts';
import { FolderFiles } from '../../src/server/files/folder-files.ts';
import { serveScp } from '../../src/server/scp/scp-server.ts';
import { LockTable } from '../../src/server/sftp/locks.ts';
import type { Channel, ChannelHandlers } from '../../src/ssh/connection/channel.ts';
import { localFolder } from '../support/sftp/memory-session.ts';

/** What the server says to a client that sends all of this at once, and its exit status. */
function speak(root: string, command: string, sent: string): Promise<{ said: string; status: number }> {
  const limits = { packet: 262_144, read: 261_120, write: 261_120, handles: 10 };
  const service = {
    ...{ files: new FolderFiles(root), accounts: madeUpAccounts([]), home: '/', readOnly: false },
    ...{ versions: [3] as const, offers: () => true, limits, locks: new LockTable() },
  };
  return new Promise((resolve) => {
    let said = '';
    let status = -1;
    let handlers: ChannelHandlers | undefined;
    const channel = {
      congested: false,
      attach: (given: ChannelHandlers) => {
        handlers = given;
      },
      giveCredit: () => {},
      write: (head: Uint8Array, body?: Uint8Array) => {
        said += Buffer.concat([head, body ?? Buffer.alloc(0)]).toString('latin1');
        return true;
      },
      request: async (_name: string, specific: Uint8Array) => {
        status = specific[3]!;
        return true;
      },
      end: () => {},
      close: () => resolve({ said, status }),
    };
    assert.ok(serveScp(command, channel as unknown as Channel, service), command);
    handlers!.data(Buffer.from(sent, 'latin1'));
    handlers!.eof!();
  });
}

test('no path and no name leads out of the folder', async () => {
  await using outside = await localFolder();
  const root = outside.file('root');
  await mkdir(root);
  await writeFile(outside.file('secret'), 'secret');
  await symlink('..', `${root}/up`);
  await symlink('/', `${root}/slash`);
  for (const path of ['../secret', '/../secret', 'up/secret', `slash${outside.path}/secret`]) {
    const { said, status } = await speak(root, `scp -f '${path}'`, '\0\0\0\0');
    assert.equal(status, 1, path);
    assert.ok(!said.includes('secret\n') && !said.includes('C0'), said);
  }
  for (const name of ['../evil', '..', '.', 'a/b', '']) {
    const { status } = await speak(root, 'scp -r -t -d .', `C0644 1 ${name}\nx\0`);
    assert.equal(status, 1, JSON.stringify(name));
    assert.equal((await speak(root, 'scp -r -t .', `D0755 0 ${name}\nC0644 1 x\nx\0E\n`)).status, 1);
  }
  assert.equal((await speak(root, 'scp -t ../../evil', 'C0644 1 n\nx\0')).status, 0);
  await speak(root, 'scp -t up/evil2', 'C0644 1 n\nx\0');
  assert.deepEqual(await outside.names(), ['root', 'secret']);
  assert.deepEqual((await readdir(root)).sort(), ['evil', 'evil2', 'slash', 'up']);
});

test('what is no scp of a server is none', () => {
  for (const command of [
    'scp',
    'scp a b',
    'scp -t',
    'scp -t -f x',
    'scp -S sh -t x',
    "scp -t 'x",
    'sh -c scp',
  ])
    assert.equal(serveScp(command, {} as Channel, {} as never), false, command);
});
