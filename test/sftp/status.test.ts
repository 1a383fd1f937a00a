import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERROR_CODES } from '../../src/base/error-codes.ts';
import { SFTP_STATUS, statusError } from '../../src/sftp/status.ts';

/** filexfer-02 section 7. */
const NUMBERS = new Map<number, string>([
  [1, 'SFTP_EOF'],
  [2, 'SFTP_NO_SUCH_FILE'],
  [3, 'SFTP_PERMISSION_DENIED'],
  [4, 'SFTP_FAILURE'],
  [5, 'SFTP_BAD_MESSAGE'],
  [6, 'SFTP_NO_CONNECTION'],
  [7, 'SFTP_CONNECTION_LOST'],
  [8, 'SFTP_OP_UNSUPPORTED'],
  [9, 'SFTP_FAILURE'],
  [31, 'SFTP_FAILURE'],
  [0xffff_ffff, 'SFTP_FAILURE'],
]);

test('every status number has its code, unknown ones count as failure and keep their number', () => {
  for (const [number, code] of NUMBERS) {
    const error = statusError(number, '', { operation: 'stat', path: '/x' });
    assert.equal(error.code, code);
    assert.equal(error.details.sftpStatus, number);
    assert.match(error.message, /stat \/x/);
  }
  for (const row of Object.values(SFTP_STATUS)) {
    if (row.number === 0) continue;
    assert.ok(NUMBERS.has(row.number));
    assert.ok(row.code !== undefined && row.code in ERROR_CODES);
  }
});

test("the server's words are shown once, bounded and without control characters", () => {
  assert.doesNotMatch(statusError(2, 'No such file', {}).message, /\(/);
  const error = statusError(4, `disk \u001b[31mfull\n${'x'.repeat(5000)}`, { path: '/x' });
  assert.match(error.message, /\(disk \?\[31mfull\?x/);
  assert.ok(error.message.length < 1200);
  assert.doesNotMatch(error.details.serverMessage!, /\u001b|\n/);
});
