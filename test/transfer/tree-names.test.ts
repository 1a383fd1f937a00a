/** Names of a server that are one name here: nothing is overwritten silently. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import {
  DISTINCT_NAMES,
  INSENSITIVE_NAMES,
  localNames,
  SENSITIVE_NAMES,
  type TargetNames,
} from '../../src/transfer/tree/local-names.ts';
import { LOCAL_SIDE } from '../../src/transfer/tree/local-side.ts';
import type { Side } from '../../src/transfer/tree/side.ts';
import { moveTree, type TreeWay } from '../../src/transfer/tree/tree.ts';
import { failure, localFolder, openMemory } from '../support/sftp/memory-session.ts';

/** What a server lists whose file names hold bytes that are no UTF-8. */
const DAMAGED = [Buffer.from([0x61, 0xe8]), Buffer.from([0x61, 0xe9])];

test('two names that differ in bytes that are no text: refused, or told, and one is never the other', async () => {
  const { sftp, fs } = await openMemory({ listedNames: DAMAGED });
  fs.mkdir('tree');
  await using folder = await localFolder();
  const error = await failure(sftp.downloadTree('tree', folder.file('down')), 'TRANSFER_TARGET');
  assert.match(error.message, /"a\\xE9" and "a\\xE8" would be one and the same file here/);
  const kept = { exclude: ['a\udce8'] };
  const { failed } = await sftp.downloadTree('tree', folder.file('other'), {
    ...kept,
    continueOnError: true,
  });
  assert.ok(
    failed.every(({ error: { message } }) => !/one and the same/.test(message)),
    'one is left out',
  );
});

const CASES: readonly (readonly [
  name: string,
  names: TargetNames,
  one: string,
  other: string,
  same: boolean,
])[] = [
  ['case here', SENSITIVE_NAMES, 'README', 'readme', false],
  ['damaged bytes here', SENSITIVE_NAMES, 'a\udce8', 'a\udce9', true],
  ['a damaged byte and what is written for it', SENSITIVE_NAMES, 'a\udce8', 'a\ufffd', true],
  ['pairs of surrogates are text', SENSITIVE_NAMES, '\u{1f600}', '\u{1f601}', false],
  ['case where it is not kept', INSENSITIVE_NAMES, 'README', 'readme', true],
  ['Unicode forms where case is not kept', INSENSITIVE_NAMES, '\u00e9', 'e\u0301', true],
  ['damaged bytes where case is not kept', INSENSITIVE_NAMES, 'a\udce8', 'A\udce9', true],
  ['a server', DISTINCT_NAMES, 'a\udce8', 'a\udce9', false],
];

for (const [what, names, one, other, same] of CASES) {
  test(`${what}: ${JSON.stringify(one)} and ${JSON.stringify(other)} are ${same ? 'one' : 'two'}`, () => {
    assert.equal(names.fold(one) === names.fold(other), same);
    if (same) assert.ok(names.mayClash(one) && names.mayClash(other));
  });
}

test('a file system is tried out where the folder is, or will be, and nothing is left there', async () => {
  await using folder = await localFolder();
  assert.equal(await localNames(folder.file('not/yet/there'), true), await localNames(folder.path, true));
  if (process.platform === 'linux') assert.equal(await localNames(folder.path, true), SENSITIVE_NAMES);
  assert.deepEqual(await readdir(folder.path), []);
});

/** A tree of empty files that never leaves this process, onto a target that keeps no case. */
function fromNames(names: readonly string[], moved: string[]): TreeWay {
  const from = {
    remote: true,
    join: (folder: string, name: string) => `${folder}/${name}`,
    async *list() {
      for (const name of names) yield { name, type: 'file' as const, attributes: { size: 0 } };
    },
  } as unknown as Side;
  return {
    from,
    to: { ...LOCAL_SIDE, names: async () => INSENSITIVE_NAMES },
    async move({ path, to }) {
      moved.push(path);
      await writeFile(to, path);
      return { bytes: 0, size: 0, duration: 0 };
    },
    handles: Promise.resolve(8),
  };
}

test('names that differ in case only, onto a file system that keeps none: the second one is refused', async () => {
  await using folder = await localFolder();
  const moved: string[] = [];
  const way = fromNames(['README', 'a', 'readme', 'b'], moved);
  const { failed, files } = await moveTree(way, '/', folder.file('down'), { continueOnError: true });
  assert.deepEqual([files, failed.map(({ path }) => path)], [3, ['readme']]);
  assert.equal(await readFile(folder.file('down/README'), 'utf8'), 'README');
  await failure(moveTree(way, '/', folder.file('again'), {}), 'TRANSFER_TARGET');
});

test('a mirror that deletes knows a damaged name again, and leaves the file alone', {
  skip: process.platform === 'linux' ? false : 'other systems keep no such names',
}, async () => {
  const { sftp, fs } = await openMemory({ listedNames: [DAMAGED[0]!] });
  fs.mkdir('tree');
  await using folder = await localFolder();
  await mkdir(folder.file('down'));
  await writeFile(folder.file('down/a\ufffd'), 'was here');
  const { deleted } = await sftp.mirrorDown('tree', folder.file('down'), {
    delete: true,
    continueOnError: true,
    compare: 'size',
  });
  assert.equal(deleted, 0);
  assert.deepEqual(await readdir(folder.file('down')), ['a\ufffd']);
});
