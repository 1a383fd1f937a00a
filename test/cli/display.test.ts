/** What people and programs get to see: texts, lines and the bar, without a server. */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatEta, formatMoved, formatSize } from '../../src/cli/format.ts';
import { HumanReport } from '../../src/cli/human-report.ts';
import { listingLine, permissionLetters } from '../../src/cli/listing-line.ts';
import { Output } from '../../src/cli/output.ts';
import { columnsOf, fit, jsonLine, printable } from '../../src/cli/printable.ts';
import { progressLine } from '../../src/cli/progress-line.ts';
import type { ProgressView } from '../../src/cli/report.ts';

const NASTY = 'a\u001b[31m\r\n\u0007\u009b2J\u202egpj.exe\u2028\u200e\u{e0041}\ud800z';

describe('printable text', () => {
  it('has nothing that steers a terminal', () => {
    assert.equal(printable(NASTY), 'a?[31m????2J?gpj.exe????z');
    assert.equal(printable('grüße 日本 👍 می‌روم'), 'grüße 日本 👍 می‌روم');
  });

  it('is escaped in JSON lines, and the value stays', () => {
    const line = jsonLine({ name: NASTY });
    assert.match(line, /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+\n$/u);
    assert.deepEqual(JSON.parse(line), { name: NASTY });
  });

  it('is cut in its middle to the columns there are', () => {
    for (const [text, columns, shown] of [
      ['abc', 5, 'abc  '],
      ['abcdefgh', 8, 'abcdefgh'],
      ['abcdefghij', 7, 'abc…hij'],
      ['abcdefghij', 6, 'abc…ij'],
      ['日本語の名前.txt', 9, '日本….txt'],
      ['日本語の名前', 6, '日…前 '],
      ['abc', 1, '…'],
      ['abc', 0, ''],
    ] as const) {
      assert.equal(fit(text, columns), shown);
      assert.equal(columnsOf(shown), columns);
    }
  });
});

describe('numbers', () => {
  it('has sizes', () => {
    const sizes = [0, 1, 1023, 1024, 1536, 1_048_575, 1_048_576, 5e9, 2 ** 52].map(formatSize);
    assert.deepEqual(sizes, [
      '0 B',
      '1 B',
      '1023 B',
      '1.0 KiB',
      '1.5 KiB',
      '1.0 MiB',
      '1.0 MiB',
      '4.7 GiB',
      '4.0 PiB',
    ]);
  });

  it('has times left', () => {
    const times = [undefined, 0, 0.2, 59.5, 61, 3599, 3661, 359_999, 360_000, Number.NaN, Infinity].map(
      formatEta,
    );
    assert.deepEqual(times, [
      ...['-:--', '0:00', '0:01', '1:00', '1:01', '59:59', '1:01:01', '99:59:59'],
      ...['-:--', '-:--', '-:--'],
    ]);
  });

  it('has what was moved', () => {
    assert.equal(formatMoved(67_108_864, 500), '64.0 MiB in 0.5 s (128.0 MiB/s)');
    assert.equal(formatMoved(3, 12), '3 B in 0.01 s');
  });
});

describe('a line of a listing', () => {
  it('looks like ls -l', () => {
    const modifyTime = new Date(2026, 10, 3, 4, 5).getTime() / 1000;
    const entry = { name: 'a', longname: '', type: 'directory', attributes: {} } as const;
    assert.equal(
      listingLine({ ...entry, attributes: { permissions: 0o40755, size: 4096, modifyTime } }),
      'drwxr-xr-x         4096 2026-11-03 04:05 a',
    );
    assert.equal(
      listingLine({ ...entry, type: 'unknown', name: 'b\u001b[2Jc\n' }),
      '??????????            ? ?                b?[2Jc?',
    );
  });

  it('has permissions', () => {
    const letters = [0, 0o777, 0o640, 0o4755, 0o4644, 0o2750, 0o1777, 0o1776].map(permissionLetters);
    assert.deepEqual(letters, [
      ...[
        '---------',
        'rwxrwxrwx',
        'rw-r-----',
        'rwsr-xr-x',
        'rwSr--r--',
        'rwxr-s---',
        'rwxrwxrwt',
        'rwxrwxrwT',
      ],
    ]);
  });
});

const HALF: ProgressView = { path: 'disk.img', transferred: 5e8, total: 1e9, rate: 1e8, eta: 5 };

describe('the progress line', () => {
  for (const [columns, line] of [
    [100, 'disk.img  [==================>                   ]   50%   476.8 MiB    95.4 MiB/s  ETA  0:05'],
    [79, 'disk.img  [===========>            ]   50%   476.8 MiB    95.4 MiB/s  ETA  0:05'],
    [60, 'disk.img            50%   476.8 MiB    95.4 MiB/s  ETA  0:05'],
    [39, 'disk.img   50%    95.4 MiB/s  ETA  0:05'],
    [30, 'disk.img     50%    95.4 MiB/s'],
    [20, 'disk.img         50%'],
    [10, 'disk.img'],
    [5, 'di…mg'],
  ] as const) {
    it(`fits ${columns} columns`, () => assert.equal(progressLine(HALF, columns), line));
  }

  it('never gets wider than the terminal, whatever it is about', () => {
    const paths = [
      'x',
      '/a/very/long/path/to/some/file/with a name that goes on and on.tar.gz',
      '日本語'.repeat(20),
      NASTY,
    ];
    for (const path of paths) {
      for (const total of [undefined, 0, 5, 1e15]) {
        for (const files of [undefined, 1, 123_456]) {
          for (let columns = 1; columns < 130; columns++) {
            const view = {
              path,
              total,
              transferred: 9e14,
              rate: 9e11,
              eta: 1e5,
              ...(files === undefined ? {} : { files }),
            };
            const line = progressLine(view, columns);
            assert.ok(columnsOf(line) <= columns, `${columnsOf(line)} columns of ${columns}: ${line}`);
            assert.equal(line, printable(line));
          }
        }
      }
    }
  });

  it('says how far a folder is', () => {
    const view = {
      path: 'sub/a.txt',
      transferred: 3e6,
      total: undefined,
      rate: 1e6,
      eta: undefined,
      files: 12,
    };
    assert.equal(progressLine(view, 79), 'sub/a.txt  12 files     2.9 MiB   976.6 KiB/s');
  });
});

function fakeTerminal(isTTY: boolean): { output: Output; text: () => string } {
  const stream = new PassThrough() as unknown as NodeJS.WriteStream & PassThrough;
  stream.isTTY = isTTY;
  stream.columns = 60;
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return { output: new Output(stream, () => {}), text: () => text };
}

describe('a report for people', () => {
  it('paints at most ten times a second on a terminal, and clears up', async () => {
    const err = fakeTerminal(true);
    const report = new HumanReport(fakeTerminal(true).output, err.output, { quiet: false, verbose: false });
    const until = performance.now() + 450;
    while (performance.now() < until) {
      report.progress(HALF);
      await sleep(2);
    }
    report.file({ path: 'disk.img', bytes: 1e9, size: 1e9, duration: 10_000 });
    report.done({ command: 'get', files: 1, bytes: 1e9, duration: 10_000 });
    await sleep(10);
    const painted = err.text().split('disk.img').length - 2;
    assert.ok(painted >= 3 && painted <= 5, `${painted} times`);
    assert.match(err.text(), /\r\u001b\[Jdisk\.img: 953\.7 MiB in 10\.0 s \(95\.4 MiB\/s\)\n$/);
  });

  it('writes plain lines elsewhere', async () => {
    const err = fakeTerminal(false);
    const report = new HumanReport(fakeTerminal(false).output, err.output, { quiet: false, verbose: true });
    report.progress(HALF);
    report.note('note \u001b]0;title\u0007');
    report.file({ path: 'a\rb', bytes: 5, size: 5 });
    report.done({
      command: 'get',
      files: 2,
      folders: 1,
      bytes: 10,
      duration: 2000,
      skipped: [{ path: 'l\u009b', reason: 'r' }],
    });
    report.failed({ code: 'CLOSED', message: 'bad\nnews', details: {}, stack: undefined });
    await sleep(10);
    assert.deepEqual(err.text().split('\n'), [
      'wherry: note ?]0;title?',
      'a?b: 5 B',
      'wherry: left out l?: r',
      '2 files in 1 folder: 10 B in 2.0 s (5 B/s)',
      'wherry: bad?news',
      '',
    ]);
  });

  it('is quiet when told so, but for the failure', async () => {
    const err = fakeTerminal(true);
    const report = new HumanReport(fakeTerminal(true).output, err.output, { quiet: true, verbose: false });
    report.progress(HALF);
    report.file({ path: 'a', bytes: 5, size: 5, duration: 1 });
    report.done({
      command: 'get',
      files: 2,
      bytes: 10,
      duration: 2000,
      skipped: [{ path: 'l', reason: 'r' }],
    });
    report.failed({ code: 'CLOSED', message: 'it broke', details: {}, stack: 'secret stack' });
    await sleep(10);
    assert.equal(err.text(), 'wherry: it broke\n');
  });
});
