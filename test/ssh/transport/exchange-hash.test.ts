import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { toHex } from '../../../src/base/bytes.ts';
import { systemRandom } from '../../../src/base/random.ts';
import { DH_GROUPS } from '../../../src/ssh/crypto/kex/dh-groups.ts';
import { KEX_ALGORITHMS, type KexRow } from '../../../src/ssh/crypto/key-exchanges.ts';
import { deriveDirectionKeys } from '../../../src/ssh/transport/derive-keys.ts';
import { agreeAsClient, agreeAsServer, type KexChannel } from '../../../src/ssh/transport/key-exchange.ts';
import { COMBINATIONS } from '../crypto/packet/combinations.ts';

/** An SSH string, made without the code under test. */
function string(bytes: Uint8Array | string): Buffer {
  const body = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : Buffer.from(bytes);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/** The strings of a payload behind its number. */
function strings(payload: Uint8Array): Buffer[] {
  const all: Buffer[] = [];
  const bytes = Buffer.from(payload);
  for (let at = 1; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    all.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return all;
}

const VERSIONS = { clientVersion: 'SSH-2.0-ours', serverVersion: 'SSH-2.0-d\u00e9j\u00e0 \u00c3\u00bc' };
const INITS = { clientInit: Buffer.from('\x14 client init'), serverInit: Buffer.from('\x14 server init') };

/** Runs a method with both roles; the results, and every message by its sender. */
async function run(row: KexRow) {
  const sent: { from: 'client' | 'server'; payload: Uint8Array }[] = [];
  const inbox = { client: [] as Uint8Array[], server: [] as Uint8Array[] };
  const waiting: { client?: (payload: Uint8Array) => void; server?: (payload: Uint8Array) => void } = {};
  const channel = (me: 'client' | 'server', other: 'client' | 'server'): KexChannel => ({
    ...VERSIONS,
    ...INITS,
    random: systemRandom,
    send(payload) {
      sent.push({ from: me, payload });
      const wake = waiting[other];
      delete waiting[other];
      if (wake === undefined) inbox[other].push(payload);
      else wake(payload);
    },
    receive: () =>
      new Promise((resolve) => {
        const ready = inbox[me].shift();
        if (ready === undefined) waiting[me] = resolve;
        else resolve(ready);
      }),
  });
  const signer = { blob: Buffer.from('host key blob'), sign: () => Buffer.from('signature') };
  const [client, server] = await Promise.all([
    agreeAsClient(row, channel('client', 'server')),
    agreeAsServer(row, channel('server', 'client'), signer, () => DH_GROUPS.group15),
  ]);
  return { client, server, sent };
}

for (const [name, row] of Object.entries(KEX_ALGORITHMS) as [string, KexRow][]) {
  test(`${name}: H is the hash of just what the RFC lists, with the version lines byte for byte`, async () => {
    const { client, server, sent } = await run(row);
    const parts = [
      string(VERSIONS.clientVersion),
      string(VERSIONS.serverVersion),
      string(INITS.clientInit),
      string(INITS.serverInit),
      string('host key blob'),
    ];
    const numbers = sent.map(({ payload }) => payload[0]);
    if (row.family === 'gex') {
      // RFC 4419 section 3: min, n and max as they were sent, then p and g, then e, f and K.
      assert.deepEqual(numbers, [34, 31, 32, 33]);
      parts.push(Buffer.from(sent[0]!.payload.subarray(1)), Buffer.from(sent[1]!.payload.subarray(1)));
    } else {
      assert.deepEqual(numbers, [30, 31]);
    }
    const [init, reply] = [sent.at(-2)!.payload, sent.at(-1)!.payload];
    const [, serverPublic] = strings(reply);
    parts.push(string(strings(init)[0]!), string(serverPublic!), Buffer.from(client.secret));
    const expected = createHash(row.hash).update(Buffer.concat(parts)).digest('hex');
    assert.equal(toHex(client.exchangeHash), expected);
    assert.equal(toHex(server.exchangeHash), expected);
    assert.equal(toHex(server.secret), toHex(client.secret));
    assert.equal(client.secret.length, 4 + Buffer.from(client.secret).readUInt32BE(0));
  });
}

test('keys: RFC 4253 section 7.2, lengthened as often as the cipher needs', () => {
  const hash = 'sha256';
  const [secret, exchangeHash, sessionId] = [string('secret'), Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  const material = { hash, secret, exchangeHash, sessionId };
  const derive = (letter: string, length: number): string => {
    const h = (...more: Buffer[]): Buffer =>
      createHash(hash)
        .update(Buffer.concat([secret, exchangeHash, ...more]))
        .digest();
    let key = h(Buffer.from(letter), sessionId);
    while (key.length < length) key = Buffer.concat([key, h(key)]);
    return key.subarray(0, length).toString('hex');
  };
  const LETTERS = { clientToServer: 'ACE', serverToClient: 'BDF' } as const;
  for (const { cipher, cipherName, mac, macName } of COMBINATIONS) {
    for (const way of ['clientToServer', 'serverToClient'] as const) {
      const keys = deriveDirectionKeys(material, way, {
        cipher,
        cipherName,
        mac,
        macName,
        compression: 'none',
      });
      const [iv, key, macKey] = LETTERS[way];
      assert.equal(toHex(keys.iv), derive(iv!, cipher.ivLength));
      assert.equal(toHex(keys.key), derive(key!, cipher.keyLength));
      assert.equal(toHex(keys.macKey), derive(macKey!, mac?.keyLength ?? 0));
    }
  }
});
