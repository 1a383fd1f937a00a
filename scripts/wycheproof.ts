/**
 * `npx tsx scripts/wycheproof.ts FOLDER`: takes what the tests use out of the files of Project Wycheproof (C2SP/wycheproof,
 * testvectors_v1), numbers only, into test/fixtures/wycheproof.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** The fields of a group and of a test that are kept. */
const KEPT = {
  aes_gcm_test: [[], ['key', 'iv', 'aad', 'msg', 'ct', 'tag']],
  chacha20_poly1305_test: [[], ['key', 'iv', 'aad', 'ct', 'tag']],
  ecdh_secp256r1_ecpoint_test: [[], ['public', 'private', 'shared']],
  ecdh_secp384r1_ecpoint_test: [[], ['public', 'private', 'shared']],
  ecdh_secp521r1_ecpoint_test: [[], ['public', 'private', 'shared']],
  ecdsa_secp256r1_sha256_p1363_test: [['publicKeyDer'], ['msg', 'sig']],
  ecdsa_secp384r1_sha384_p1363_test: [['publicKeyDer'], ['msg', 'sig']],
  ecdsa_secp521r1_sha512_p1363_test: [['publicKeyDer'], ['msg', 'sig']],
  ed25519_test: [['publicKeyDer'], ['msg', 'sig']],
  mlkem_768_test: [[], ['seed', 'c', 'K']],
  rsa_signature_2048_sha256_test: [['publicKeyDer'], ['msg', 'sig']],
  rsa_signature_2048_sha512_test: [['publicKeyDer'], ['msg', 'sig']],
  x25519_test: [[], ['public', 'private', 'shared']],
} as const;

type Row = Record<string, unknown>;

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('which folder holds the files?');
const target = fileURLToPath(new URL('../test/fixtures/wycheproof/', import.meta.url));
mkdirSync(target, { recursive: true });
for (const [name, [ofGroup, ofTest]] of Object.entries(KEPT)) {
  const { testGroups } = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as {
    testGroups: (Row & { tests: Row[] })[];
  };
  const pick = (row: Row, fields: readonly string[]): Row =>
    Object.fromEntries(fields.map((field) => [field, row[field]]));
  const rows = testGroups.flatMap((group) =>
    group.tests.map((one) => ({
      id: one.tcId,
      flags: one.flags,
      result: one.result,
      ...pick(group, ofGroup),
      ...pick(one, ofTest),
    })),
  );
  const lines = rows.map((row) => JSON.stringify(row)).join('\n');
  writeFileSync(join(target, `${name}.jsonl.gz`), gzipSync(lines, { level: 9 }));
  console.log(`${name}: ${rows.length}`);
}
