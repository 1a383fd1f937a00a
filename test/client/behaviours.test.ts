/**
 * Every property, method, event, setting and error number has a test that shows its behaviour; the tests themselves fail when
 * they do not use what they say they show (shows.ts).
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CLIENT_ERRORS } from '../../src/client/tables/errors.ts';
import { camel, surface } from './surface.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const FOLDERS = [here, join(here, '../real/client')];

/** The names in the calls of shows(), with the file of each; `sshCert*` stands for all that begin so. */
const shown = new Map<string, string>();
for (const folder of FOLDERS) {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.test.ts'))) {
    const text = readFileSync(join(folder, file), 'utf8');
    for (const [, list] of text.matchAll(
      /\bshows\(\s*(?:'(?:[^'\\]|\\.)*'|"[^"]*"|`[^`]*`),\s*\[([\s\S]*?)\n?\s*\],\s*(?:openssh|async|\(|\w+,|require|\{)/g,
    )) {
      for (const [, name] of list!.matchAll(/'([^']+)'/g)) shown.set(name!, file);
    }
  }
}
const patterns = [...shown.keys()].filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1));
const isShown = (name: string): boolean =>
  shown.has(name) || patterns.some((beginning) => name.startsWith(beginning));

test('every name of the reference has a test that shows what it does', () => {
  const names = [
    ...surface.properties.map(({ name }) => camel(name)),
    ...surface.methods.map(({ name }) => camel(name)),
    ...surface.events.map(({ name }) => `event:${camel(name.replace(/^on_/, ''))}`),
    ...surface.config.map(({ name }) => `config:${name.replace('[ChannelId]', '')}`),
  ];
  assert.equal(names.length, 226);
  assert.deepEqual(
    names.filter((name) => !isShown(name)),
    [],
  );
});

test('every error number has a test that fails with it, or a reason why nothing can', () => {
  for (const { code, group, never } of CLIENT_ERRORS) {
    const name = code === 1105 && group === 'TCPClient' ? 'error:1105 TCPClient' : `error:${code}`;
    assert.equal(isShown(name), never === undefined, `${name}: ${never ?? 'no test'}`);
  }
});
