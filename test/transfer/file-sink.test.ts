import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { beginLoan, endLoan, lend } from '../../src/base/lent-memory.ts';
import { FileSink } from '../../src/transfer/file-sink.ts';

const PIECE = 1000;

async function withFile(
  flags: string,
  body: (file: FileHandle, path: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'wherry-sink-'));
  const path = join(folder, 'file');
  await (await open(path, 'w')).close();
  const file = await open(path, flags);
  try {
    await body(file, path);
  } finally {
    await file.close();
    rmSync(folder, { recursive: true });
  }
}

/** Gives the pieces at these places of `content` in lent memory, so many in each loan; the memory is overwritten after each. */
function give(sink: FileSink, content: Uint8Array, places: readonly number[], perLoan: number): void {
  const memory = new Uint8Array(perLoan * PIECE);
  lend(memory);
  for (let at = 0; at < places.length; at += perLoan) {
    beginLoan();
    places.slice(at, at + perLoan).forEach((place, i) => {
      const piece = memory.subarray(i * PIECE, (i + 1) * PIECE);
      piece.set(content.subarray(place * PIECE, (place + 1) * PIECE));
      sink.write(place * PIECE, piece);
    });
    endLoan();
    memory.fill(0xa5);
  }
}

const ORDERS: Readonly<Record<string, (count: number) => number[]>> = {
  'in order': (count) => Array.from({ length: count }, (_, i) => i),
  backwards: (count) => Array.from({ length: count }, (_, i) => count - 1 - i),
  'by turns from two ends': (count) =>
    Array.from({ length: count }, (_, i) => (i % 2 === 0 ? i / 2 : count - (i + 1) / 2)),
};

for (const [name, places] of Object.entries(ORDERS)) {
  for (const local of [true, false]) {
    for (const perLoan of [1, 3, 8, 40]) {
      test(`lent pieces ${name}, ${perLoan} to a loan, ${local ? 'at once' : 'by the thread pool'}`, async () => {
        await withFile('r+', async (file, path) => {
          const content = randomBytes(80 * PIECE);
          const sink = new FileSink(file.fd, local);
          sink.listen({ drained() {}, failed: assert.ifError });
          give(sink, content, places(80), perLoan);
          await sink.finish();
          assert.equal(sink.pending, 0);
          assert.equal(sink.lost, Number.POSITIVE_INFINITY);
          assert.ok(content.equals(await readFile(path)));
        });
      });
    }
  }
}

test('without a loan a piece is written before write returns', async () => {
  await withFile('r+', async (file, path) => {
    const sink = new FileSink(file.fd, true);
    sink.write(0, Buffer.from('at once'));
    assert.equal(await readFile(path, 'latin1'), 'at once');
  });
});

for (const local of [true, false]) {
  test(`what cannot be written ${local ? 'at once' : 'by the thread pool'} is lost from the first byte on, told once`, async () => {
    await withFile('r', async (file) => {
      const failures: unknown[] = [];
      const sink = new FileSink(file.fd, local);
      sink.listen({ drained() {}, failed: (error) => failures.push(error) });
      give(sink, randomBytes(20 * PIECE), ORDERS['in order']!(20).slice(4), 8);
      await assert.rejects(sink.finish(), { code: 'EBADF' });
      assert.equal(sink.lost, 4 * PIECE);
      assert.equal(failures.length, 1);
    });
  });
}
