/** ProFTPD's mod_sftp: logins and transfers with an SSH and SFTP implementation that shares no code with OpenSSH. */
import { test } from 'node:test';
import { makeScratch } from '../support/servers/from-env.ts';
import { startOnDemand } from '../support/servers/on-demand.ts';
import { PROFTPD, startProftpd } from '../support/servers/proftpd.ts';
import { bothWays, loginTo, noUnhandledRejections, withSftp } from './login.ts';

noUnhandledRejections();

test('ProFTPD lets in by key and by password, and moves bytes both ways', async (t) => {
  await using server = await startOnDemand(t, PROFTPD, startProftpd);
  if (server === undefined) return;
  await using scratch = await makeScratch();
  const byKey = await loginTo(server);
  const { privateKey: _, ...open } = byKey;
  for (const login of [byKey, { ...open, password: server.password! }]) {
    await withSftp(login, async (sftp) => {
      for (const size of [0, 1, 100_000, 3_000_000]) await bothWays(sftp, scratch.path, size);
    });
  }
});
