/** Run by test/harness/leaks.test.ts alone: each test of LEAKS must fail, and those of CLEAN must not. */
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CLEAN, LEAKS, type Shared } from './kinds.ts';

describe('one by one', () => {
  const server = createServer((socket) => socket.unref());
  let shared: Shared;
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    server.unref();
    const folder = mkdtempSync(join(tmpdir(), 'wherry-shared-'));
    shared = { port: (server.address() as AddressInfo).port, folder };
  });
  after(() => {
    server.close();
    rmSync(shared.folder, { recursive: true });
  });

  const [sharing, putOff, late] = CLEAN;
  test(sharing, () => {});
  test(putOff, (t) => {
    const timer = setTimeout(() => {}, 60_000);
    const folder = mkdtempSync(join(tmpdir(), 'wherry-mine-'));
    t.after(() => clearTimeout(timer));
    t.after(() => rmSync(folder, { recursive: true }));
  });
  test(late, () => void setTimeout(() => {}, 20));
  for (const { what, leak } of LEAKS)
    test(what, async () => {
      await leak(shared);
    });
});

describe('a group', () => {
  before(() => {
    setTimeout(() => {}, 64_000).unref();
  });
  test('its timer is no test of its own', () => {});
});
