/** What every SFTP server is asked for (test/real/sftp/behaviours.ts), asked of our own, at every version. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Connection, connect, fingerprints, openSftp, type SftpVersion } from '../../src/index.ts';
import { type RunningServer, startServer } from '../../src/server/index.ts';
import { BEHAVIOURS, runBehaviour, sceneOf } from '../real/sftp/behaviours.ts';

for (const version of [3, 4, 5, 6] as SftpVersion[]) {
  describe(`a folder by SFTP version ${version}`, () => {
    let root: string;
    let server: RunningServer;
    let ssh: Connection;

    before(async () => {
      root = await mkdtemp(join(tmpdir(), 'wherry-behaviours-'));
      server = await startServer({ users: { me: { password: 'secret' } }, root });
      const { host, port } = server;
      const trust = fingerprints([server.fingerprint]);
      ssh = await connect({ host, port, username: 'me', password: 'secret', trust });
    });

    after(async () => {
      await ssh.close();
      await server.close();
      await rm(root, { recursive: true });
    });

    let number = 0;
    for (const [name, behaviour] of Object.entries(BEHAVIOURS)) {
      if (version < (behaviour.since ?? 3)) continue;
      it(name, async () => {
        const folder = `x${number++}`;
        await mkdir(join(root, folder));
        await using sftp = await openSftp(ssh, { version });
        assert.equal(sftp.version, version);
        await runBehaviour(sceneOf(sftp, `/${folder}`, join(root, folder)), behaviour);
      });
    }
  });
}
