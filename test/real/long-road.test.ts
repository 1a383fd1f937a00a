/** Uploads over a long road use several channels of one connection, and are right to the last byte. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect, fingerprints, openSftp } from '../../src/index.ts';
import { delayingRelay } from '../support/relay/delaying-relay.ts';
import { getFixtures } from '../support/servers/fixtures.ts';
import { makeScratch, realServer, requireServer } from '../support/servers/from-env.ts';
import { pattern, sha256 } from '../support/sftp/memory-session.ts';

describe('a long road', requireServer('openssh'), () => {
  let scratch: Awaited<ReturnType<typeof makeScratch>>;

  before(async () => {
    scratch = await makeScratch('long-road');
  });
  after(() => scratch[Symbol.asyncDispose]());

  test('an upload by several channels, and one that goes on after a break', {
    timeout: 120_000,
  }, async () => {
    const { port, user: username, hostKeys } = realServer('openssh');
    const fixtures = await getFixtures();
    await using relay = await delayingRelay(port, 10);
    await using ssh = await connect({
      host: relay.host,
      port: relay.port,
      username,
      privateKey: await readFile(fixtures.userKeys.ed25519.files.openssh),
      trust: fingerprints(hostKeys.map(({ fingerprint }) => fingerprint)),
    });
    let channels = 0;
    const openChannel = ssh.ssh.openChannel.bind(ssh.ssh);
    ssh.ssh.openChannel = (...given) => {
      channels++;
      return openChannel(...given);
    };
    await using sftp = await openSftp(ssh);
    const content = pattern(24_000_001);
    const source = join(scratch.path, 'source');
    await writeFile(source, content);
    const home = await sftp.realpath('.');
    const remote = `${home}/wherry-long-road-${process.pid}`;
    const stop = new AbortController();
    const onProgress = ({ transferred }: { transferred: number }): void => {
      if (transferred > 12_000_000) stop.abort();
    };
    // Slow enough that a report of the progress comes in the middle.
    const slowly = { onProgress, signal: stop.signal, rateLimit: 40_000_000 };
    await assert.rejects(sftp.upload(source, remote, slowly), { code: 'ABORTED' });
    assert.ok(channels > 1, 'further channels were opened');
    const { size } = await sftp.upload(source, remote, { resume: true, verify: true });
    assert.equal(size, content.length);
    assert.equal(sha256(await sftp.readFile(remote)), sha256(content));
    await sftp.remove(remote);
  });
});
