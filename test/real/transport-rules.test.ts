/** The rules of the transport that the options set, each shown by a real server: by what it does, or by its own log. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { type AlgorithmOptions, type ConnectOptions, connect, type LogEvent } from '../../src/index.ts';
import { STRICT_KEX_LEVELS, type StrictKexLevel } from '../../src/ssh/transport/strict-kex.ts';
import { ASYNCSSH, startAsyncssh } from '../support/servers/asyncssh.ts';
import { makeScratch, realServer, requireServer, requireSshd } from '../support/servers/from-env.ts';
import { startOnDemand } from '../support/servers/on-demand.ts';
import { startSshd } from '../support/servers/openssh.ts';
import type { ServerInfo } from '../support/servers/server.ts';
import { assertSameBytes, pattern } from '../support/sftp/memory-session.ts';
import { loginTo, noUnhandledRejections, withSftp } from './login.ts';

noUnhandledRejections();

const levels = Object.keys(STRICT_KEX_LEVELS) as StrictKexLevel[];
const CHACHA = 'chacha20-poly1305@openssh.com';
const ETM = 'hmac-sha2-256-etm@openssh.com';

/** Cipher and MAC, and the levels that go on with a server that does not do strict key exchange. */
const PAIRS: readonly (readonly [cipher: string, mac: string, without: readonly StrictKexLevel[]])[] = [
  [CHACHA, 'hmac-sha2-256', ['off', 'offer']],
  ['aes128-cbc', ETM, ['off', 'offer']],
  ['aes128-cbc', 'hmac-sha2-256', ['off', 'offer', 'protect']],
  ['aes128-ctr', ETM, ['off', 'offer', 'protect']],
  ['aes128-gcm@openssh.com', 'hmac-sha2-256', ['off', 'offer', 'protect']],
];

/** Goes through all levels; gives those that went on. */
async function goOn(
  server: ServerInfo,
  algorithms: AlgorithmOptions,
  serverIsStrict: boolean,
): Promise<string[]> {
  const done: string[] = [];
  for (const strictKex of levels) {
    const options = await loginTo(server, { algorithms, strictKex });
    const what = `${strictKex} ${algorithms.ciphers?.join()}`;
    try {
      await using ssh = await connect(options);
      assert.equal(ssh.algorithms.strictKex, serverIsStrict && strictKex !== 'off', what);
      done.push(strictKex);
    } catch (error) {
      assert.match(
        String(error),
        /SSH_NEGOTIATION|the server does not do strict key exchange/,
        `${what}: ${error}`,
      );
    }
  }
  return done;
}

for (const name of ['openssh', 'openssh10', 'dropbear'] as const) {
  test(`${name} does strict key exchange: every level goes on, and all but off are strict`, {
    ...requireServer(name),
    timeout: 30_000,
  }, async () => {
    const algorithms = { ciphers: [CHACHA] };
    assert.deepEqual(await goOn(realServer(name), algorithms, true), levels);
  });
}

test('strict key exchange with asyncssh, and with one that does not know it: which levels go on', {
  timeout: 60_000,
}, async (t) => {
  for (const strictKex of [true, false]) {
    const start = () => startAsyncssh({ name: `strict-${strictKex}`, algorithms: 'all', strictKex });
    await using server = await startOnDemand(t, ASYNCSSH, start);
    if (server === undefined) return;
    for (const [cipher, mac, without] of PAIRS) {
      const algorithms = { ciphers: [cipher], macs: [mac], kex: ['curve25519-sha256'] };
      const wanted = strictKex ? levels : without;
      assert.deepEqual(await goOn(server, algorithms, strictKex), wanted, `${cipher} ${mac}`);
    }
  }
});

test('TinySSH of before strict key exchange has chacha20-poly1305 only: off and offer go on', {
  ...requireServer('tinysshd'),
  timeout: 30_000,
}, async () => {
  const server = realServer('tinysshd');
  await using first = await connect(await loginTo(server));
  const isStrict = Number(server.version.slice(0, 4)) >= 2024;
  assert.equal(first.algorithms.strictKex, isStrict);
  assert.deepEqual(await goOn(server, {}, isStrict), isStrict ? levels : ['off', 'offer']);
});

const SIZE = 12_000_000;

/** How keys are exchanged anew while so many bytes go up and come down; `wanted` is the least number of times. */
const REKEYS: Readonly<
  Record<string, { options?: Partial<ConnectOptions>; server?: string; each?: number; wanted: number }>
> = {
  // Some 370 packets go up. What is under way when an exchange begins comes on top: no more is sure.
  'by packets': { options: { rekeyPackets: 50 }, wanted: 7 },
  'by bytes': { options: { rekeyBytes: 1_000_000 }, wanted: 11 },
  'on demand': { each: 1_000_000, wanted: 22 },
  // sshd 9.2 takes the bytes of the packet to send for blocks: with 64 KiB every packet is one too many.
  'when the server asks': { options: { maxPacketSize: 32_768 }, server: '1M', wanted: 12 },
  'by packets, and when the server asks': {
    options: { maxPacketSize: 32_768, rekeyPackets: 50 },
    server: '1M',
    wanted: 19,
  },
};

/** The key exchanges after the first one, as sshd tells them. */
function rekeysOf(server: { log(): string }): number {
  return (server.log().match(/SSH2_MSG_NEWKEYS received/g)?.length ?? 0) - 1;
}

for (const [what, { options = {}, server: rekeyLimit, each, wanted }] of Object.entries(REKEYS)) {
  test(`new keys ${what}, in the middle of transfers both ways`, {
    ...requireSshd(),
    timeout: 60_000,
  }, async () => {
    await using scratch = await makeScratch();
    await using server = await startSshd({
      name: 'rekeys',
      logLevel: 'DEBUG1',
      ...(rekeyLimit === undefined ? {} : { rekeyLimit }),
    });
    const ours: string[] = [];
    const log = (event: LogEvent) => event.kind === 'rekey' && ours.push(event.reason);
    const algorithms = { kex: ['curve25519-sha256'] };
    await withSftp(await loginTo(server, { algorithms, log, ...options }), async (sftp, ssh) => {
      let next = each ?? Number.POSITIVE_INFINITY;
      const onData = async (_: Uint8Array, offset: number): Promise<void> => {
        if (offset < next) return;
        next += each!;
        await ssh.rekey();
      };
      const content = pattern(SIZE);
      const file = `${scratch.path}/file`;
      await writeFile(`${file}-source`, content);
      await sftp.upload(`${file}-source`, file, { onData });
      assertSameBytes(await readFile(file), content, 'up');
      next = each ?? next;
      await sftp.download(file, `${file}-copy`, { onData });
      assertSameBytes(await readFile(`${file}-copy`), content, 'down');
    });
    const done = rekeysOf(server);
    assert.ok(done >= wanted, `${done} re-keys`);
    if (rekeyLimit === undefined) assert.equal(ours.length, done);
  });
}

test('new keys by the clock, while bytes go up and come down', {
  ...requireSshd(),
  timeout: 60_000,
}, async () => {
  await using scratch = await makeScratch();
  await using server = await startSshd({ name: 'clock', logLevel: 'DEBUG1' });
  const login = await loginTo(server, { rekeyInterval: 1000 });
  await withSftp(login, async (sftp) => {
    const content = pattern(3_000_000);
    await writeFile(`${scratch.path}/down`, content, { mode: 0o644 });
    const slow = { rateLimit: 1_000_000 };
    await Promise.all([
      sftp.upload(content, `${scratch.path}/up`, slow),
      sftp.download(`${scratch.path}/down`, `${scratch.path}/copy`, slow),
    ]);
    assertSameBytes(await readFile(`${scratch.path}/up`), content, 'up');
    assertSameBytes(await readFile(`${scratch.path}/copy`), content, 'down');
  });
  assert.ok(rekeysOf(server) >= 2, `${rekeysOf(server)} re-keys`);
});
