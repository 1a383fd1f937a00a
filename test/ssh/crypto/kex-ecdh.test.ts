import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../../../src/base/bytes.ts';
import { systemRandom } from '../../../src/base/random.ts';
import { nistp256, nistp384, nistp521 } from '../../../src/ssh/crypto/kex/ecdh.ts';
import { hex, refused, scriptedRandom } from './seeded-random.ts';

/** RFC 5903 section 8: private scalars of both sides, the initiator's x coordinate, the shared x coordinate. */
const CURVES = [
  {
    name: 'nistp256',
    agreement: nistp256,
    bytes: 32,
    i: 'C88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433',
    r: 'C6EF9C5D78AE012A011164ACB397CE2088685D8F06BF9BE0B283AB46476BEE53',
    gix: 'DAD0B65394221CF9B051E1FECA5787D098DFE637FC90B9EF945D0C3772581180',
    girx: 'D6840F6B42F6EDAFD13116E0E12565202FEF8E9ECE7DCE03812464D04B9442DE',
    order: 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
  },
  {
    name: 'nistp384',
    agreement: nistp384,
    bytes: 48,
    i: '099F3C7034D4A2C699884D73A375A67F7624EF7C6B3C0F160647B67414DCE655E35B538041E649EE3FAEF896783AB194',
    r: '41CB0779B4BDB85D47846725FBEC3C9430FAB46CC8DC5060855CC9BDA0AA2942E0308312916B8ED2960E4BD55A7448FC',
    gix: '667842D7D180AC2CDE6F74F37551F55755C7645C20EF73E31634FE72B4C55EE6DE3AC808ACB4BDB4C88732AEE95F41AA',
    girx: '11187331C279962D93D604243FD592CB9D0A926F422E47187521287E7156C5C4D603135569B9E9D09CF5D4A270F59746',
    order: 'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
  },
  {
    name: 'nistp521',
    agreement: nistp521,
    bytes: 66,
    i:
      '0037ADE9319A89F4DABDB3EF411AACCCA5123C61ACAB57B5393DCE47608172A095AA85A30FE1C2952C6771D937BA9777' +
      'F5957B2639BAB072462F68C27A57382D4A52',
    r:
      '0145BA99A847AF43793FDD0E872E7CDFA16BE30FDC780F97BCCC3F078380201E9C677D600B343757A3BDBF2A3163E4C2' +
      'F869CCA7458AA4A4EFFC311F5CB151685EB9',
    gix:
      '0015417E84DBF28C0AD3C278713349DC7DF153C897A1891BD98BAB4357C9ECBEE1E3BF42E00B8E380AEAE57C2D107564' +
      '941885942AF5A7F4601723C4195D176CED3E',
    girx:
      '01144C7D79AE6956BC8EDB8E7C787C4521CB086FA64407F97894E5E6B2D79B04D1427E73CA4BAA240A34786859810C06' +
      'B3C715A3A8CC3151F2BEE417996D19F3DDEA',
    order:
      '01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d0' +
      '3bb5c9b8899c47aebb6fb71e91386409',
  },
] as const;

for (const curve of CURVES) {
  const { agreement } = curve;

  test(`${curve.name}: RFC 5903 section 8, from both sides`, async () => {
    const initiator = await agreement.initiate(scriptedRandom(hex(curve.i)));
    assert.equal(toHex(initiator.publicValue.subarray(0, 1 + curve.bytes)), `04${curve.gix.toLowerCase()}`);
    const answer = await agreement.respond(scriptedRandom(hex(curve.r)), initiator.publicValue);
    assert.equal(toHex(answer.secret), curve.girx.toLowerCase());
    assert.equal(toHex(initiator.finish(answer.publicValue)), curve.girx.toLowerCase());
  });

  test(`${curve.name}: scalars of 0 and of the group order and above are drawn again`, async () => {
    const zero = new Uint8Array(curve.bytes);
    const above = new Uint8Array(curve.bytes).fill(0xff);
    const initiator = await agreement.initiate(scriptedRandom(zero, hex(curve.order), above, hex(curve.i)));
    assert.equal(toHex(initiator.publicValue.subarray(1, 1 + curve.bytes)), curve.gix.toLowerCase());
  });

  test(`${curve.name}: a random source that gives only zeros is given up`, async () => {
    await assert.rejects(agreement.initiate({ fill: (target) => void target.fill(0) }), refused);
  });

  test(`${curve.name}: bad points are refused`, async () => {
    const initiator = await agreement.initiate(systemRandom);
    const good = Buffer.from((await agreement.initiate(systemRandom)).publicValue);
    const x = good.subarray(1, 1 + curve.bytes);
    const off = Buffer.from(good);
    off[off.length - 1]! ^= 1;
    const bad: Record<string, Uint8Array> = {
      empty: new Uint8Array(0),
      'point at infinity': Buffer.of(0),
      'zeros under 04': Buffer.concat([Buffer.of(4), new Uint8Array(2 * curve.bytes)]),
      'off the curve': off,
      'a coordinate above the field': Buffer.concat([
        Buffer.of(4),
        new Uint8Array(2 * curve.bytes).fill(0xff),
      ]),
      'compressed 02': Buffer.concat([Buffer.of(2), x]),
      'compressed 03': Buffer.concat([Buffer.of(3), x]),
      'hybrid 06': Buffer.concat([Buffer.of(6), good.subarray(1)]),
      'hybrid 07': Buffer.concat([Buffer.of(7), good.subarray(1)]),
      'one byte short': good.subarray(0, -1),
      'one byte long': Buffer.concat([good, Buffer.of(0)]),
    };
    for (const other of CURVES.filter((c) => c !== curve)) {
      bad[`a point of ${other.name}`] = (await other.agreement.initiate(systemRandom)).publicValue;
    }
    for (const [name, value] of Object.entries(bad)) {
      assert.throws(() => initiator.finish(value), refused, name);
      await assert.rejects(agreement.respond(systemRandom, value), refused, name);
    }
    assert.equal(initiator.finish(good).length, curve.bytes);
  });
}
