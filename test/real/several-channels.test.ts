/** Uploads over a long road, and large ones, use several channels of one connection, and are right to the last byte. */
import assert from 'node:assert/strict';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Connection, connect, openSftp } from '../../src/index.ts';
import { delayingRelay } from '../support/relay/delaying-relay.ts';
import { makeScratch, realServer, requireServer } from '../support/servers/from-env.ts';
import { startSshd } from '../support/servers/openssh.ts';
import { pattern, sha256 } from '../support/sftp/memory-session.ts';
import { loginTo } from './login.ts';

const LARGE = 134_217_728;

/** How many channels have been asked for since, and how many of them opened. */
function countChannels({ ssh }: Connection): { asked: number; opened: number } {
  const channels = { asked: 0, opened: 0 };
  const openChannel = ssh.openChannel.bind(ssh);
  ssh.openChannel = async (...given) => {
    channels.asked++;
    const channel = await openChannel(...given);
    channels.opened++;
    return channel;
  };
  return channels;
}

describe('several channels', requireServer('openssh'), () => {
  let scratch: Awaited<ReturnType<typeof makeScratch>>;

  before(async () => {
    scratch = await makeScratch('channels');
  });
  after(() => scratch[Symbol.asyncDispose]());

  test('an upload over a long road, and one that goes on after a break', {
    timeout: 120_000,
  }, async () => {
    await using relay = await delayingRelay(realServer('openssh').port, 10);
    await using ssh = await connect(
      await loginTo(realServer('openssh'), { host: relay.host, port: relay.port }),
    );
    const channels = countChannels(ssh);
    await using sftp = await openSftp(ssh);
    const content = pattern(24_000_001);
    const source = join(scratch.path, 'source');
    await writeFile(source, content);
    const home = await sftp.realpath('.');
    const remote = `${home}/wherry-channels-${process.pid}`;
    const stop = new AbortController();
    const onProgress = ({ transferred }: { transferred: number }): void => {
      if (transferred > 12_000_000) stop.abort();
    };
    // Slow enough that a report of the progress comes in the middle.
    const slowly = { onProgress, signal: stop.signal, rateLimit: 40_000_000 };
    await assert.rejects(sftp.upload(source, remote, slowly), { code: 'ABORTED' });
    assert.ok(channels.opened > 1, 'further channels were opened');
    const { size } = await sftp.upload(source, remote, { resume: true, verify: true });
    assert.equal(size, content.length);
    assert.equal(sha256(await sftp.readFile(remote)), sha256(content));
    await sftp.remove(remote);
  });

  for (const sessions of [10, 2, 1]) {
    test(`a large upload over a short road, to a server that allows ${sessions} sessions`, {
      timeout: 120_000,
    }, async () => {
      await using server = await startSshd({ config: [`MaxSessions ${sessions}`] });
      await using ssh = await connect(await loginTo(server));
      const channels = countChannels(ssh);
      await using sftp = await openSftp(ssh);
      const source = join(scratch.path, 'large');
      const remote = join(scratch.path, `large-${sessions}`);
      await writeFile(source, pattern(1_000_003));
      await truncate(source, LARGE);
      const { size } = await sftp.upload(source, remote, { verify: true });
      assert.equal(size, LARGE);
      assert.deepEqual(channels, { asked: 4, opened: Math.min(4, sessions) });
      await sftp.remove(remote);
      await writeFile(source, pattern(1_000_003));
      await sftp.upload(source, remote, { verify: true });
      assert.equal(channels.asked, 4, 'a small one needs no more');
    });
  }
});
