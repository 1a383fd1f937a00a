/**
 * One table of behaviours, run at every SFTP version a server speaks, against OpenSSH, ProFTPD, gesftpserver, Apache
 * MINA, asyncssh, lshd and pkg/sftp. What a server is known to do otherwise is a row with a reason; where it no longer does,
 * the row is reported.
 */
import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { type Connection, connect, openSftp } from '../../src/index.ts';
import { makeScratch } from '../support/servers/from-env.ts';
import { startOnDemand } from '../support/servers/on-demand.ts';
import { PROFTPD, startProftpd } from '../support/servers/proftpd.ts';
import type { RealServer } from '../support/servers/server.ts';
import { fails, loginTo, loginWithout, noUnhandledRejections } from './login.ts';
import { BEHAVIOURS, type Behaviour, runBehaviour, sceneOf } from './sftp/behaviours.ts';
import { SERVERS, type ServerRow } from './sftp/servers.ts';

noUnhandledRejections();

/** Where the files of one behaviour lie: in the account's home, or in the folder the server shows as `/`. */
async function freshFolder(
  { rooted }: ServerRow,
  server: RealServer,
): Promise<{ remote: string; local: string; remove(): Promise<void> }> {
  if (!rooted) {
    const scratch = await makeScratch();
    return { remote: scratch.path, local: scratch.path, remove: () => scratch[Symbol.asyncDispose]() };
  }
  const local = await mkdtemp(join(server.home, 'x-'));
  await chmod(local, 0o755);
  const remove = (): Promise<void> => rm(local, { recursive: true, force: true });
  return { remote: `/${basename(local)}`, local, remove };
}

async function runOne(
  row: ServerRow,
  server: RealServer,
  connection: Connection,
  version: 3 | 4 | 5 | 6,
  behaviour: Behaviour,
): Promise<void> {
  const folder = await freshFolder(row, server);
  await using sftp = await openSftp(connection, { version });
  try {
    assert.equal(sftp.version, version);
    await runBehaviour(sceneOf(sftp, folder.remote, folder.local), behaviour);
  } finally {
    await folder.remove();
  }
}

for (const row of SERVERS) {
  test(`SFTP with ${row.row.name}`, async (t) => {
    await using server = await startOnDemand(t, row.row, row.start);
    if (server === undefined) return;
    const byPassword = { password: server.password!, algorithms: row.algorithms! };
    await using connection = await connect(
      row.algorithms === undefined ? await loginTo(server) : await loginWithout(server, byPassword),
    );
    for (const version of row.versions) {
      for (const [name, behaviour] of Object.entries(BEHAVIOURS)) {
        if (version < (behaviour.since ?? 3)) continue;
        const deviation = row.deviations.find(
          (one) => one.behaviour === name && (one.versions?.includes(version) ?? true),
        );
        await t.test(`version ${version}: ${name}`, async (inner) => {
          if (deviation?.outcome === 'skip') return inner.skip(deviation.why);
          const running = runOne(row, server, connection, version, behaviour);
          if (deviation === undefined) return await running;
          const wanted = behaviour.needs;
          const known = await running.then(
            () => false,
            () => true,
          );
          // Where the version in use does not offer it, nothing deviates.
          if (wanted === undefined) assert.ok(known, `it holds now: take the row away (${deviation.why})`);
        });
      }
    }
  });
}

test('every deviation names a behaviour, and a version the server speaks', () => {
  for (const { row, versions, deviations } of SERVERS) {
    for (const { behaviour, versions: some = [] } of deviations) {
      assert.ok(behaviour in BEHAVIOURS, `${row.name}: ${behaviour}`);
      for (const version of some) assert.ok((versions as readonly number[]).includes(version));
    }
  }
});

test('ProFTPD breaks a session that asks for home-directory: it is not asked', async (t) => {
  await using server = await startOnDemand(t, PROFTPD, startProftpd);
  if (server === undefined) return;
  await using connection = await connect(await loginTo(server));
  await using sftp = await openSftp(connection, { version: 6 });
  await fails(5000, sftp.homeDirectory(server.user), 'SFTP_OP_UNSUPPORTED');
  assert.equal(await sftp.realpath('.'), server.home);
});

test('a server that is capped answers with its own version', async (t) => {
  await using server = await startOnDemand(t, PROFTPD, () => startProftpd({ sftpVersion: 4 }));
  if (server === undefined) return;
  await using connection = await connect(await loginTo(server));
  for (const [version, expected] of [
    [6, 4],
    [5, 4],
    [3, 3],
  ] as const) {
    await using sftp = await openSftp(connection, { version });
    assert.equal(sftp.version, expected);
  }
});
