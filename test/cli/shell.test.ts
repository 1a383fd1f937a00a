/** `wherry shell` over lines of a pipe; at a terminal it is in terminal.test.ts. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { Completer } from '../../src/cli/shell/completer.ts';
import { quoteWord, splitWords } from '../../src/cli/shell/words.ts';
import type { Sftp } from '../../src/index.ts';
import { serve } from './served.ts';

describe('the shell', () => {
  it('does what the lines say, from where it is', async () => {
    await using at = await serve({ '/srv/a.txt': 'a', '/srv/b.txt': 'b', '/srv/c c.md': 'c' });
    await writeFile(at.desk.path('one.up'), '1');
    await writeFile(at.desk.path('two.up'), '2');
    const lines = [
      '# a comment',
      'pwd',
      'cd /srv',
      'cat *.txt',
      'get "c c.md" copy.md',
      'put *.up',
      'put one.up ~/renamed',
      'mkdir -p x/y',
      'mv one.up x',
      'rm -f a.txt nothing',
      'cd x',
      'ls',
      'cd',
      'pwd',
      'exit',
      'never',
    ];
    const { code, stdout, stderr } = await at.wherry('shell', [at.url(''), '-q'], {
      input: `${lines.join('\n')}\n`,
    });
    assert.equal(code, 0, stderr);
    const [first, second, third, fourth, fifth] = stdout.toString().split('\n');
    assert.deepEqual([first, second?.slice(0, 2)], ['/home/me', 'ab']);
    assert.match(second! + third, /one\.up/);
    assert.match(third! + fourth + fifth, /y.*\/home\/me/s);
    assert.deepEqual(at.files.paths(), [
      ...['/home', '/home/me', '/home/me/renamed', '/srv', '/srv/b.txt', '/srv/c c.md', '/srv/two.up'],
      ...['/srv/x', '/srv/x/one.up', '/srv/x/y'],
    ]);
    assert.equal(await readFile(at.desk.path('copy.md'), 'utf8'), 'c');
  });

  it('ends with the first line that fails, and says which', async () => {
    await using at = await serve();
    const { code, stderr } = await at.wherry('shell', [at.url('')], { input: 'rm nothing\nmkdir late\n' });
    assert.equal(code, 1);
    assert.match(stderr, /remove \/home\/me\/nothing: no such file/);
    assert.deepEqual(at.files.paths(), ['/home', '/home/me']);
    for (const [input, text] of [
      ['frob', /no command frob/],
      ['run x', /no command run/],
      ['ls "x', /quote/],
      ['rm --frob x', /unknown option/],
      ['rm', /missing required argument/],
    ] as const) {
      const wrong = await at.wherry('shell', [at.url('')], { input });
      assert.equal(wrong.code, 2, wrong.all);
      assert.match(wrong.stderr, text);
    }
  });
});

describe('names of the server that a pattern finds', () => {
  it('are no options, and no other folder', async () => {
    await using at = await serve({ '/srv/-rf': 'a', '/srv/~': 'b', '/srv/~keep/c': 'c', '/home/me/d': 'd' });
    const ran = await at.wherry('shell', [at.url('')], { input: 'cd /srv\nrm -f *\n' });
    // The folder is in the way of rm without -r.
    assert.equal(ran.code, 1, ran.all);
    assert.deepEqual(at.files.paths(), [
      '/home',
      '/home/me',
      '/home/me/d',
      '/srv',
      '/srv/~keep',
      '/srv/~keep/c',
    ]);
  });

  it('are never the local file that get writes', async () => {
    await using at = await serve({ '/srv/a': 'evil', '/srv/b': 'b' });
    await writeFile(at.desk.path('b'), 'mine');
    const ran = await at.wherry('shell', [at.url('')], { input: 'cd /srv\nget *\n' });
    assert.equal(ran.code, 2, ran.all);
    assert.match(ran.stderr, /get fetches one file or folder, and 2 fit \*/);
    assert.equal(await readFile(at.desk.path('b'), 'utf8'), 'mine');
  });
});

describe('words of a line', () => {
  for (const [line, texts] of [
    ['', []],
    ['  a  b ', ['a', 'b']],
    [`a\\ b 'c "d' "e \\" f" ''`, ['a b', 'c "d', 'e " f', '']],
  ] as const) {
    it(JSON.stringify(line), () =>
      assert.deepEqual(
        splitWords(line)?.map(({ text }) => text),
        texts,
      ),
    );
  }

  it('that are quoted come back', () => {
    for (const name of ['a', 'a b', `q"u'o`, 'back\\slash', 'st*r?'])
      assert.deepEqual(splitWords(quoteWord(name)), [{ text: name, pattern: false }]);
    assert.equal(splitWords('"open'), undefined);
    assert.equal(splitWords('*.txt')?.[0]?.pattern, true);
  });
});

describe('completion of a line', () => {
  const folders: Record<string, [name: string, type: string][]> = {
    '/home': [
      ['notes.txt', 'file'],
      ['my files', 'directory'],
      ['.hidden', 'file'],
      ['n\u001b]0;title\u0007', 'file'],
      ['n\nrm *', 'file'],
    ],
    '/home/my files/': [['new.md', 'file']],
  };
  const sftp = {
    async *list(path: string) {
      for (const [name, type] of folders[path] ?? assert.fail(path)) yield { name, type };
    },
  } as unknown as Sftp;
  const completer = new Completer({
    sftp,
    commands: new Map([
      ['ls', 'remote'],
      ['lcd', 'local'],
      ['pwd', 'none'],
    ] as const),
    resolve: (path) => (path === '' ? '/home' : `/home/${path}`),
  });
  for (const [line, choices, replaced] of [
    ['l', ['ls ', 'lcd '], 'l'],
    ['ls n', ['notes.txt '], 'n'],
    ['ls ', ['notes.txt ', 'my\\ files/'], ''],
    ['ls .', ['.hidden '], '.'],
    ['ls my', ['my\\ files/'], 'my'],
    ['ls my\\ files/n', ['my\\ files/new.md '], 'my\\ files/n'],
    ['ls gone/x', [], 'gone/x'],
    ['pwd x', [], 'x'],
  ] as const) {
    it(JSON.stringify(line), async () => {
      assert.deepEqual(await completer.complete(line), [choices, replaced]);
    });
  }
});
