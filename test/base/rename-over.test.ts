import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renameOver } from '../../src/base/rename-over.ts';

test('what Windows refuses while somebody reads is tried again, for a while', async () => {
  const cases: [platform: string, code: string, failures: number, tries: number, fails: boolean][] = [
    ['win32', 'EPERM', 3, 4, false],
    ['win32', 'EACCES', 7, 8, false],
    ['win32', 'EBUSY', 99, 8, true],
    ['win32', 'ENOENT', 1, 1, true],
    ['linux', 'EPERM', 1, 1, true],
  ];
  for (const [platform, code, failures, tries, fails] of cases) {
    let tried = 0;
    let waited = 0;
    const renaming = renameOver('a', 'b', {
      platform,
      rename: (from, to) => {
        assert.deepEqual([from, to], ['a', 'b']);
        tried++;
        return tried > failures
          ? Promise.resolve()
          : Promise.reject(Object.assign(new Error(code), { code }));
      },
      sleep: (ms) => {
        waited += ms;
        return Promise.resolve();
      },
    });
    if (fails) await assert.rejects(renaming, { code });
    else await renaming;
    assert.equal(tried, tries);
    assert.ok(waited <= 1270);
  }
});
