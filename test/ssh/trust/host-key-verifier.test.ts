import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { isWherryError } from '../../../src/base/errors.ts';
import { fingerprint } from '../../../src/ssh/keys/fingerprint.ts';
import { encodePublicKey, parsePublicKey } from '../../../src/ssh/keys/public-key.ts';
import { fingerprints } from '../../../src/ssh/trust/fingerprints.ts';
import {
  acceptAny,
  acceptCallback,
  anyOf,
  type HostKeyContext,
  type HostKeyRefusalCode,
  type HostKeyVerifier,
  refuse,
} from '../../../src/ssh/trust/host-key-verifier.ts';

const key = parsePublicKey(encodePublicKey(generateKeyPairSync('ed25519').publicKey));
const other = parsePublicKey(encodePublicKey(generateKeyPairSync('ed25519').publicKey));
const context: HostKeyContext = {
  host: 'example.com',
  port: 22,
  key,
  algorithm: 'ssh-ed25519',
  fingerprint: fingerprint(key.blob),
};

function refusing(code: HostKeyRefusalCode, types: readonly string[] = []): HostKeyVerifier {
  return { verify: () => refuse(code, `says ${code}`), keyTypes: () => types };
}

const CASES: readonly [name: string, verifiers: readonly HostKeyVerifier[], outcome: string][] = [
  ['nobody', [], 'HOST_KEY_UNKNOWN'],
  ['unknown, then accepted', [refusing('HOST_KEY_UNKNOWN'), acceptAny()], 'accept'],
  ['rejected, then accepted', [refusing('HOST_KEY_REJECTED'), acceptAny()], 'accept'],
  ['changed ends it', [refusing('HOST_KEY_CHANGED'), acceptAny()], 'HOST_KEY_CHANGED'],
  [
    'revoked ends it',
    [refusing('HOST_KEY_UNKNOWN'), refusing('HOST_KEY_REVOKED'), acceptAny()],
    'HOST_KEY_REVOKED',
  ],
  ['the first acceptance wins', [acceptAny(), refusing('HOST_KEY_REVOKED')], 'accept'],
  [
    'the most specific refusal',
    [refusing('HOST_KEY_REJECTED'), refusing('HOST_KEY_UNKNOWN')],
    'HOST_KEY_REJECTED',
  ],
  ['also later on', [refusing('HOST_KEY_UNKNOWN'), refusing('HOST_KEY_REJECTED')], 'HOST_KEY_REJECTED'],
  ['anyOf within anyOf', [anyOf(refusing('HOST_KEY_CHANGED')), acceptAny()], 'HOST_KEY_CHANGED'],
];
for (const [name, verifiers, outcome] of CASES) {
  test(`anyOf: ${name}`, async () => {
    const decision = await anyOf(...verifiers).verify(context);
    assert.equal(decision.accept ? 'accept' : decision.code, outcome);
  });
}

test('anyOf: key types of all, each once, in order', async () => {
  const all = anyOf(
    refusing('HOST_KEY_UNKNOWN', ['ssh-rsa', 'x']),
    acceptAny(),
    refusing('HOST_KEY_UNKNOWN', ['x', 'y']),
  );
  assert.deepEqual(await all.keyTypes?.('h', 22), ['ssh-rsa', 'x', 'y']);
});

test('anyOf: what a verifier throws is not swallowed', async () => {
  const broken: HostKeyVerifier = {
    verify() {
      throw new Error('disk on fire');
    },
  };
  await assert.rejects(async () => anyOf(broken, acceptAny()).verify(context), /disk on fire/);
});

test('acceptCallback: only true accepts', async () => {
  assert.ok((await acceptCallback(() => true).verify(context)).accept);
  assert.ok((await acceptCallback(async ({ host }) => host === 'example.com').verify(context)).accept);
  for (const answer of [false, undefined, 1, 'yes', {}] as boolean[]) {
    const decision = await acceptCallback(() => answer).verify(context);
    assert.equal(!decision.accept && decision.code, 'HOST_KEY_REJECTED');
  }
});

test('acceptAny says in its reason that nothing was checked', async () => {
  assert.match((await acceptAny().verify(context)).reason, /unchecked/);
});

test('fingerprints: any of them, in any form; another key is rejected', async () => {
  const md5 = fingerprint(key.blob, 'md5').slice(4);
  for (const text of [context.fingerprint, md5, md5.replaceAll(':', ''), fingerprint(key.blob, 'sha1')]) {
    const trust = fingerprints([fingerprint(other.blob), text]);
    assert.ok((await trust.verify(context)).accept, text);
  }
  const decision = await fingerprints([fingerprint(other.blob)]).verify(context);
  assert.equal(!decision.accept && decision.code, 'HOST_KEY_REJECTED');
  assert.ok(decision.reason.includes(context.fingerprint));
  assert.ok(!(await fingerprints([]).verify(context)).accept);
  assert.throws(
    () => fingerprints(['nonsense']),
    (e) => isWherryError(e) && e.code === 'INVALID_ARGUMENT',
  );
});
