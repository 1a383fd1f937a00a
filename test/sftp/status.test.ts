import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERROR_CODES } from '../../src/base/error-codes.ts';
import { SFTP_STATUS, statusError } from '../../src/sftp/status.ts';

/** filexfer-13 section 9.1. */
const NUMBERS = new Map<number, string>([
  [1, 'SFTP_EOF'],
  [2, 'SFTP_NO_SUCH_FILE'],
  [3, 'SFTP_PERMISSION_DENIED'],
  [4, 'SFTP_FAILURE'],
  [5, 'SFTP_BAD_MESSAGE'],
  [6, 'SFTP_NO_CONNECTION'],
  [7, 'SFTP_CONNECTION_LOST'],
  [8, 'SFTP_OP_UNSUPPORTED'],
  [9, 'SFTP_INVALID_HANDLE'],
  [10, 'SFTP_NO_SUCH_FILE'],
  [11, 'SFTP_FILE_ALREADY_EXISTS'],
  [12, 'SFTP_WRITE_PROTECT'],
  [13, 'SFTP_NO_MEDIA'],
  [14, 'SFTP_NO_SPACE'],
  [15, 'SFTP_QUOTA_EXCEEDED'],
  [16, 'SFTP_UNKNOWN_PRINCIPAL'],
  [17, 'SFTP_LOCK_CONFLICT'],
  [18, 'SFTP_DIR_NOT_EMPTY'],
  [19, 'SFTP_NOT_A_DIRECTORY'],
  [20, 'SFTP_INVALID_FILENAME'],
  [21, 'SFTP_LINK_LOOP'],
  [22, 'SFTP_CANNOT_DELETE'],
  [23, 'SFTP_INVALID_PARAMETER'],
  [24, 'SFTP_IS_A_DIRECTORY'],
  [25, 'SFTP_LOCK_CONFLICT'],
  [26, 'SFTP_LOCK_REFUSED'],
  [27, 'SFTP_DELETE_PENDING'],
  [28, 'SFTP_FILE_CORRUPT'],
  [29, 'SFTP_OWNER_INVALID'],
  [30, 'SFTP_GROUP_INVALID'],
  [31, 'SFTP_NO_MATCHING_LOCK'],
  [32, 'SFTP_FAILURE'],
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
