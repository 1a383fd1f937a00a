/** What needs the optional package koffi says so where it is not installed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectAgent, openKeyStore } from '../../src/keys.ts';

test('the certificate stores need koffi', () => {
  for (const type of ['cstUser', 'cstMachine'] as const)
    assert.throws(() => openKeyStore({ type, store: 'MY' }), {
      code: 'KEY_UNSUPPORTED',
      message: /npm install koffi$/,
    });
});

test('a Pageant without a pipe needs koffi', async () => {
  await assert.rejects(connectAgent(undefined, { kind: 'pageant' }), {
    code: 'AGENT_FAILED',
    message: /npm install koffi$/,
  });
});
