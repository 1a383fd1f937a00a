/** Connections that die at a random byte of a random transfer: a queue connects again, and every file ends right. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createQueue, type Logger } from '../../src/index.ts';
import { delayingRelay } from '../support/relay/delaying-relay.ts';
import { makeScratch, realServer, requireServer } from '../support/servers/from-env.ts';
import { pattern, sha256 } from '../support/sftp/memory-session.ts';
import { seeded } from '../support/sftp/server.ts';
import { loginTo } from './login.ts';

/** Connections that are cut; `WHERRY_TEST_BREAKS=1000` makes a thousand of it. */
const BREAKS = Number(process.env.WHERRY_TEST_BREAKS ?? 100);
const FIRST_SEED = Number(process.env.WHERRY_TEST_SEED ?? Math.floor(Math.random() * 1e9));
/** Queues at a time, each over a relay of its own, so that nobody waits for a login. */
const QUEUES = 4;
/** Files of one queue. */
const BATCH = 8;
const LARGEST_FILE = 400_000;
/** More than lanes may be ahead of each other, so that an upload that broke off goes on, and not from its beginning. */
const LARGE_FILE = 80_000_003;
const LARGE_BREAKS = BREAKS / 10;

interface BreakingRelay extends AsyncDisposable {
  readonly port: number;
  /** Connections that were cut. */
  readonly cuts: number;
  /** Gives the bytes, both ways together, after which the next connection is cut. */
  next: () => number;
}

async function breakingRelay(port: number): Promise<BreakingRelay> {
  let cuts = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const there = dial({ port, host: '127.0.0.1' });
    let left = relay.next();
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
        if (left <= 0) return;
        left -= bytes.length;
        if (left > 0) return;
        cuts++;
        end();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const relay: BreakingRelay = {
    port: (server.address() as AddressInfo).port,
    get cuts() {
      return cuts;
    },
    next: () => Number.POSITIVE_INFINITY,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return relay;
}

/** One file there and its target here, or the other way round. */
interface Case {
  readonly up: boolean;
  readonly local: string;
  readonly remote: string;
  readonly hash: string;
}

async function makeCase(random: () => number, local: string, remote: string): Promise<Case> {
  const content = pattern(Math.floor(random() ** 2 * LARGEST_FILE), Math.floor(random() * 1e9));
  const up = random() < 0.5;
  await writeFile(up ? local : remote, content, { mode: 0o644 });
  return { up, local, remote, hash: sha256(content) };
}

describe('a road that breaks', requireServer('openssh'), () => {
  test(`${BREAKS} connections cut at random bytes of random transfers: every file ends right`, {
    timeout: 60_000 + BREAKS * 5000,
  }, async () => {
    await using here = await makeScratch('broken-road-here-');
    await using there = await makeScratch('broken-road-there-');
    const server = realServer('openssh');
    const relays: BreakingRelay[] = [];
    const cuts = (): number => relays.reduce((sum, relay) => sum + relay.cuts, 0);
    let batches = 0;
    let files = 0;
    const oneQueue = async (): Promise<void> => {
      await using relay = await breakingRelay(server.port);
      relays.push(relay);
      const login = await loginTo({ ...server, host: '127.0.0.1', port: relay.port });
      while (cuts() < BREAKS) {
        const batch = batches++;
        const seed = FIRST_SEED + batch;
        const random = seeded(seed);
        // A handshake is some 10,000 bytes: most cuts fall into a transfer, some before one.
        relay.next = () => 1 + Math.floor(random() * (10_000 + LARGEST_FILE / 2));
        await using queue = createQueue(login, { retryDelay: 1, retries: 20, concurrency: 1 + (batch % 3) });
        const cases = await Promise.all(
          Array.from({ length: BATCH }, (_, i) =>
            makeCase(random, join(here.path, `${batch}-${i}`), join(there.path, `${batch}-${i}`)),
          ),
        );
        await Promise.all(
          cases.map(async ({ up, local, remote, hash }) => {
            const one = up
              ? queue.upload(local, remote, { atomic: random() < 0.5 })
              : queue.download(remote, local);
            await one.finished.catch((error: Error) => {
              throw new Error(`WHERRY_TEST_SEED=${seed}: ${error.message}`, { cause: error });
            });
            assert.equal(sha256(await readFile(up ? remote : local)), hash, `WHERRY_TEST_SEED=${seed}`);
            files++;
            await Promise.all([rm(local), rm(remote, { force: true })]);
          }),
        );
      }
    };
    await Promise.all(Array.from({ length: QUEUES }, oneQueue));
    assert.deepEqual([await readdir(here.path), await readdir(there.path)], [[], []], 'no part is left');
    console.log(`${cuts()} connections cut, ${files} files, WHERRY_TEST_SEED=${FIRST_SEED}`);
  });

  test(`${LARGE_BREAKS} connections cut at random bytes of a large upload by several channels: it ends right`, {
    timeout: 60_000 + LARGE_BREAKS * 20_000,
  }, async () => {
    await using here = await makeScratch('broken-large-here-');
    await using there = await makeScratch('broken-large-there-');
    const server = realServer('openssh');
    const local = join(here.path, 'large');
    const content = randomBytes(LARGE_FILE);
    await writeFile(local, content);
    const hash = sha256(content);
    await using far = await delayingRelay(server.port, 5);
    await using relay = await breakingRelay(far.port);
    let channels = 0;
    const log: Logger = (event) => {
      if (event.kind === 'packet' && event.message === 'SSH_MSG_CHANNEL_OPEN') channels++;
    };
    const login = await loginTo({ ...server, host: '127.0.0.1', port: relay.port }, { log });
    let files = 0;
    while (relay.cuts < LARGE_BREAKS) {
      const seed = FIRST_SEED + files;
      const random = seeded(seed);
      relay.next = () => 1 + Math.floor(random() * LARGE_FILE);
      await using queue = createQueue(login, { retryDelay: 1, retries: 20 });
      const remote = join(there.path, `large-${files}`);
      await queue.upload(local, remote, { atomic: random() < 0.5 }).finished.catch((error: Error) => {
        throw new Error(`WHERRY_TEST_SEED=${seed}: ${error.message}`, { cause: error });
      });
      assert.equal(sha256(await readFile(remote)), hash, `WHERRY_TEST_SEED=${seed}`);
      await rm(remote);
      files++;
    }
    assert.deepEqual(await readdir(there.path), [], 'no part is left');
    assert.ok(channels > 2 * relay.cuts, `${channels} channels`);
    console.log(
      `${relay.cuts} connections cut, ${channels} channels, ${files} large files, WHERRY_TEST_SEED=${FIRST_SEED}`,
    );
  });
});
