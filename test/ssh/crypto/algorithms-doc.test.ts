import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { algorithmsDoc, TARGET } from '../../../scripts/algorithms-doc.ts';

test('docs/algorithms.md says what the tables and proofs say', () => {
  assert.equal(readFileSync(TARGET, 'utf8'), algorithmsDoc(), 'run `npm run algorithms`');
});
