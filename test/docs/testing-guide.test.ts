/** The block of docs/testing.md for vitest and jest, with hooks of the same names. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type RunningServer, startServer } from '../../src/server/index.ts';

test('the shape for vitest and jest starts a server and ends it', async () => {
  const page = readFileSync(new URL('../../docs/testing.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code!);
  assert.equal(blocks.length, 1);
  const hooks: { before?: () => Promise<void>; after?: () => Promise<void> } = {};
  const started: RunningServer[] = [];
  const start = async (options: Parameters<typeof startServer>[0]): Promise<RunningServer> => {
    started.push(await startServer(options));
    return started[0]!;
  };
  new Function('startServer', 'beforeAll', 'afterAll', blocks[0]!)(
    start,
    (work: () => Promise<void>) => {
      hooks.before = work;
    },
    (work: () => Promise<void>) => {
      hooks.after = work;
    },
  );
  await hooks.before!();
  assert.ok(started[0]!.port > 0);
  await hooks.after!();
  assert.equal(started[0]!.connections, 0);
});
