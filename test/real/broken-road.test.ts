/** Connections that die at a random byte of a random transfer: a queue connects again, and every file ends right. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { connect, createQueue, openSftp } from '../../src/index.ts';
import { makeScratch, realServer, requireServer } from '../support/servers/from-env.ts';
import { pattern, sha256 } from '../support/sftp/memory-session.ts';
import { seeded } from '../support/sftp/server.ts';
import { loginTo } from './login.ts';

/** `WHERRY_TEST_BREAKS=1000` makes a thousand of it. */
const ROUNDS = Number(process.env.WHERRY_TEST_BREAKS ?? 8);
const FIRST_SEED = Number(process.env.WHERRY_TEST_SEED ?? Math.floor(Math.random() * 1e9));

interface BreakingRelay extends AsyncDisposable {
  readonly port: number;
  /** Bytes both ways after which a connection is cut; each connection takes the next one, then none is. */
  readonly cuts: number[];
}

async function breakingRelay(port: number): Promise<BreakingRelay> {
  const cuts: number[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const there = dial({ port, host: '127.0.0.1' });
    let left = cuts.shift() ?? Number.POSITIVE_INFINITY;
    const end = (): void => {
      client.destroy();
      there.destroy();
    };
    for (const [from, to] of [
      [client, there],
      [there, client],
    ] as const) {
      sockets.add(from);
      from.on('error', end);
      from.on('close', end);
      from.on('data', (bytes: Buffer) => {
        to.write(bytes.subarray(0, Math.max(0, left)));
        left -= bytes.length;
        if (left <= 0) end();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cuts,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('a road that breaks', requireServer('openssh'), () => {
  test(`${ROUNDS} transfers cut at random bytes end right`, { timeout: 60_000 + ROUNDS * 5000 }, async () => {
    await using scratch = await makeScratch('broken-road');
    const server = realServer('openssh');
    await using relay = await breakingRelay(server.port);
    const login = await loginTo({ ...server, host: '127.0.0.1', port: relay.port });
    await using direct = await connect(await loginTo(server));
    await using sftp = await openSftp(direct);
    const base = `${await sftp.realpath('.')}/wherry-broken-${process.pid}`;
    for (let round = 0; round < ROUNDS; round++) {
      const seed = FIRST_SEED + round;
      const random = seeded(seed);
      const content = pattern(Math.floor(random() ** 2 * 4_000_000), seed);
      const local = join(scratch.path, `file-${round}`);
      const remote = `${base}-${round}`;
      const up = random() < 0.5;
      if (up) await writeFile(local, content);
      else await sftp.upload(content, remote);
      const reach = content.length + 20_000;
      for (let cut = 0; cut < 3; cut++) relay.cuts.push(Math.floor(random() * reach) + 1);
      await using queue = createQueue(login, { retryDelay: 1, retries: 10 });
      const one = up
        ? queue.upload(local, remote, { atomic: random() < 0.5 })
        : queue.download(remote, local);
      await one.finished.catch((error: Error) => {
        throw new Error(`WHERRY_TEST_SEED=${seed}: ${error.message}`, { cause: error });
      });
      relay.cuts.length = 0;
      const got = up ? await sftp.readFile(remote) : await readFile(local);
      assert.equal(sha256(got), sha256(content), `WHERRY_TEST_SEED=${seed}`);
      await sftp.remove(remote);
    }
    for await (const { name } of sftp.list('.'))
      assert.ok(!name.startsWith(`wherry-broken-${process.pid}`), name);
  });
});
