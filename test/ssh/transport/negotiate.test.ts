import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemRandom } from '../../../src/base/random.ts';
import { CIPHERS } from '../../../src/ssh/crypto/ciphers.ts';
import { KEX_ALGORITHMS } from '../../../src/ssh/crypto/key-exchanges.ts';
import { MACS } from '../../../src/ssh/crypto/macs.ts';
import { SIGNATURE_ALGORITHMS } from '../../../src/ssh/crypto/signatures.ts';
import {
  decodeKexInit,
  encodeKexInit,
  KEXINIT_LISTS,
  type KexInit,
  type KexInitLists,
} from '../../../src/ssh/transport/kexinit.ts';
import { checkAlgorithmLists, MARKERS, negotiate } from '../../../src/ssh/transport/negotiate.ts';
import { algorithmLists } from '../../support/peer/defaults.ts';

const BASE: KexInitLists = {
  kex: ['curve25519-sha256', 'ecdh-sha2-nistp256'],
  hostKey: ['ssh-ed25519', 'rsa-sha2-256'],
  cipherOut: ['aes128-ctr', 'aes128-gcm@openssh.com'],
  cipherIn: ['aes128-ctr', 'aes128-gcm@openssh.com'],
  macOut: ['hmac-sha2-256', 'hmac-sha2-512'],
  macIn: ['hmac-sha2-256', 'hmac-sha2-512'],
  compressionOut: ['none'],
  compressionIn: ['none'],
  languageOut: [],
  languageIn: [],
};

const init = (lists: Partial<KexInitLists> = {}, firstKexPacketFollows = false): KexInit => ({
  ...encodeKexInit({ ...BASE, ...lists }, systemRandom),
  firstKexPacketFollows,
});

type Case = readonly [
  what: string,
  client: Partial<KexInitLists>,
  server: Partial<KexInitLists>,
  expected: object,
];

/** RFC 4253 section 7.1: the client's first name that the server also has, in each list by itself. */
const CASES: readonly Case[] = [
  ['both the same', {}, {}, { kexName: 'curve25519-sha256', hostKey: 'ssh-ed25519' }],
  [
    "the client's order counts",
    {},
    { kex: ['ecdh-sha2-nistp256', 'curve25519-sha256'], hostKey: ['rsa-sha2-256', 'ssh-ed25519'] },
    { kexName: 'curve25519-sha256', hostKey: 'ssh-ed25519' },
  ],
  ['only the second is common', {}, { kex: ['ecdh-sha2-nistp256'] }, { kexName: 'ecdh-sha2-nistp256' }],
  [
    "a server's unknown names are passed over",
    {},
    { kex: ['future-kex', 'curve25519-sha256'] },
    { kexName: 'curve25519-sha256' },
  ],
  [
    'a marker in both lists is never chosen',
    { kex: ['ext-info-c', 'kex-strict-c-v00@openssh.com', 'curve25519-sha256'] },
    { kex: ['ext-info-c', 'kex-strict-c-v00@openssh.com', 'curve25519-sha256'] },
    { kexName: 'curve25519-sha256' },
  ],
];

for (const [what, client, server, expected] of CASES) {
  test(`negotiate: ${what}`, () => {
    for (const role of ['client', 'server'] as const) {
      const result = negotiate(init(client), init(server), role);
      for (const [key, value] of Object.entries(expected)) {
        assert.equal(result[key as keyof typeof result], value);
      }
      assert.equal(result.kex, KEX_ALGORITHMS[result.kexName as keyof typeof KEX_ALGORITHMS]);
    }
  });
}

test('the two directions are negotiated one by one', () => {
  const server = init({ cipherIn: ['aes128-gcm@openssh.com'], macOut: ['hmac-sha2-512'] });
  const { clientToServer: out, serverToClient: into } = negotiate(init(), server, 'client');
  assert.equal(out.cipherName, 'aes128-ctr');
  assert.equal(out.macName, 'hmac-sha2-512');
  assert.equal(out.mac, MACS['hmac-sha2-512']);
  assert.equal(into.cipher, CIPHERS['aes128-gcm@openssh.com']);
});

for (const [name, row] of Object.entries(CIPHERS)) {
  test(`${name}: it needs a MAC, or has its own and the MAC lists may be empty or have nothing in common`, () => {
    const lists = { cipherOut: [name], cipherIn: [name] };
    const [client, server] = [
      init({ ...lists, macOut: ['hmac-sha2-256'], macIn: [] }),
      init({ ...lists, macOut: [], macIn: [] }),
    ];
    if (row.aead) {
      const { clientToServer: out, serverToClient: into } = negotiate(client, server, 'client');
      assert.deepEqual(
        [out.macName, out.mac, into.macName, into.mac],
        [undefined, undefined, undefined, undefined],
      );
    } else {
      assert.throws(() => negotiate(client, server, 'client'), /no common MAC \(client to server\)/);
    }
  });
}

for (const list of KEXINIT_LISTS.slice(0, 8)) {
  test(`${list}: nothing in common is SSH_NEGOTIATION, which shows both lists without markers or control characters`, () => {
    const theirs = ['evil\u001b[31m', 'other\r\nname', ...(list === 'kex' ? ['ext-info-s'] : [])];
    for (const role of ['client', 'server'] as const) {
      const [ours, peer] = [init(), init({ [list]: theirs })];
      const [client, server] = role === 'client' ? [ours, peer] : [peer, ours];
      assert.throws(
        () => negotiate(client, server, role),
        (error: { code: string; message: string; details: { ours: string[]; theirs: string[] } }) => {
          assert.equal(error.code, 'SSH_NEGOTIATION');
          assert.deepEqual(error.details.ours, BASE[list]);
          assert.deepEqual(error.details.theirs, ['evil?[31m', 'other??name']);
          assert.ok(
            error.message.includes(
              `we offer ${BASE[list].join(', ')}; the peer offers evil?[31m, other??name`,
            ),
          );
          return true;
        },
      );
    }
  });

  test(`${list}: an empty list is permitted on the wire, and says so when it matters`, () => {
    assert.deepEqual(decodeKexInit(init({ [list]: [] }).payload).lists[list], []);
    assert.throws(() => negotiate(init(), init({ [list]: [] }), 'client'), /the peer offers nothing/);
    assert.throws(() => negotiate(init({ [list]: [] }), init(), 'client'), /we offer nothing/);
  });
}

test('every marker is passed over, even where it is all that is common', () => {
  const markers = [...Object.values(MARKERS.extInfo), ...Object.values(MARKERS.strict)];
  for (const marker of markers) {
    assert.throws(() => negotiate(init({ kex: [marker] }), init({ kex: [marker] }), 'client'), {
      code: 'SSH_NEGOTIATION',
      details: { phase: 'key exchange method', ours: [], theirs: [] },
    });
  }
});

/** RFC 4253 section 7: a guess is right where the first names of both lists agree. */
const GUESSES: readonly (readonly [
  what: string,
  client: Partial<KexInitLists>,
  server: Partial<KexInitLists>,
  drop: boolean,
])[] = [
  ['right', {}, {}, false],
  ['wrong key exchange', { kex: ['ecdh-sha2-nistp256', 'curve25519-sha256'] }, {}, true],
  ['wrong host key', { hostKey: ['rsa-sha2-256', 'ssh-ed25519'] }, {}, true],
  ['other lists do not count', { cipherOut: ['aes128-gcm@openssh.com', 'aes128-ctr'] }, {}, false],
];

for (const [what, client, server, drop] of GUESSES) {
  test(`a guess of the peer's, ${what}: ${drop ? 'dropped' : 'kept'}; our side's flag or none: nothing to drop`, () => {
    assert.equal(negotiate(init(client), init(server, true), 'client').dropGuess, drop);
    assert.equal(negotiate(init(client, true), init(server), 'server').dropGuess, drop);
    assert.equal(negotiate(init(client, true), init(server), 'client').dropGuess, false);
    assert.equal(negotiate(init(client), init(server, true), 'server').dropGuess, false);
    assert.equal(negotiate(init(client), init(server), 'client').dropGuess, false);
  });
}

test('KEXINIT: lists, flag and payload come back; the payload is a copy', () => {
  const sent = init({ kex: ['a', 'b'], languageOut: ['de'] });
  const payload = Uint8Array.from(sent.payload);
  const back = decodeKexInit(payload);
  assert.deepEqual(back.lists, sent.lists);
  assert.equal(back.firstKexPacketFollows, false);
  payload.fill(0);
  assert.equal(Buffer.compare(back.payload, sent.payload), 0);
  const flagged = Uint8Array.from(sent.payload);
  flagged[flagged.length - 5] = 1;
  assert.equal(decodeKexInit(flagged).firstKexPacketFollows, true);
});

test('KEXINIT cut at any byte is SSH_MALFORMED; a list of over 1024 names LIMIT_EXCEEDED', () => {
  const { payload } = init();
  for (let cut = 1; cut < payload.length; cut++) {
    assert.throws(() => decodeKexInit(payload.subarray(0, cut)), { code: 'SSH_MALFORMED' });
  }
  const many = Array.from({ length: 1025 }, (_, i) => `k${i}`);
  assert.throws(() => decodeKexInit(init({ kex: many }).payload), { code: 'LIMIT_EXCEEDED' });
});

test('names the user gives: every row of a table is known, anything else is INVALID_ARGUMENT, and so is nothing', () => {
  checkAlgorithmLists(algorithmLists());
  checkAlgorithmLists({
    kex: Object.keys(KEX_ALGORITHMS),
    hostKey: Object.keys(SIGNATURE_ALGORITHMS),
    ciphers: Object.keys(CIPHERS),
    macs: Object.keys(MACS),
    compressions: ['none'],
  });
  for (const list of ['kex', 'hostKey', 'ciphers', 'macs', 'compressions'] as const) {
    for (const name of ['rot13', '', 'toString', '__proto__', 'ext-info-c', ' aes128-ctr']) {
      assert.throws(() => checkAlgorithmLists(algorithmLists({ [list]: [name] })), {
        code: 'INVALID_ARGUMENT',
        message: new RegExp(`unknown .* ${name}; known: `),
      });
    }
    assert.throws(() => checkAlgorithmLists(algorithmLists({ [list]: [] })), {
      code: 'INVALID_ARGUMENT',
      message: /is empty/,
    });
  }
});
