import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWherryError, type WherryError } from '../../../src/base/errors.ts';
import { passwordMethod } from '../../../src/ssh/auth/password.ts';
import { textRequest } from '../../../src/ssh/connection/channel.ts';
import { openClient } from '../../support/peer/client.ts';
import { streamBytes } from '../../support/peer/load.ts';
import { type MemoryPair, type MemoryPairOptions, memoryPair } from '../../support/peer/memory-pair.ts';
import { serveSsh } from '../../support/peer/ssh-server.ts';
import { Heard } from './fake-carrier.ts';

const ECHO_BYTES = 3000;
/** How a life may end early. */
const TYPED = new Set(['CONNECTION_LOST', 'TIMEOUT', 'SSH_DISCONNECTED', 'CHANNEL_CLOSED']);

interface Life {
  readonly pair: MemoryPair;
  /** Everything that was asked for, settled. */
  readonly results: PromiseSettledResult<unknown>[];
  /** How often each ending was reported. */
  readonly endings: { connection: number; channels: number[] };
}

/** One connection from its first byte to its end: login, a re-key, two channels, an echo, requests; then close. */
async function live(line: MemoryPairOptions, timeout: number): Promise<Life> {
  const pair = memoryPair(line);
  const server = serveSsh(pair.server, {
    users: { user: { password: 'x' } },
    banner: 'hello',
    onSubsystem: (_name, channel) => {
      channel.attach({ data: (bytes) => void channel.write(bytes), closed() {} });
      return true;
    },
  });
  const results: PromiseSettledResult<unknown>[] = [];
  const endings = { connection: 0, channels: [] as number[] };
  const asked: Promise<unknown>[] = [];
  const ask = <T>(promise: Promise<T>): Promise<T> => {
    asked.push(promise);
    return promise;
  };
  try {
    const client = await ask(
      openClient(pair.client, {
        methods: [passwordMethod('x')],
        timeout,
        keepAlive: { interval: timeout / 2, count: 1 },
      }),
    );
    client.onClosed(() => endings.connection++);
    const talk = async (n: number): Promise<void> => {
      const channel = await ask(client.openChannel('session', 2000));
      endings.channels[n] = 0;
      const heard = new Heard();
      const echoed = new Promise<void>((resolve, reject) => {
        let got = 0;
        channel.attach({
          data: (bytes) => {
            got += bytes.length;
            if (got === ECHO_BYTES) resolve();
          },
          closed: (error) => {
            endings.channels[n]!++;
            heard.closed(error);
            reject(error ?? new Error('closed in order'));
          },
        });
      });
      asked.push(echoed);
      assert.equal(await ask(channel.request('subsystem', textRequest('echo'), true)), true);
      channel.write(streamBytes(n, 0, ECHO_BYTES));
      if (n === 0) client.rekey();
      await Promise.all([
        echoed,
        ask(client.ping()),
        ask(channel.request('no such request', new Uint8Array(0), true)),
      ]);
      channel.close();
    };
    await Promise.all([talk(0), talk(1)]);
    await ask(client.ping());
    await client.close();
  } catch {
    // What failed is among `asked`.
  }
  for (const one of await Promise.allSettled(asked)) results.push(one);
  server.transport.fail(
    await Promise.race([server.closed, Promise.resolve({ code: 'CLOSED', message: '' } as WherryError)]),
  );
  pair.cut();
  return { pair, results, endings };
}

/** A life that never settles fails here, not at the limit of the whole file. */
function within<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing settled`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function assertTyped(life: Life, what: string): void {
  for (const result of life.results) {
    if (result.status === 'fulfilled') continue;
    assert.ok(
      isWherryError(result.reason) && TYPED.has(result.reason.code),
      `${what}: ${String(result.reason)}`,
    );
  }
  assert.ok(life.endings.connection <= 1, what);
  for (const times of life.endings.channels)
    assert.equal(times, 1, `${what}: a channel ended ${times} times`);
}

const whole = await live({}, 5000);
const totals = {
  clientToServer: whole.pair.clientToServer.delivered,
  serverToClient: whole.pair.serverToClient.delivered,
};

test('the life that is cut up below is a whole one', () => {
  assert.deepEqual([...new Set(whole.results.map(({ status }) => status))], ['fulfilled']);
  assert.deepEqual(whole.endings, { connection: 1, channels: [1, 1] });
  assert.ok(totals.clientToServer > 5000 && totals.serverToClient > 5000);
});

for (const way of ['clientToServer', 'serverToClient'] as const) {
  for (const [chunk, step] of [
    [65_536, 61],
    [37, 211],
  ] as const) {
    test(`${way}: the line breaks after any byte, in pieces of ${chunk}: all settles, once, with a typed error`, async () => {
      for (let cutAt = 1; cutAt < totals[way]; cutAt += cutAt < 40 ? 1 : step) {
        const what = `cut after ${cutAt}`;
        const life = await within(live({ chunk, [way]: { cutAt } }, 5000), 4000, what);
        assertTyped(life, what);
        const failed = life.results.filter((result) => result.status === 'rejected');
        assert.ok(failed.length > 0 || cutAt > totals[way] - 200, what);
      }
    });
  }

  test(`${way}: the line falls silent after any byte: all settles in time`, async () => {
    for (let stallAt = 1; stallAt < totals[way]; stallAt += 600) {
      const what = `silence after ${stallAt}`;
      const life = await within(live({ [way]: { stallAt } }, 60), 4000, what);
      assertTyped(life, what);
    }
  });
}
