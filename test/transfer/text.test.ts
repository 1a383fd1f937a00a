/** Text files: line ends turned on the way, in every direction and however the bytes come. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import fc from 'fast-check';
import { type LineEnd, LineEndConverter } from '../../src/transfer/line-ends.ts';
import { failure, localFolder, openMemory } from '../support/sftp/memory-session.ts';

const ENDS: readonly LineEnd[] = ['\n', '\r', '\r\n'];

function convert(text: string, from: LineEnd, to: LineEnd, cut = text.length): string {
  const converter = new LineEndConverter(from, to);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < text.length; at += Math.max(1, cut))
    parts.push(converter.push(Buffer.from(text.slice(at, at + Math.max(1, cut)), 'latin1')));
  return Buffer.concat([...parts, converter.end()]).toString('latin1');
}

const ROWS: readonly [text: string, from: LineEnd, to: LineEnd, expected: string][] = [
  ['a\nb\n', '\n', '\r\n', 'a\r\nb\r\n'],
  ['a\r\nb\n', '\n', '\r\n', 'a\r\nb\r\n'],
  ['a\r\nb\r\n', '\r\n', '\n', 'a\nb\n'],
  ['a\rb\nc\r\r\n', '\r\n', '\n', 'a\rb\nc\r\n'],
  ['a\rb\r', '\r', '\n', 'a\nb\n'],
  ['a\r\nb', '\r', '\n', 'a\nb'],
  ['a\nb', '\n', '\r', 'a\rb'],
  ['end\r', '\r\n', '\n', 'end\r'],
  ['', '\n', '\r\n', ''],
  ['\n\n', '\n', '\r\n', '\r\n\r\n'],
];

for (const [text, from, to, expected] of ROWS) {
  test(`${JSON.stringify(text)} from ${JSON.stringify(from)} to ${JSON.stringify(to)}, cut anywhere`, () => {
    for (let cut = 1; cut <= text.length + 1; cut++) assert.equal(convert(text, from, to, cut), expected);
  });
}

test('there and back is the same text, and the pieces do not matter', () => {
  const lines = fc.array(fc.stringMatching(/^[a-z ]{0,5}$/));
  fc.assert(
    fc.property(
      lines,
      fc.constantFrom(...ENDS),
      fc.constantFrom(...ENDS),
      fc.nat(7),
      (all, from, to, cut) => {
        const text = all.join(from);
        assert.equal(convert(text, from, to, cut), all.join(to));
        assert.equal(convert(convert(text, from, to), to, from), text);
      },
    ),
  );
});

const LONG = Array.from({ length: 30_000 }, (_, i) => `line ${i}`);

test('a download turns the line ends of the server into ours, an upload ours into its', async () => {
  await using folder = await localFolder();
  for (const reorderReplies of [undefined, 3]) {
    const memory = await openMemory(reorderReplies === undefined ? {} : { reorderReplies });
    memory.fs.put('unix', Buffer.from(LONG.join('\n')));
    const path = folder.file('dos');
    const text = { local: '\r\n', remote: '\n' } as const;
    const { bytes, size } = await memory.sftp.download('unix', path, { text });
    assert.equal(await readFile(path, 'utf8'), LONG.join('\r\n'));
    assert.deepEqual([bytes, size], [LONG.join('\n').length, LONG.join('\r\n').length]);
    await memory.sftp.download('unix', path, { text, inPlace: true });
    assert.equal(await readFile(path, 'utf8'), LONG.join('\r\n'));
    await memory.sftp.upload(path, 'again', { text });
    assert.equal(memory.fs.get('again').toString(), LONG.join('\n'));
    const inMemory = await memory.sftp.readFile('unix', { text });
    assert.equal(Buffer.from(inMemory).toString(), LONG.join('\r\n'));
    await memory.sftp.upload(Buffer.from('a\r\nb'), 'bytes', { text });
    assert.equal(memory.fs.get('bytes').toString(), 'a\nb');
    await memory.sftp.close();
  }
});

test('an empty file stays empty, and a CR at the very end is kept', async () => {
  await using folder = await localFolder();
  const memory = await openMemory();
  for (const content of ['', 'x\r']) {
    await writeFile(folder.file('f'), content);
    await memory.sftp.upload(folder.file('f'), 'f', { text: { local: '\r\n', remote: '\n' } });
    assert.equal(memory.fs.get('f').toString(), content);
  }
  await memory.sftp.close();
});

test('what needs the same bytes on both sides cannot be text', async () => {
  await using folder = await localFolder();
  const { sftp, fs } = await openMemory();
  fs.put('f', Buffer.from('x'));
  const text = true;
  await failure(sftp.download('f', folder.file('f'), { text, resume: true }), 'INVALID_ARGUMENT');
  await failure(sftp.download('f', folder.file('f'), { text, keepPartial: true }), 'INVALID_ARGUMENT');
  await failure(sftp.upload(Buffer.from('x'), 'f', { text, at: 1 }), 'INVALID_ARGUMENT');
  await failure(sftp.upload(Buffer.from('x'), 'f', { text, verify: true }), 'INVALID_ARGUMENT');
  await failure(sftp.upload(Buffer.from('x'), 'f', { text: { local: 'x' as '\n' } }), 'INVALID_ARGUMENT');
  await failure(sftp.upload(Buffer.from('x'), 'f', { text: { byServer: true } }), 'SFTP_OP_UNSUPPORTED');
  assert.equal(fs.get('f').toString(), 'x');
});

test('a text put behind the end has the line ends of the server', async () => {
  const { sftp, fs } = await openMemory();
  fs.put('f', Buffer.from('one\n'));
  await sftp.upload(Buffer.from('two\r\nthree\r\n'), 'f', { text: { local: '\r\n' }, at: 'end' });
  assert.equal(fs.get('f').toString(), 'one\ntwo\nthree\n');
});

test('onData sees a text as the target gets it; one that was cut off in its place has nothing behind it', async () => {
  await using folder = await localFolder();
  const { sftp, fs } = await openMemory();
  fs.put('f', Buffer.from('one\r\ntwo\r\n'.repeat(20_000)));
  const text = { local: '\n', remote: '\r\n' } as const;
  let shown = '';
  await sftp.download('f', folder.file('f'), {
    text,
    onData: (bytes, _, size) => {
      assert.equal(size, undefined);
      shown += Buffer.from(bytes).toString();
    },
  });
  assert.equal(shown, 'one\ntwo\n'.repeat(20_000));
  assert.equal(await readFile(folder.file('f'), 'utf8'), shown);
  let left = 3;
  const cut = sftp.download('f', folder.file('g'), {
    text,
    inPlace: true,
    requestBytes: 10_000,
    onData: () => {
      if (--left === 0) throw new Error('enough');
    },
  });
  await failure(cut, 'ABORTED');
  const there = await readFile(folder.file('g'), 'utf8');
  assert.ok(there.length > 0 && shown.startsWith(there), `${there.length}`);
});
