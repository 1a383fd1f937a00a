/** Which ranges the servers of SFTP_QUIRKS hash right. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HashLimits, hashesRight } from '../../src/sftp/hash-ranges.ts';
import { quirksOf } from '../../src/sftp/quirks.ts';

const limitsOf = (software: string): HashLimits => quirksOf(software, new Map()).hashes!;
const MINA = limitsOf('APACHE-SSHD-2.13.2');
const PROFTPD = limitsOf('mod_sftp');
const MIB = 2 ** 20;

/** Start, length, size of a block, size of the file; whether each of the two hashes that right. */
const RANGES: readonly (readonly [number, number, number, number, boolean, boolean])[] = [
  [0, 0, 0, 5000, true, true],
  [0, 0, 0, 330_000, true, true],
  [0, 330_000, 0, 330_000, true, true],
  [0, 400_000, 0, 330_000, true, true],
  [0, 200_000, 0, 330_000, false, false],
  [0, 196_608, 0, 330_000, true, true],
  [0, 8192, 0, 330_000, true, false],
  [0, 4095, 0, 330_000, true, true],
  [5, 100, 0, 11_000, true, false],
  [5, 0, 0, 11_000, true, true],
  [65_536, 65_536, 0, MIB, true, false],
  [0, 0, 65_536, 330_000, true, true],
  [0, 0, 10_000, 330_000, true, false],
  [0, 200_000, 65_536, 330_000, false, false],
  [0, 0, 0, 2 ** 31 - 1, true, true],
  [0, 0, 0, 2 ** 31, false, true],
  [0, 0, 0, 2 ** 32, false, false],
  [0, 2 ** 30, 0, 2 ** 33, true, true],
  [2 ** 30, 2 ** 30, 0, 2 ** 33, true, false],
];

for (const [start, length, blockSize, size, mina, proftpd] of RANGES) {
  test(`${length} bytes from ${start} on, blocks of ${blockSize}, of ${size}`, () => {
    const range = { start, length, blockSize };
    assert.equal(hashesRight(MINA, range, size), mina, 'MINA');
    assert.equal(hashesRight(PROFTPD, range, size), proftpd, 'ProFTPD');
  });
}

test('others are believed', () => {
  for (const software of ['OpenSSH_9.2p1', '', 'AsyncSSH_2.20.0'])
    assert.equal(quirksOf(software, new Map()).hashes, undefined);
});
