import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../../../src/base/bytes.ts';
import type { ScriptedPeer, Step } from '../../support/peer/scripted-peer.ts';
import { accept, gone, keys, payloadOf, play, success, version } from './play.ts';

/** In one piece, so that it arrives before the client has said a word under the new keys. */
const unaskedAccept: Step = (p) => {
  p.newKeys();
  p.payload([6, 0, 0, 0, 0]);
};

/** Attacks of the last years, and mistakes in the order of things: each ends in SSH_PROTOCOL. */
const ATTACKS: readonly (readonly [what: string, steps: readonly Step[], message: RegExp])[] = [
  [
    'login success before any request (libssh CVE-2018-10933, turned round)',
    [version, keys, (p) => p.payload([52])],
    /USERAUTH_SUCCESS is not legal in state clientService/,
  ],
  [
    'service accepted unasked',
    [version, (p) => p.kexInit(), (p) => p.agree(), unaskedAccept],
    /SERVICE_ACCEPT without a request/,
  ],
  [
    'a second service accept',
    [version, keys, accept, (p) => p.payload([6, 0, 0, 0, 0])],
    /SERVICE_ACCEPT is not legal/,
  ],
  [
    'channel data before login',
    [version, keys, accept, (p) => p.payload([94, ...new Array<number>(8).fill(0)])],
    /CHANNEL_DATA is not legal/,
  ],
  [
    'a channel opened during login',
    [version, keys, accept, (p) => p.payload([90])],
    /CHANNEL_OPEN is not legal/,
  ],
  [
    'a key exchange message after NEWKEYS',
    [version, keys, (p) => p.payload([31])],
    /message 31 is not legal/,
  ],
  ['NEWKEYS after NEWKEYS', [version, keys, (p) => p.payload([21])], /NEWKEYS is not legal/],
  ['NEWKEYS before KEXINIT', [version, (p) => p.payload([21])], /NEWKEYS before the keys were agreed/],
  [
    'NEWKEYS before the reply',
    [version, (p) => p.kexInit(), (p) => p.payload([21])],
    /NEWKEYS before the keys were agreed/,
  ],
  ['KEXINIT twice', [version, (p) => p.kexInit(), (p) => p.kexInit()], /a second KEXINIT/],
  ['a reply before KEXINIT', [version, (p) => p.payload([31])], /key exchange message 31 out of turn/],
  [
    'two replies',
    [version, (p) => p.kexInit(), (p) => p.agree(), (p) => p.payload([31]), (p) => p.newKeys()],
    /key exchange message 31 out of turn/,
  ],
  [
    'EXT_INFO before NEWKEYS (asyncssh CVE-2023-46445)',
    [version, (p) => p.kexInit(), (p) => p.payload(payloadOf(7))],
    /EXT_INFO is not legal/,
  ],
  [
    'EXT_INFO twice',
    [version, keys, (p) => p.payload(payloadOf(7)), (p) => p.payload(payloadOf(7))],
    /a second EXT_INFO/,
  ],
  [
    'EXT_INFO twice while logging in',
    [
      version,
      keys,
      (p) => p.payload(payloadOf(7)),
      accept,
      (p) => p.payload(payloadOf(7)),
      (p) => p.payload(payloadOf(7)),
    ],
    /a second EXT_INFO/,
  ],
  [
    'EXT_INFO after login',
    [version, keys, accept, success, (p) => p.payload(payloadOf(7))],
    /EXT_INFO is not legal in state open/,
  ],
  [
    'IGNORE before KEXINIT under strict key exchange (Terrapin)',
    [version, (p) => p.payload(payloadOf(2)), (p) => p.kexInit()],
    /strict key exchange/,
  ],
  [
    'IGNORE after KEXINIT under strict key exchange',
    [version, (p) => p.kexInit(), (p) => p.payload(payloadOf(2))],
    /IGNORE is not legal in state firstKexStrict/,
  ],
  [
    'a login message without a request',
    [version, keys, accept, success, (p) => p.payload([51, 0, 0, 0, 0, 0])],
    /not legal in state open/,
  ],
  [
    'SUCCESS twice',
    [version, keys, accept, success, (p) => p.payload([52])],
    /USERAUTH_SUCCESS is not legal in state open/,
  ],
];

for (const [what, steps, message] of ATTACKS) {
  test(`refused: ${what}`, async () => {
    const { error, peer } = await play([...steps, gone], true, 15);
    assert.equal(error?.code, 'SSH_PROTOCOL', String(error));
    assert.match(error!.message, message);
    assert.equal(toHex(peer.received.at(-1)!.subarray(0, 5)), '0100000002');
  });
}

test('without strict key exchange IGNORE and DEBUG may come at any time of the first exchange', async () => {
  const noise: Step = (p) => {
    p.payload(payloadOf(2));
    p.payload(payloadOf(4));
  };
  const steps = [
    version,
    noise,
    (p: ScriptedPeer) => p.kexInit(),
    noise,
    (p: ScriptedPeer) => p.agree(),
    noise,
  ];
  const { error, client } = await play([...steps, (p) => p.newKeys(), accept, success], false);
  assert.equal(error, undefined);
  assert.equal(client, true);
});

test('one EXT_INFO after NEWKEYS and one while logging in are what RFC 8308 allows', async () => {
  const { error, client } = await play([
    version,
    keys,
    (p) => p.payload(payloadOf(7)),
    accept,
    (p) => p.payload(payloadOf(7)),
    success,
  ]);
  assert.equal(error, undefined);
  assert.equal(client, true);
});
