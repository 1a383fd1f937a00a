import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WherryError } from '../../../src/base/errors.ts';
import { passwordMethod } from '../../../src/ssh/auth/password.ts';
import type { HostKeySigner } from '../../../src/ssh/transport/key-exchange.ts';
import { WireReader } from '../../../src/ssh/wire/reader.ts';
import { openClient, type TestClientOptions } from '../../support/peer/client.ts';
import { TEST_KEY_TYPES, testKey } from '../../support/peer/host-keys.ts';
import { memoryPair } from '../../support/peer/memory-pair.ts';
import { type ScriptedPeerOptions, type Step, scriptedPeer } from '../../support/peer/scripted-peer.ts';

const secret = passwordMethod('the secret');
const DISCONNECT = 1;

/** Meets a server that lies about its key; what the client reported, and what it had sent by then. */
async function meet(
  twist: ((signer: HostKeySigner) => HostKeySigner) | undefined,
  client: TestClientOptions = {},
  peerOptions: ScriptedPeerOptions = {},
) {
  const pair = memoryPair();
  const steps: Step[] = [
    (p) => p.version(),
    (p) => p.kexInit(),
    (p) => p.agree(twist),
    (p) => p.newKeys(),
    async (p) => {
      await p.next(5);
      p.payload([6, 0, 0, 0, 0]);
    },
  ];
  const { peer, done } = scriptedPeer(pair.server, steps, peerOptions);
  const opened = openClient(pair.client, { methods: [secret], ...client });
  const error = await opened.then(
    () => assert.fail('logged in'),
    (cause: WherryError) => cause,
  );
  await done.catch(() => {});
  // Our DISCONNECT is on its way; a busy machine takes its time.
  for (let wait = 0; wait < 100 && !peer.numbers.includes(DISCONNECT); wait++) await sleep(5);
  return { error, peer, pair };
}

/** KEXINIT, our public value and a DISCONNECT at most: no NEWKEYS, no service request, no credential. */
function assertNothingSaid(numbers: readonly number[], reason?: number, payload?: Uint8Array): void {
  assert.ok(
    numbers.every((number) => [20, 30, 1].includes(number)),
    `messages ${numbers.join(' ')}`,
  );
  if (reason !== undefined) assert.equal(new WireReader(payload!, 1).u32(), reason);
}

/** One bit of byte `at`, from the end where that is negative. */
const flip = (bytes: Uint8Array, at: number): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  copy[at < 0 ? copy.length + at : at]! ^= 1;
  return copy;
};

for (const type of TEST_KEY_TYPES) {
  const hostKey = testKey(type);
  const another = testKey(type, 'another');
  const algorithm = type === 'ssh-rsa' ? 'rsa-sha2-512' : type;
  const algorithms = { hostKey: [algorithm] };
  const LIES: readonly (readonly [what: string, twist: (signer: HostKeySigner) => HostKeySigner])[] = [
    ['a flipped bit', (s) => ({ ...s, sign: (hash) => flip(s.sign(hash), -1) })],
    ['another hash', (s) => ({ ...s, sign: (hash) => s.sign(flip(hash, 0)) })],
    ["another key's signature", (s) => ({ ...s, sign: (hash) => another.sign(algorithm, hash) })],
    ['no signature', (s) => ({ ...s, sign: () => new Uint8Array(0) })],
    ['junk', (s) => ({ ...s, sign: () => new Uint8Array(64).fill(1) })],
    ["another algorithm's name", (s) => ({ ...s, sign: (hash) => flip(s.sign(hash), 5) })],
  ];
  for (const [what, twist] of LIES) {
    test(`${type}: ${what} for a proof is SSH_HOST_KEY_SIGNATURE before the trust source is asked`, async () => {
      let asked = 0;
      const verify = async (): Promise<void> => void asked++;
      const { error, peer } = await meet(twist, { verify, algorithms }, { hostKey, algorithms });
      assert.equal(error.code, 'SSH_HOST_KEY_SIGNATURE');
      assert.match(error.message, /SHA256:/);
      assert.equal(asked, 0);
      assertNothingSaid(peer.numbers, 9, peer.received.at(-1));
    });
  }
}

test('a sound signature of the weaker algorithm, where the stronger was agreed on, is refused', async () => {
  const hostKey = testKey('ssh-rsa');
  const algorithms = { hostKey: ['rsa-sha2-512'] };
  for (const weaker of ['rsa-sha2-256', 'ssh-rsa'] as const) {
    const twist = (s: HostKeySigner): HostKeySigner => ({ ...s, sign: (hash) => hostKey.sign(weaker, hash) });
    const { error, peer } = await meet(twist, { algorithms }, { hostKey, algorithms });
    assert.equal(error.code, 'SSH_HOST_KEY_SIGNATURE');
    assertNothingSaid(peer.numbers, 9, peer.received.at(-1));
  }
});

test('a key of another type than was agreed on, with a sound signature of its own', async () => {
  const ours = testKey('ecdsa-sha2-nistp256');
  const twist = (): HostKeySigner => ({
    blob: ours.publicKey.blob,
    sign: (hash) => ours.sign('ecdsa-sha2-nistp256', hash),
  });
  const algorithms = { hostKey: ['ssh-ed25519'] };
  const { error, peer } = await meet(twist, { algorithms }, { algorithms });
  assert.equal(error.code, 'SSH_HOST_KEY_SIGNATURE');
  assert.equal(error.details.keyType, 'ecdsa-sha2-nistp256');
  assertNothingSaid(peer.numbers, 9, peer.received.at(-1));
});

test('a host key that is no key at all is SSH_KEY_EXCHANGE', async () => {
  for (const blob of [
    new Uint8Array(0),
    Buffer.from('junk'),
    testKey('ssh-ed25519').publicKey.blob.subarray(0, 40),
  ]) {
    const { error, peer } = await meet((s) => ({ ...s, blob }));
    assert.equal(error.code, 'SSH_KEY_EXCHANGE');
    assertNothingSaid(peer.numbers, 3, peer.received.at(-1));
  }
});

test('a key nobody trusts: the trust source’s own error, and no credential was ever sent', async () => {
  for (const code of [
    'HOST_KEY_UNKNOWN',
    'HOST_KEY_CHANGED',
    'HOST_KEY_REVOKED',
    'HOST_KEY_REJECTED',
  ] as const) {
    const verify = async (): Promise<void> => {
      throw new WherryError(code, 'not this one');
    };
    const { error, peer, pair } = await meet(undefined, { verify });
    assert.equal(error.code, code);
    assertNothingSaid(peer.numbers, 9, peer.received.at(-1));
    assert.equal(pair.client.lateWrites, 0);
  }
});

test('a trust source that breaks, or is not there, fails closed', async () => {
  const broken = await meet(undefined, {
    verify: () => {
      throw new TypeError('a bug in the verifier');
    },
  });
  assert.match(broken.error.message, /a bug in the verifier/);
  assert.ok(broken.error.cause instanceof TypeError);
  assertNothingSaid(broken.peer.numbers);
});

test('the clock stands still while the trust source takes its time, and runs again afterwards', async () => {
  const verify = (): Promise<void> => sleep(600);
  const { error } = await meet(undefined, { verify, timeout: 300 });
  // The script stops after SERVICE_ACCEPT: silence during the login, not during the question.
  assert.equal(error.code, 'TIMEOUT');
  assert.equal(error.details.phase, 'login');
});

test('given up while the trust source is asked: its late yes sends nothing more', async () => {
  for (const late of [() => {}, () => Promise.reject(new Error('late no'))]) {
    const abort = new AbortController();
    let answer: () => void = () => {};
    const verify = (): Promise<void> =>
      new Promise<void>((resolve) => {
        answer = resolve;
        abort.abort();
      }).then(late);
    const { error, peer, pair } = await meet(undefined, { verify, signal: abort.signal });
    assert.equal(error.code, 'ABORTED');
    answer();
    await sleep(10);
    assertNothingSaid(peer.numbers);
    assert.equal(pair.client.lateWrites, 0);
  }
});
