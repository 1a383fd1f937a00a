import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { keyTables } from './key-tables.ts';

test('docs/keys.md lists the formats, stores and limits there are', () => {
  const text = readFileSync(new URL('../../docs/keys.md', import.meta.url), 'utf8');
  for (const table of Object.values(keyTables())) assert.ok(text.includes(table), `make it anew:\n${table}`);
});
