import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../../../src/base/bytes.ts';
import type { LogEvent } from '../../../src/base/log.ts';
import { KEX_ALGORITHMS } from '../../../src/ssh/crypto/key-exchanges.ts';
import { SIGNATURE_ALGORITHMS, type SignatureName } from '../../../src/ssh/crypto/signatures.ts';
import { joinHalves, openClient } from '../../support/peer/client.ts';
import { fixedEd25519, TEST_KEY_TYPES, type TestKeyType, testKey } from '../../support/peer/host-keys.ts';
import { memoryPair } from '../../support/peer/memory-pair.ts';
import { serveSsh } from '../../support/peer/ssh-server.ts';
import { COMBINATIONS } from '../crypto/packet/combinations.ts';
import { shakeRandom } from '../crypto/seeded-random.ts';

const KEX = Object.keys(KEX_ALGORITHMS);
const HOST_KEYS = (Object.keys(SIGNATURE_ALGORITHMS) as SignatureName[]).filter((name) =>
  (TEST_KEY_TYPES as readonly string[]).includes(SIGNATURE_ALGORITHMS[name].keyType),
);
/** Some 50 ms of arithmetic each: not with every host key. */
const SLOW = /group1[68]|group-exchange|sntrup/;

const hostKeys = TEST_KEY_TYPES.map((type) => testKey(type));

/** Connects, has the peer answer once, and checks that both halves agree on everything. */
async function handshake(
  algorithms: { kex?: string[]; hostKey?: string[]; ciphers?: string[]; macs?: string[] },
  chunk: number,
): Promise<void> {
  const presented: string[] = [];
  await using joined = await joinHalves({
    both: { algorithms },
    server: { hostKeys },
    client: {
      verify: async ({ algorithm, key, fingerprint }) => {
        presented.push(algorithm, key.type);
        assert.match(fingerprint, /^SHA256:[A-Za-z0-9+/]{43}$/);
      },
    },
    line: { chunk },
  });
  const [ours, theirs] = [joined.client.transport, joined.server.transport];
  assert.equal(toHex(ours.sessionId), toHex(theirs.sessionId));
  assert.deepEqual(ours.negotiated, theirs.negotiated);
  assert.equal(ours.strict && theirs.strict, true);
  const { negotiated } = ours;
  if (algorithms.kex !== undefined) assert.equal(negotiated!.kexName, algorithms.kex[0]);
  if (algorithms.ciphers !== undefined) {
    for (const way of [negotiated!.clientToServer, negotiated!.serverToClient]) {
      assert.equal(way.cipherName, algorithms.ciphers[0]);
      assert.equal(way.macName, algorithms.macs?.[0]);
    }
  }
  const name = negotiated!.hostKey;
  assert.deepEqual(presented, [name, SIGNATURE_ALGORITHMS[name as SignatureName].keyType]);
  if (algorithms.hostKey !== undefined) assert.equal(name, algorithms.hostKey[0]);
  await joined.client.ping();
}

for (const [k, kex] of KEX.entries()) {
  const names = SLOW.test(kex) ? [HOST_KEYS[k % HOST_KEYS.length]!] : HOST_KEYS;
  for (const hostKey of names) {
    test(`handshake: ${kex} and ${hostKey}`, () => handshake({ kex: [kex], hostKey: [hostKey] }, 65_536));
  }
}

for (const { name, cipherName, macName } of COMBINATIONS) {
  for (const chunk of [1, 7, 4096]) {
    test(`handshake: ${name} in pieces of ${chunk}`, () =>
      handshake({ ciphers: [cipherName], ...(macName === undefined ? {} : { macs: [macName] }) }, chunk));
  }
}

for (const kex of KEX.filter((name) => !SLOW.test(name))) {
  test(`handshake: ${kex} byte by byte`, () => handshake({ kex: [kex] }, 1));
}

test('handshake: in pieces of changing size, over a line with latency', async () => {
  let n = 0;
  await using joined = await joinHalves({ line: { latency: 3, chunk: () => (n = (n * 7 + 1) % 300) } });
  await joined.client.ping();
});

test('strict key exchange takes both sides; without it everything works all the same', async () => {
  for (const [client, server] of [
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ] as const) {
    await using joined = await joinHalves({ client: { strictKex: client }, server: { strictKex: server } });
    const strict = client && server;
    assert.equal(joined.client.transport.strict, strict);
    assert.equal(joined.server.transport.strict, strict);
    joined.client.rekey();
    await joined.client.ping();
    joined.server.transport.rekey('test');
    await joined.client.ping();
  }
});

test('EXT_INFO: the client learns which signatures the server takes', async () => {
  const hostKey = ['rsa-sha2-256', 'ssh-ed25519'];
  await using joined = await joinHalves({ server: { hostKeys, algorithms: { hostKey } } });
  assert.deepEqual(joined.client.transport.peerSignatureAlgorithms, hostKey);
  assert.equal(joined.server.transport.peerSignatureAlgorithms, undefined);
});

test('a host key of each type alone: the client chooses an algorithm that goes with it', async () => {
  for (const type of TEST_KEY_TYPES) {
    const names = HOST_KEYS.filter((name) => SIGNATURE_ALGORITHMS[name as SignatureName].keyType === type);
    const hostKey = names.filter((name) => SIGNATURE_ALGORITHMS[name].security === 'default');
    await using joined = await joinHalves({
      server: { hostKeys: [testKey(type as TestKeyType)], algorithms: { hostKey } },
    });
    assert.equal(joined.client.transport.negotiated!.hostKey, hostKey[0]);
  }
});

test('the log tells the story of a connection, without a packet of it missing', async () => {
  const events: LogEvent[] = [];
  {
    await using joined = await joinHalves({ client: { logger: (event) => events.push(event) } });
    await joined.client.ping();
  }
  const kinds = events.filter((event) => event.kind !== 'packet').map((event) => event.kind);
  assert.deepEqual(kinds, ['version', 'negotiated', 'auth', 'closed']);
  const incoming = events.flatMap((event) =>
    event.kind === 'packet' && event.direction === 'in' ? [event.message] : [],
  );
  assert.deepEqual(incoming, [
    'SSH_MSG_KEXINIT',
    'message 31',
    'SSH_MSG_NEWKEYS',
    'SSH_MSG_EXT_INFO',
    'SSH_MSG_SERVICE_ACCEPT',
    'SSH_MSG_USERAUTH_SUCCESS',
    'SSH_MSG_REQUEST_FAILURE',
  ]);
});

test('the same random bytes make the same connection, byte for byte, both ways', async () => {
  const record = async (chunk: number): Promise<[string, string]> => {
    const joined = await joinHalves({
      both: { algorithms: { kex: ['curve25519-sha256'] } },
      client: { random: shakeRandom('client', 200_000) },
      server: { random: shakeRandom('server', 200_000), hostKeys: [fixedEd25519(Buffer.alloc(32, 7))] },
      line: { record: true, chunk },
    });
    await joined.client.ping();
    await joined.client.close();
    return [toHex(joined.pair.clientToServer.transcript), toHex(joined.pair.serverToClient.transcript)];
  };
  const [one, two] = [await record(4096), await record(5)];
  assert.ok(one[0].length > 1000 && one[1].length > 1000);
  assert.deepEqual(two, one);
});

test('a login without proof wastes no round trip: version goes with KEXINIT, the service request with the login', async () => {
  const pair = memoryPair({ latency: 2 });
  const flights: string[] = [];
  for (const side of ['client', 'server'] as const) {
    const write = pair[side].write.bind(pair[side]);
    pair[side].write = (bytes, done) => {
      if (flights.at(-1) !== side) flights.push(side);
      write(bytes, done);
    };
  }
  serveSsh(pair.server);
  const client = await openClient(pair.client);
  // Both begin at once; then the public value, the reply, service request and login, and the yes.
  assert.deepEqual(flights, ['server', 'client', 'server', 'client', 'server']);
  await client.close();
});
