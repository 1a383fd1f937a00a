import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isWherryError } from '../../src/base/errors.ts';
import { LIMITS } from '../../src/base/limits.ts';
import { receiveInto } from '../../src/transfer/scp-download.ts';
import type { ScpOptions } from '../../src/transfer/scp-options.ts';
import { runScp } from '../../src/transfer/scp-run.ts';
import { ScriptedScp, type ScriptStep } from '../support/scp/scripted-scp.ts';

/** `outer/target` is where things are copied to; nothing may appear in `outer` besides. */
let outer: string;
let target: string;

beforeEach(async () => {
  outer = await mkdtemp(join(tmpdir(), 'wherry-scp-'));
  target = join(outer, 'target');
});

afterEach(() => rm(outer, { recursive: true, force: true }));

async function download(steps: readonly ScriptStep[], options: ScpOptions, remote = 'data', chunk?: number) {
  const channel = new ScriptedScp(steps, chunk);
  const result = await runScp(channel, options, 2000, 'scp download', (link, tally, touch) =>
    receiveInto(link, remote, target, options, tally, touch),
  );
  assert.equal(channel.closed, true);
  return { ...result, answers: channel.received };
}

/** A source that sends its lines without caring for answers, as a malicious one may. */
const blurt = (text: string): ScriptStep[] => [{ await: 1 }, { send: text }, { end: 0 }];
const ok = (name: string, content: string): string => `C0644 ${content.length} ${name}\n${content}\0`;

const HOSTILE: readonly (readonly [what: string, script: string, recursive: boolean, code: string])[] = [
  ['another name than asked for (CVE-2019-6111)', ok('.bashrc', 'x'), false, 'TRANSFER_UNSAFE_NAME'],
  ['a name with a separator', ok('../data', 'x'), false, 'TRANSFER_UNSAFE_NAME'],
  ['an absolute name', ok('/tmp/data', 'x'), false, 'TRANSFER_UNSAFE_NAME'],
  ['the name ..', ok('..', 'x'), false, 'TRANSFER_UNSAFE_NAME'],
  ['the name .', ok('.', 'x'), false, 'TRANSFER_UNSAFE_NAME'],
  ['no name', 'C0644 1 \nx\0', false, 'SCP_UNAVAILABLE'],
  ['a name with a NUL', ok('da\0ta', 'x'), false, 'TRANSFER_UNSAFE_NAME'],
  ['a second file', ok('data', 'x') + ok('data', 'y'), false, 'TRANSFER_UNSAFE_NAME'],
  [
    'a folder where a file was asked for (CVE-2018-20685)',
    'D0777 0 data\nE\n',
    false,
    'TRANSFER_UNSAFE_NAME',
  ],
  ['the folder . (CVE-2018-20685)', 'D0777 0 .\nE\n', true, 'TRANSFER_UNSAFE_NAME'],
  ['a folder with an empty name', 'D0777 0 \nE\n', true, 'SCP_UNAVAILABLE'],
  ['a folder by another name', 'D0777 0 other\nE\n', true, 'TRANSFER_UNSAFE_NAME'],
  ['a file up and out of a folder', `D0755 0 data\n${ok('../evil', 'x')}`, true, 'TRANSFER_UNSAFE_NAME'],
  ['a folder up and out of a folder', 'D0755 0 data\nD0755 0 ..\nE\nE\n', true, 'TRANSFER_UNSAFE_NAME'],
  ['a second folder', 'D0755 0 data\nE\nD0755 0 data\nE\n', true, 'TRANSFER_UNSAFE_NAME'],
  ['the end of a folder that was not begun', 'E\n', true, 'TRANSFER_UNSAFE_NAME'],
  ['an end too many', 'D0755 0 data\nE\nE\n', true, 'TRANSFER_UNSAFE_NAME'],
  [
    'folders without end',
    `D0755 0 data\n${'D0755 0 d\n'.repeat(LIMITS.scpDepth.value)}`,
    true,
    'TRANSFER_UNSAFE_NAME',
  ],
  ['an end in the middle of a folder', `D0755 0 data\n${ok('a', 'x')}`, true, 'SCP_FAILED'],
  ['a negative size', 'C0644 -1 data\n', false, 'SCP_UNAVAILABLE'],
  ['a size beyond 2^53', 'C0644 9007199254740993 data\n', false, 'SCP_UNAVAILABLE'],
  ['a bad mode', 'C9999 1 data\nx\0', false, 'SCP_UNAVAILABLE'],
  ['an unknown line later on', `T1 0 1 0\nX\n`, false, 'SSH_MALFORMED'],
  ['a line without end', 'C'.repeat(10_000), false, 'LIMIT_EXCEEDED'],
  ['an endless message', `\x01${'x'.repeat(10_000)}`, false, 'LIMIT_EXCEEDED'],
  ['fewer bytes than announced', 'C0644 100 data\nshort', false, 'SCP_FAILED'],
  ['no closing byte', 'C0644 1 data\nx', false, 'SCP_FAILED'],
  ['a wrong closing byte', 'C0644 1 data\nxy', false, 'SCP_FAILED'],
  ['trouble in the middle of the data', 'C0644 1 data\nx\x01read error\n', false, 'SCP_FAILED'],
  ['a fatal message', '\x02no\n', false, 'SCP_FAILED'],
  ['no such file', '\x01scp: data: No such file or directory\n', false, 'SCP_FAILED'],
  ['nothing at all', '', false, 'SCP_FAILED'],
  ['a greeting instead of scp', 'This service allows sftp connections only.\n', false, 'SCP_UNAVAILABLE'],
];

describe('a malicious or broken source', () => {
  for (const [what, script, recursive, code] of HOSTILE) {
    for (const chunk of [65_536, 1]) {
      test(`${what}, in pieces of ${chunk}`, { timeout: 10_000 }, async () => {
        await writeFile(join(outer, 'witness'), 'untouched');
        const failed = download(blurt(script), { recursive }, 'data', chunk);
        await assert.rejects(failed, (error) => {
          assert.ok(isWherryError(error), String(error));
          assert.equal(error.code, code, error.message);
          assert.doesNotMatch(error.message, /[\u0000-\u001f\u007f]/);
          return true;
        });
        assert.deepEqual((await readdir(outer)).filter((name) => name !== 'target').sort(), ['witness']);
        assert.equal(await readFile(join(outer, 'witness'), 'utf8'), 'untouched');
        const inside = await readdir(target, { recursive: true }).catch(() => []);
        assert.ok(
          !inside.some((name) => name.includes('evil') || name.endsWith('wherry-tmp')),
          inside.join(),
        );
      });
    }
  }

  test('a silent source ends by the time-out', { timeout: 10_000 }, async () => {
    const failed = download([{ await: 1 }, { await: 1 }], { timeout: 100 });
    await assert.rejects(failed, (error) => isWherryError(error) && error.code === 'TIMEOUT');
  });

  test('a local link below the target is not followed', async () => {
    const elsewhere = join(outer, 'elsewhere');
    await mkdir(elsewhere);
    await mkdir(target);
    await symlink(elsewhere, join(target, 'sub'));
    const script = `D0755 0 data\nD0755 0 sub\n${ok('evil', 'x')}E\nE\n`;
    await assert.rejects(
      download(blurt(script), { recursive: true }),
      (error) => isWherryError(error) && error.code === 'TRANSFER_TARGET',
    );
    assert.deepEqual(await readdir(elsewhere), []);
  });

  test('setuid, setgid and sticky are never taken over (OpenSSH 487e8ac14)', async () => {
    await download(blurt('T1000 0 2000 0\nC7755 1 data\nx\0'), { preserve: true });
    const { mode, mtimeMs, atimeMs } = await stat(target);
    assert.equal(mode & 0o7777, 0o755);
    assert.equal(mtimeMs, 1_000_000);
    assert.equal(atimeMs, 2_000_000);
  });

  test('without preserve the mode of the server does not count', async () => {
    await download(blurt(ok('data', 'x').replace('0644', '0777')), {});
    assert.equal((await stat(target)).mode & 0o7777 & 0o111, 0);
  });
});

describe('a well-behaved source', () => {
  for (const chunk of [1, 3, 65_536]) {
    test(`a tree in pieces of ${chunk}`, async () => {
      const script = `D0755 0 data\n${ok('a', '')}${ok('b b', 'hello')}D0755 0 sub\n${ok('c', 'x'.repeat(1000))}E\nE\n`;
      const { files, folders, bytes, answers } = await download(
        blurt(script),
        { recursive: true },
        'data',
        chunk,
      );
      assert.deepEqual({ files, folders, bytes }, { files: 3, folders: 2, bytes: 1005 });
      assert.equal(await readFile(join(target, 'b b'), 'utf8'), 'hello');
      assert.equal((await readFile(join(target, 'sub', 'c'))).length, 1000);
      assert.ok(answers.every((byte) => byte === 0));
    });
  }

  test('a warning in the middle of a tree is told and the copy goes on', async () => {
    const script = `D0755 0 data\n${ok('a', 'x')}\x01scp: data/b: Permission denied\n${ok('c', 'y')}E\n`;
    const steps = blurt(script);
    const { files, warnings } = await download(steps, { recursive: true });
    assert.equal(files, 2);
    assert.deepEqual(warnings, ['scp: data/b: Permission denied']);
  });
});
