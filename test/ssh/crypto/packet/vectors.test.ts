import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { test } from 'node:test';
import { toHex } from '../../../../src/base/bytes.ts';
import { CIPHERS } from '../../../../src/ssh/crypto/ciphers.ts';
import { MACS, type MacRow } from '../../../../src/ssh/crypto/macs.ts';
import { makeOpener, makeSealer } from '../../../../src/ssh/crypto/packet/packet-ciphers.ts';
import { hex } from '../seeded-random.ts';

const none = new Uint8Array(0);

/** draft-ietf-sshm-chacha20-poly1305, test vectors: key, packet and result for sequence number 7. */
const CHACHA = {
  key: '8bbff6855fc102338c373e73aac0c914f076a905b2444a32eecaffeae22becc5e9b7a7a5825a8249346ec1c28301cf394543fc7569887d76e168f37562ac0740',
  packet:
    '00000048065e00000000000000384c6f72656d20697073756d20646f6c6f722073697420616d65742c20636f6e7365637465747572206164697069736963696e6720656c69744e43e804dc6c',
  wire: '2c3ecce4a5bc05895bf07a7ba956b6c68829ac7c83b780b7000ecde745afc705bbc378ce03a280236b87b53bed5839662302b164b6286a48cd1e097138e3cb909b8b2b829dd18d2a35ff82d995349e855bf02c298ef775f2d1a7e8b8',
};

test('chacha20-poly1305@openssh.com: the packet of draft-ietf-sshm-chacha20-poly1305, both ways', () => {
  const keys = { key: hex(CHACHA.key), iv: none, macKey: none };
  const row = CIPHERS['chacha20-poly1305@openssh.com'];
  const packet = hex(CHACHA.packet);
  const out = new Uint8Array(packet.length + 16);
  assert.equal(makeSealer(row, undefined, keys).seal(7, packet, packet.length, out, 0), out.length);
  assert.equal(toHex(out), CHACHA.wire);
  const opener = makeOpener(row, undefined, keys);
  assert.equal(opener.readLength(7, out, 0), 0x48);
  assert.equal(toHex(opener.open(7, out, 0, 0x48)), CHACHA.packet.slice(8));
});

/**
 * RFC 4231, RFC 2202 for SHA-1 and MD5, RFC 2286 for RIPEMD-160: the first three cases. Their first 4 bytes stand for
 * the sequence number. The keys for MD5 are shorter where the key is one byte again and again.
 */
const HMAC = [
  {
    key: '0b'.repeat(20),
    data: '4869205468657265',
    md5: '9294727a3638bb1c13f48ef8158bfc9d',
    ripemd160: '24cb4bd67d20fc1a5d2ed7732dcc39377f0a5668',
    sha1: 'b617318655057264e28bc0b6fb378c8ef146be00',
    sha256: 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    sha512:
      '87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854',
  },
  {
    key: '4a656665',
    data: '7768617420646f2079612077616e7420666f72206e6f7468696e673f',
    md5: '750c783e6ab0b503eaa86e310a5db738',
    ripemd160: 'dda6c0213a485a9e24f4742064a7f033b43c4069',
    sha1: 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79',
    sha256: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    sha512:
      '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
  },
  {
    key: 'aa'.repeat(20),
    data: 'dd'.repeat(50),
    md5: '56be34521d144c88dbb8c733f0e8b3f6',
    ripemd160: 'b0b105360de759960ab4f35298e116e295d8e7c1',
    sha1: '125d7342b9ac11cd91a39af48aa17b4f63f175d3',
    sha256: '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
    sha512:
      'fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb',
  },
] as const;

type Hash = 'md5' | 'ripemd160' | 'sha1' | 'sha256' | 'sha512';

for (const [name, mac] of Object.entries(MACS) as [string, MacRow][]) {
  if (mac.etm || mac.family !== 'hmac') continue;
  test(`${name}: the tag of a packet is that of the published vectors over sequence number and packet`, () => {
    for (const vector of HMAC) {
      const data = Buffer.from(hex(vector.data));
      const macKey = mac.hash === 'md5' ? hex(vector.key.slice(0, 32)) : hex(vector.key);
      const keys = { key: new Uint8Array(16), iv: new Uint8Array(16), macKey };
      const packet = data.subarray(4);
      const out = new Uint8Array(packet.length + mac.tagLength);
      makeSealer(CIPHERS['aes128-ctr'], mac, keys).seal(data.readUInt32BE(0), packet, packet.length, out, 0);
      assert.equal(toHex(out.subarray(packet.length)), vector[mac.hash as Hash].slice(0, 2 * mac.tagLength));
    }
  });
}

/** NIST SP 800-38A, appendix F.2 for CBC and F.5 for CTR: the first two blocks. */
const PLAIN = '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51';
const BLOCKS = [
  [
    'aes128-ctr',
    '2b7e151628aed2a6abf7158809cf4f3c',
    '874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff',
  ],
  [
    'aes192-ctr',
    '8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b',
    '1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e94',
  ],
  [
    'aes256-ctr',
    '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4',
    '601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5',
  ],
  [
    'aes128-cbc',
    '2b7e151628aed2a6abf7158809cf4f3c',
    '7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2',
  ],
  [
    'aes192-cbc',
    '8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b',
    '4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a',
  ],
  [
    'aes256-cbc',
    '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4',
    'f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d',
  ],
] as const;

for (const [name, key, expected] of BLOCKS) {
  test(`${name}: NIST SP 800-38A, the state running on from packet to packet`, () => {
    const iv = name.endsWith('ctr') ? 'f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff' : '000102030405060708090a0b0c0d0e0f';
    const keys = { key: hex(key), iv: hex(iv), macKey: new Uint8Array(20) };
    const sealer = makeSealer(CIPHERS[name], MACS['hmac-sha1'], keys);
    const out = new Uint8Array(32 + 40);
    sealer.seal(0, hex(PLAIN.slice(0, 32)), 16, out, 0);
    sealer.seal(1, hex(PLAIN.slice(32)), 16, out, 16);
    assert.equal(toHex(out.subarray(0, 32)), expected);
  });
}

/** The IV before, and the one the packet after it must have: RFC 5647 section 7.1. */
const CARRIES = [
  ['000000000000000000000000', '000000000000000000000001'],
  ['01020304000000000000ffff', '010203040000000000010000'],
  ['0102030400000000ffffffff', '010203040000000100000000'],
  ['01020304ffffffffffffffff', '010203040000000000000000'],
  ['ffffffff00000000000000ff', 'ffffffff0000000000000100'],
] as const;

for (const name of ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com'] as const) {
  for (const [before, after] of CARRIES) {
    test(`${name}: the counter after ${before} is ${after}`, () => {
      const row = CIPHERS[name];
      const key = new Uint8Array(row.keyLength).fill(9);
      const keys = { key, iv: hex(before), macKey: none };
      const packet = Uint8Array.from([0, 0, 0, 16, ...new Array<number>(16).fill(4)]);
      const sealer = makeSealer(row, undefined, keys);
      const opener = makeOpener(row, undefined, keys);
      for (const iv of [before, after]) {
        const out = new Uint8Array(36);
        sealer.seal(0, packet, 20, out, 0);
        const cipher = createCipheriv(row.openssl, key, hex(iv)).setAAD(packet.subarray(0, 4));
        const body = Buffer.concat([cipher.update(packet.subarray(4)), cipher.final()]);
        assert.equal(toHex(out), toHex(Buffer.concat([packet.subarray(0, 4), body, cipher.getAuthTag()])));
        assert.equal(toHex(opener.open(0, out, 0, 16)), toHex(packet.subarray(4)));
      }
    });
  }
}

test('the IV and key given at the start may be overwritten by their owner afterwards', () => {
  const row = CIPHERS['aes128-gcm@openssh.com'];
  const keys = { key: new Uint8Array(16).fill(1), iv: new Uint8Array(12).fill(2), macKey: none };
  const [sealer, opener] = [makeSealer(row, undefined, keys), makeOpener(row, undefined, keys)];
  keys.iv.fill(0);
  keys.key.fill(0);
  const packet = Uint8Array.from([0, 0, 0, 16, ...new Array<number>(16).fill(4)]);
  const out = new Uint8Array(36);
  sealer.seal(0, packet, 20, out, 0);
  assert.equal(toHex(opener.open(0, out, 0, 16)), toHex(packet.subarray(4)));
});
