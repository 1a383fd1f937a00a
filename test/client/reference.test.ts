import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { reference } from '../../scripts/sftpclient-reference.ts';
import { surface } from './surface.ts';

test('docs/sftpclient.md is what the tables say: npm run reference', () => {
  const page = readFileSync(new URL('../../docs/sftpclient.md', import.meta.url), 'utf8');
  assert.ok(page === reference(), 'docs/sftpclient.md is out of step: npm run reference');
  for (const { code } of surface.errors) assert.ok(page.includes(`| ${code} |`), String(code));
});
