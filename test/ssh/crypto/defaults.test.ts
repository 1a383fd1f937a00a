import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOST_KEY_ALGORITHMS } from '../../../src/ssh/crypto/certificate-algorithms.ts';
import { CIPHERS, DEFAULT_CIPHERS } from '../../../src/ssh/crypto/ciphers.ts';
import { COMPRESSIONS, DEFAULT_COMPRESSIONS } from '../../../src/ssh/crypto/compression/compressions.ts';
import { DEFAULT_GSS_KEX, GSS_KEX_ALGORITHMS } from '../../../src/ssh/crypto/gss-key-exchanges.ts';
import { DEFAULT_KEX, KEX_ALGORITHMS } from '../../../src/ssh/crypto/key-exchanges.ts';
import { DEFAULT_MACS, MACS } from '../../../src/ssh/crypto/macs.ts';
import { hostKeyAlgorithms } from '../../../src/ssh/crypto/signatures.ts';

type Rows = ReadonlyMap<string, { readonly security: string }>;
const rows = (table: Readonly<Record<string, { readonly security: string }>>): Rows =>
  new Map(Object.entries(table));

const LISTS: readonly (readonly [what: string, defaults: readonly string[], all: Rows])[] = [
  ['key exchange', DEFAULT_KEX, rows(KEX_ALGORITHMS)],
  ['key exchange by Kerberos', DEFAULT_GSS_KEX, rows(Object.fromEntries(GSS_KEX_ALGORITHMS))],
  ['ciphers', DEFAULT_CIPHERS, rows(CIPHERS)],
  ['MACs', DEFAULT_MACS, rows(MACS)],
  ['compression', DEFAULT_COMPRESSIONS, rows(COMPRESSIONS)],
  ['host keys', hostKeyAlgorithms, HOST_KEY_ALGORITHMS],
];

for (const [what, defaults, all] of LISTS) {
  test(`${what}: no row that is insecure is offered unless somebody names it`, () => {
    assert.ok(defaults.length > 0);
    for (const name of defaults) assert.notEqual(all.get(name)?.security ?? 'missing', 'missing', name);
    const insecure = [...all].filter(([, { security }]) => security === 'insecure').map(([name]) => name);
    assert.deepEqual(
      defaults.filter((name) => insecure.includes(name)),
      [],
    );
  });
}
