/** What is secret is not left in memory that is given up, as far as one can see it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemRandom } from '../../src/base/random.ts';
import type { AuthContext } from '../../src/ssh/auth/method.ts';
import { passwordMethod } from '../../src/ssh/auth/password.ts';
import { KEX_ALGORITHMS } from '../../src/ssh/crypto/key-exchanges.ts';
import { encodeSecret } from '../../src/ssh/transport/key-exchange.ts';
import { PacketWriter } from '../../src/ssh/transport/packet-writer.ts';
import { WireWriter } from '../../src/ssh/wire/writer.ts';
import { memoryPair } from '../support/peer/memory-pair.ts';

const PASSWORD = 'correct horse battery staple';

/** The memory that is made while `work` runs and is still there, other than `kept`. */
function memoryOf<T>(work: () => T): { result: T; made: Uint8Array[] } {
  const made: Uint8Array[] = [];
  const { set } = Uint8Array.prototype;
  Uint8Array.prototype.set = function (this: Uint8Array, ...args: Parameters<typeof set>) {
    made.push(this);
    return set.apply(this, args);
  };
  try {
    return { result: work(), made };
  } finally {
    Uint8Array.prototype.set = set;
  }
}

function holding(memory: readonly Uint8Array[], text: string): number {
  return memory.filter((bytes) => Buffer.from(bytes).includes(text)).length;
}

test('a message that is taken leaves nothing of itself in the writer, however often that grew', () => {
  const { result, made } = memoryOf(() =>
    new WireWriter(4).text('me').secret(PASSWORD).text('x'.repeat(500)).take(),
  );
  assert.ok(Buffer.from(result).includes(PASSWORD));
  assert.ok(made.length > 2);
  assert.equal(holding(made, PASSWORD), 0);
});

test('a password that was sent is wiped from the request', async () => {
  let sent: Uint8Array | undefined;
  let seen = '';
  const context = {
    request: async (_method: string, specific: Uint8Array) => {
      sent = specific;
      seen = Buffer.from(specific).toString();
      return Uint8Array.of(52);
    },
    outcome: () => ({ kind: 'success' }),
  } as unknown as AuthContext;
  await passwordMethod(PASSWORD).attempt(context);
  assert.ok(seen.includes(PASSWORD));
  assert.deepEqual(new Set(sent), new Set([0]));
});

test('what was sealed is wiped once the login is over', () => {
  const writer = new PacketWriter(memoryPair().client, systemRandom);
  let clear: Uint8Array | undefined;
  const sealer = {
    blockLength: 8,
    alignFrom: 4 as const,
    tagLength: 0,
    seal: (_sequence: number, packet: Uint8Array, length: number) => {
      clear = packet;
      return length;
    },
  };
  writer.arm(sealer, false);
  writer.packet(new WireWriter().u8(50).text(PASSWORD).finish());
  assert.equal(holding([clear!], PASSWORD), 1);
  writer.forget();
  assert.equal(holding([clear!], PASSWORD), 0);
});

test('the secret of a key exchange is wiped when it has been encoded', () => {
  for (const row of Object.values(KEX_ALGORITHMS)) {
    const raw = Buffer.from(PASSWORD);
    const { result, made } = memoryOf(() => encodeSecret(row, raw));
    assert.ok(Buffer.from(result).includes(PASSWORD));
    assert.equal(holding([raw, ...made], PASSWORD), 0);
  }
});
