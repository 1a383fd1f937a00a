/** The replies of check-file as servers write them, and md5-hash. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { HASH_ALGORITHMS, readHashes } from '../../src/sftp/hashes.ts';
import { SftpReader } from '../../src/sftp/reader.ts';
import { str } from '../support/sftp/wire.ts';

const read = (...parts: Uint8Array[]): ReturnType<typeof readHashes> =>
  readHashes(new SftpReader(Buffer.concat(parts), 0, 'reply'), '/f', 'check-file-name');

for (const [algorithm, { bytes, node }] of Object.entries(HASH_ALGORITHMS)) {
  test(`${algorithm}: with and without the name of the extension, with and without lengths, one and many`, () => {
    const hashes = ['a', 'b', 'c'].map((text) => createHash(node).update(text).digest());
    assert.equal(hashes[0]!.length, bytes);
    for (const count of [1, 3]) {
      const some = hashes.slice(0, count);
      for (const prefix of [[], [str('check-file')], [str('check-file-name')]]) {
        for (const rows of [some, some.map((hash) => str(hash))]) {
          const reply = read(...prefix, str(algorithm.toUpperCase()), ...rows);
          assert.equal(reply.algorithm, algorithm);
          assert.deepEqual(
            reply.hashes.map((hash) => Buffer.from(hash)),
            some,
          );
        }
      }
    }
  });
}

test('an algorithm nobody asked for, and bytes that are no hashes, break the protocol', () => {
  for (const parts of [
    [str('crc32'), Buffer.alloc(4)],
    [str('md5')],
    [str('md5'), Buffer.alloc(15)],
    [str('__proto__'), Buffer.alloc(16)],
  ])
    assert.throws(() => read(...parts), { code: 'SFTP_PROTOCOL' });
});
