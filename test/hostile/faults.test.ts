/**
 * The road breaks, stands still or is slow under every way to move files: an error of ours in bounded time, no part of a file
 * under its final name, no temporary file here; and where it only was slow, the right bytes.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WherryError } from '../../src/index.ts';
import type { ServedRequest } from '../../src/server/index.ts';
import type { Fault } from '../support/relay/faulty-relay.ts';
import { seeded } from '../support/sftp/server.ts';
import { allOf, OPERATIONS, perform, type Stage } from './operations.ts';

const NAMES = Object.keys(OPERATIONS);
/** The way most bytes of it go. */
const mainWay = (name: string): 'down' | 'up' => (/up|put/.test(name) ? 'up' : 'down');
const other = { down: 'up', up: 'down' } as const;

/** Bytes from the beginning of the transfer on: before all, inside the first packet, between, and in the contents. */
const PLACES = [0, 1, 37, 700, 5000, 60_000] as const;

const BREAKS: readonly (readonly [what: string, fault: (at: number) => Fault])[] = [
  ['is reset', (at) => ({ cutAt: at })],
  ['ends', (at) => ({ endAt: at })],
  ['stalls', (at) => ({ stallAt: at })],
];

for (const [what, fault] of BREAKS) {
  test(`the road ${what} at any byte of the contents' way`, async () => {
    const cases = PLACES.flatMap((at) => NAMES.map((name) => [name, at] as const));
    await allOf(cases, async ([name, at]) => {
      const error = await perform(name, ({ relay }) => relay.misbehave({ [mainWay(name)]: fault(at) }));
      assert.ok(error !== undefined, `${name} succeeded, ${at}`);
      if (what === 'stalls') assert.equal(codeOf(error), 'TIMEOUT', `${name}, ${at}`);
    });
  });

  test(`the road ${what} on the other way`, async () => {
    await allOf(NAMES, async (name) => {
      const error = await perform(name, ({ relay }) =>
        relay.misbehave({ [other[mainWay(name)]]: fault(37) }),
      );
      assert.ok(error !== undefined, `${name} succeeded`);
    });
  });
}

/** Of the core, in an SFTPClientError too. */
function codeOf(error: unknown): string | undefined {
  const { code, coreCode } = error as WherryError & { readonly coreCode?: string };
  return coreCode ?? code;
}

const CRUMBS: Fault = { singly: 3000, pieces: 997 };
const LATE: Fault = { delay: 4, pieces: 20_000 };

const SLOW: readonly (readonly [what: string, fault: (stage: Stage) => void])[] = [
  ['in single bytes and small pieces', ({ relay }) => relay.misbehave({ down: CRUMBS, up: CRUMBS })],
  ['late', ({ relay }) => relay.misbehave({ down: LATE, up: LATE })],
];

for (const [what, fault] of SLOW) {
  test(`what comes ${what} comes right`, async () => {
    for (const name of NAMES) assert.equal(await perform(name, fault, { patient: true }), undefined, name);
  });
}

test('replies in another order than the requests, and short ones, give the right bytes', async () => {
  for (const name of NAMES) {
    const random = seeded(name.length);
    const onRequest = ({ name: kind }: ServedRequest) => ({
      delay: Math.floor(random() * 8),
      ...(kind === 'SSH_FXP_READ' && random() < 0.5 ? { atMost: 5000 } : {}),
    });
    assert.equal(await perform(name, () => {}, { onRequest, patient: true }), undefined, name);
  }
});
