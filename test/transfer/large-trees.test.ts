/** Trees of many files and of many levels need no more memory than small ones. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { DISTINCT_NAMES } from '../../src/transfer/tree/local-names.ts';
import type { Side } from '../../src/transfer/tree/side.ts';
import { moveTree, type TreeWay } from '../../src/transfer/tree/tree.ts';
import { failure, localFolder, openMemory, pattern } from '../support/sftp/memory-session.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** 2 for `/1/2`. */
const depthOf = (path: string): number => path.split('/').length - 1;

/** A tree that exists nowhere, moved to nowhere; `held` is the heap when half of the files are through. */
function imagined(
  list: (path: string) => Iterable<{ name: string; type: 'file' | 'directory' }>,
  total: number,
): { way: TreeWay; moved: () => number; held: () => number } {
  let moved = 0;
  let held = 0;
  const side = {
    join: (folder: string, name: string) => `${folder}/${name}`,
    async *list(path: string) {
      for (const entry of list(path)) yield { ...entry, attributes: { size: 10 } };
    },
    makeFolder: async () => true,
    names: async () => DISTINCT_NAMES,
  };
  const way: TreeWay = {
    from: { ...side, remote: true } as unknown as Side,
    to: { ...side, remote: false } as unknown as Side,
    async move() {
      await new Promise((resolve) => setImmediate(resolve));
      if (++moved === Math.floor(total / 2)) {
        collectGarbage();
        held = process.memoryUsage().heapUsed;
      }
      return { bytes: 10, size: 10, duration: 0 };
    },
    handles: Promise.resolve(64),
  };
  return { way, moved: () => moved, held: () => held };
}

function* files(count: number): Iterable<{ name: string; type: 'file' }> {
  for (let i = 0; i < count; i++) yield { name: `a file with a name of usual length ${i}`, type: 'file' };
}

/** Shapes of a tree of `count` files. */
const SHAPES: Readonly<
  Record<string, (count: number) => (path: string) => Iterable<{ name: string; type: 'file' | 'directory' }>>
> = {
  'in one folder': (count) => () => files(count),
  'in folders of 100': (count) =>
    function* (path) {
      if (depthOf(path) > 1) yield* files(100);
      else for (let i = 0; i < count / 100; i++) yield { name: `folder ${i}`, type: 'directory' };
    },
};

for (const [name, shape] of Object.entries(SHAPES)) {
  test(`100,000 files ${name} hold as much memory as 10,000`, async () => {
    const held: number[] = [];
    for (const count of [10_000, 100_000]) {
      const tree = imagined(shape(count), count);
      const result = await moveTree(tree.way, '/top', '/there', {});
      assert.deepEqual([result.files, tree.moved(), result.bytes], [count, count, 10 * count]);
      held.push(tree.held());
    }
    const [few, many] = held as [number, number];
    // A tenth of what 90,000 paths alone would take.
    assert.ok(many - few < 2_000_000, `${few} bytes of heap with 10,000 files, ${many} with 100,000`);
  });
}

test('a tree 1,000 levels deep is walked to its end; deeper than 1,024 is refused', async () => {
  const deep = imagined((path) => (depthOf(path) <= 1000 ? [{ name: 'd', type: 'directory' }] : files(1)), 1);
  const { files: moved, folders } = await moveTree(deep.way, '/top', '/there', {});
  assert.deepEqual([moved, folders], [1, 1001]);
  const endless = imagined(() => [{ name: 'd', type: 'directory' }], 1);
  const error = await failure(moveTree(endless.way, '/top', '/there', {}), 'LIMIT_EXCEEDED');
  assert.equal(error.details.limit, 'treeDepth');
});

test('a tree 100 levels deep comes down and goes up', async () => {
  const { sftp, fs } = await openMemory();
  let at = 'tree';
  for (let level = 0; level <= 100; level++) {
    fs.mkdir(at);
    if (level < 100) at += '/d';
  }
  fs.put(`${at}/f`, pattern(100));
  await using folder = await localFolder();
  const down = await sftp.downloadTree('tree', folder.file('t'));
  assert.deepEqual([down.files, down.folders], [1, 101]);
  const up = await sftp.uploadTree(folder.file('t'), 'up');
  assert.deepEqual([up.files, up.folders], [1, 101]);
  assert.deepEqual(fs.get(`${at.replace('tree', 'up')}/f`), pattern(100));
});
