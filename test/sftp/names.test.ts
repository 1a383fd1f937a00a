/** File names as bytes and back, in UTF-8 and in code pages; paths before they are sent. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codePageNames, UTF8_NAMES } from '../../src/sftp/names.ts';
import { type PathRules, remotePath } from '../../src/sftp/paths.ts';
import { failure, openMemory } from '../support/sftp/memory-session.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test('any bytes become a name that leads back to them', async () => {
  for (const codec of [UTF8_NAMES, await codePageNames('windows-1252'), await codePageNames('shift_jis')]) {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        assert.equal(hex(codec.encode(codec.decode(bytes))), hex(bytes));
      }),
    );
    for (let byte = 0; byte < 256; byte++) {
      const name = Uint8Array.of(0x61, byte, 0x62);
      assert.equal(hex(codec.encode(codec.decode(name))), hex(name));
    }
  }
});

const DAMAGED: readonly [hex: string, name: string][] = [
  ['61ff62', 'a\udcffb'],
  ['c3a9c3', 'é\udcc3'],
  ['eda080', '\udced\udca0\udc80'],
  ['f09f9880ff', '\u{1f600}\udcff'],
  ['c080', '\udcc0\udc80'],
  ['efbfbd', '\ufffd'],
];
for (const [bytes, name] of DAMAGED) {
  test(`${bytes}: what is UTF-8 is text, every other byte stands by itself`, () => {
    assert.equal(UTF8_NAMES.decode(Buffer.from(bytes, 'hex')), name);
    assert.equal(hex(UTF8_NAMES.encode(name)), bytes);
  });
}

test('half a surrogate pair that stands for no byte is refused', () => {
  for (const name of ['\ud800', 'a\udc00', '\udc7f', '\udd00x'])
    assert.throws(() => UTF8_NAMES.encode(name), { code: 'INVALID_ARGUMENT' });
});

test('a code page: names are read and written in it, what it lacks is refused', async () => {
  const cyrillic = await codePageNames('windows-1251');
  assert.equal(cyrillic.decode(Buffer.from('cff0e8e2e5f2', 'hex')), 'Привет');
  assert.equal(hex(cyrillic.encode('Привет')), 'cff0e8e2e5f2');
  assert.throws(() => cyrillic.encode('日本'), { code: 'INVALID_ARGUMENT' });
  const japanese = await codePageNames('cp932');
  assert.equal(japanese.decode(Buffer.from('93fa967b', 'hex')), '日本');
  assert.equal(await codePageNames('UTF-8'), UTF8_NAMES);
  await failure(codePageNames('klingon'), 'INVALID_ARGUMENT');
});

test('a name that is not UTF-8 is listed, fetched, renamed and removed by its bytes', async () => {
  const { sftp, server } = await openMemory({ listedNames: [Uint8Array.of(0x61, 0xff)] });
  const names: string[] = [];
  for await (const { name } of sftp.list('.')) names.push(name);
  assert.deepEqual(names, ['a\udcff']);
  await sftp.rename(names[0]!, 'b\udcfe').catch(() => {});
  assert.equal(hex(server.received.at(-1)!.body), '0000000261ff0000000262fe');
  await sftp.close();
});

const PATHS: readonly [rules: PathRules, path: string, sent: string][] = [
  [{}, 'a/../b/', 'a/../b/'],
  [{}, '/x//y', '/x//y'],
  [{}, '', ''],
  [{ folder: '/home/me' }, 'a', '/home/me/a'],
  [{ folder: '/home/me' }, '', '/home/me'],
  [{ folder: '/home/me' }, '.', '/home/me'],
  [{ folder: '/home/me' }, '../you', '/home/me/../you'],
  [{ folder: '/' }, 'a', '/a'],
  [{ folder: '/home/me' }, '/abs', '/abs'],
  [{ normalize: true }, '/a/./b//c/../d/', '/a/b/d'],
  [{ normalize: true }, '/..', '/'],
  [{ normalize: true }, '/', '/'],
  [{ normalize: true }, '../a', '../a'],
  [{ normalize: true }, '', ''],
  [{ normalize: true, folder: '/home/me' }, '../you/', '/home/you'],
  [{}, 'a\\b', 'a\\b'],
  [{ backslashSeparates: true }, '\\a\\b', '/a/b'],
  [{ backslashSeparates: true, normalize: true, folder: '/x' }, '..\\b', '/b'],
];
for (const [rules, path, sent] of PATHS) {
  test(`path ${JSON.stringify(path)} with ${JSON.stringify(rules)}`, () => {
    assert.equal(remotePath(path, rules), sent);
  });
}

test('changeFolder: relative paths begin there, with and without asking the server', async () => {
  const { sftp, fs, server } = await openMemory();
  fs.mkdir('in');
  assert.equal(await sftp.changeFolder('in'), '/home/me/in');
  await sftp.upload(Buffer.from('x'), 'f');
  assert.ok(fs.has('/home/me/in/f'));
  await failure(sftp.changeFolder('f'), 'SFTP_NOT_A_DIRECTORY');
  assert.equal(sftp.folder, '/home/me/in');
  const asked = server.count(16);
  assert.equal(await sftp.changeFolder('below', { ask: false }), '/home/me/in/below');
  assert.equal(server.count(16), asked, 'no REALPATH');
  await sftp.close();
});
