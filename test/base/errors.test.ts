import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERROR_CODES, type ErrorCode, errorRow } from '../../src/base/error-codes.ts';
import { isWherryError, toWherryError, WherryError, withDetails } from '../../src/base/errors.ts';

/** The module once more, as a second copy of the package has it. */
const COPY: string = '../../src/base/errors.ts?copy';
const copies = (await import(COPY)) as typeof import('../../src/base/errors.ts');

test('the brand is seen across two copies of the module, which are no instances of each other', () => {
  const theirs = new copies.WherryError('TIMEOUT', 'late');
  assert.equal(theirs instanceof WherryError, false);
  assert.equal(isWherryError(theirs), true);
  assert.equal(copies.isWherryError(new WherryError('TIMEOUT', 'late')), true);
  assert.equal(toWherryError(theirs, 'CLOSED'), theirs);
});

test('nothing else is a WherryError', () => {
  for (const value of [
    null,
    undefined,
    'TIMEOUT',
    7,
    {},
    new Error('x'),
    { code: 'TIMEOUT', name: 'WherryError' },
  ]) {
    assert.equal(isWherryError(value), false);
  }
});

test('a WherryError is an Error with a name, a code, details and a cause', () => {
  const cause = new Error('below');
  const error = new WherryError('CONNECT_REFUSED', 'no', { port: 22 }, cause);
  assert.ok(error instanceof Error);
  assert.equal(error.name, 'WherryError');
  assert.equal(error.cause, cause);
  assert.deepEqual(error.details, { port: 22 });
  assert.match(String(error.stack), /^WherryError: no|Error: no/);
  assert.equal('cause' in new WherryError('CLOSED', 'no'), false);
  assert.deepEqual(Object.keys(error).sort(), ['code', 'details', 'name']);
});

test('toWherryError wraps anything once, with itself as the cause', () => {
  const system = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  const wrapped = toWherryError(system, 'CONNECTION_LOST', { phase: 'open' });
  assert.equal(wrapped.message, 'read ECONNRESET');
  assert.equal(wrapped.code, 'CONNECTION_LOST');
  assert.equal(wrapped.cause, system);
  assert.equal(toWherryError(wrapped, 'CLOSED'), wrapped);
  assert.equal(toWherryError('text', 'CLOSED').message, 'text');
  assert.equal(toWherryError(undefined, 'CLOSED').message, 'undefined');
});

test('withDetails adds facts, never overwrites one, and leaves the original as it was', () => {
  const cause = new Error('below');
  const error = new WherryError('TIMEOUT', 'late', { phase: 'login' }, cause);
  const more = withDetails(error, { phase: 'other', host: 'h', port: 22 });
  assert.deepEqual(more.details, { phase: 'login', host: 'h', port: 22 });
  assert.deepEqual(error.details, { phase: 'login' });
  assert.equal(more.code, 'TIMEOUT');
  assert.equal(more.message, 'late');
  assert.equal(more.cause, cause);
  assert.equal(more.stack, error.stack);
  assert.equal(isWherryError(more), true);
});

test('ERROR_CODES: names in capitals, a sentence each, exit codes and disconnect reasons in range', () => {
  for (const [code, row] of Object.entries(ERROR_CODES)) {
    assert.match(code, /^[A-Z][A-Z0-9_]+$/);
    assert.match(row.doc, /^[A-Z].*\.$/s, code);
    assert.ok([1, 2, 3, 4].includes(row.exit));
    const { disconnect } = errorRow(code as ErrorCode);
    if (disconnect !== undefined) assert.ok(disconnect >= 1 && disconnect <= 15, code);
    assert.equal(row.exit === 4, code.startsWith('HOST_KEY_') || code === 'SSH_HOST_KEY_SIGNATURE', code);
  }
});
