import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Deadline, type WaitOptions } from '../../src/base/deadline.ts';
import type { WherryError } from '../../src/base/errors.ts';

/** A deadline, and what it reported. */
function watched(options: WaitOptions, phase: string | (() => string) = 'a test') {
  const errors: WherryError[] = [];
  const deadline = new Deadline(options, phase, (error) => errors.push(error));
  return { deadline, errors };
}

test('silence: TIMEOUT once, with the phase of the moment it expires', async () => {
  let phase = 'early';
  const { errors } = watched({ timeout: 20 }, () => phase);
  phase = 'late';
  await sleep(70);
  assert.equal(errors.length, 1);
  assert.equal(errors[0]!.code, 'TIMEOUT');
  assert.equal(errors[0]!.details.phase, 'late');
  assert.equal(errors[0]!.message, 'nothing happened for 0.02 s during late');
});

test('touch keeps it alive, and it expires after the last touch', async () => {
  const { deadline, errors } = watched({ timeout: 60 });
  for (let i = 0; i < 8; i++) {
    await sleep(15);
    deadline.touch();
  }
  assert.equal(errors.length, 0);
  await sleep(120);
  assert.equal(errors.length, 1);
});

test('pause stops the clock for as long as it takes; resume starts it anew', async () => {
  const { deadline, errors } = watched({ timeout: 25 });
  deadline.pause();
  await sleep(90);
  assert.equal(errors.length, 0);
  deadline.resume();
  await sleep(5);
  assert.equal(errors.length, 0);
  await sleep(80);
  assert.equal(errors.length, 1);
});

test('a paused deadline still hears its signal', async () => {
  const abort = new AbortController();
  const { deadline, errors } = watched({ timeout: 1000, signal: abort.signal });
  deadline.pause();
  abort.abort();
  assert.equal(errors[0]!.code, 'ABORTED');
});

for (const timeout of [0, undefined]) {
  test(`timeout ${timeout}: waits for ever`, async () => {
    const { deadline, errors } = watched({ timeout });
    await sleep(30);
    assert.equal(errors.length, 0);
    deadline.clear();
  });
}

test('never after clear: not the timer, not the signal, not a signal that had fired before', async () => {
  const abort = new AbortController();
  const one = watched({ timeout: 10, signal: abort.signal });
  one.deadline.clear();
  const two = watched({ signal: AbortSignal.abort() });
  two.deadline.clear();
  abort.abort();
  await sleep(30);
  assert.deepEqual([one.errors.length, two.errors.length], [0, 0]);
});

test('reported once, whatever else happens afterwards', async () => {
  const abort = new AbortController();
  const { deadline, errors } = watched({ timeout: 10, signal: abort.signal });
  await sleep(30);
  abort.abort();
  deadline.touch();
  deadline.resume();
  deadline.clear();
  await sleep(30);
  assert.equal(errors.length, 1);
});

test('a signal that had fired is reported, but not before the constructor has returned', async () => {
  const { errors } = watched({ signal: AbortSignal.abort('why') });
  assert.equal(errors.length, 0);
  await Promise.resolve();
  assert.equal(errors[0]!.code, 'ABORTED');
  assert.equal(errors[0]!.cause, 'why');
});

test('the reason of a signal decides: a time-out is TIMEOUT, everything else ABORTED with it as the cause', async () => {
  const late = watched({ signal: AbortSignal.timeout(5) });
  await sleep(40);
  assert.equal(late.errors[0]!.code, 'TIMEOUT');
  assert.equal((late.errors[0]!.cause as DOMException).name, 'TimeoutError');
  for (const reason of [new Error('mine'), 'a text', undefined, new DOMException('x', 'AbortError')]) {
    const abort = new AbortController();
    const { errors } = watched({ signal: abort.signal });
    abort.abort(reason);
    assert.equal(errors[0]!.code, 'ABORTED');
    assert.equal(errors[0]!.cause, abort.signal.reason);
    assert.equal(errors[0]!.details.phase, 'a test');
  }
});

test('one listener serves all who wait under a signal, and the last of them lets go of it', () => {
  let listeners = 0;
  const signal = new AbortController().signal;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = ((...args: Parameters<typeof addEventListener>) => {
    listeners++;
    addEventListener.apply(signal, args);
  }) as typeof addEventListener;
  signal.removeEventListener = ((...args: Parameters<typeof removeEventListener>) => {
    listeners--;
    removeEventListener.apply(signal, args);
  }) as typeof removeEventListener;
  for (let round = 0; round < 2; round++) {
    const all = Array.from({ length: 3 }, () => watched({ signal }).deadline);
    for (const deadline of all) {
      assert.equal(listeners, 1);
      deadline.clear();
      deadline.clear();
    }
    assert.equal(listeners, 0);
  }
});

test('all who wait under a signal hear it once, in their order, but for those that another has cleared', () => {
  const abort = new AbortController();
  const heard: number[] = [];
  const all = Array.from({ length: 6 }, (_, i) => {
    const onExpire = (): void => {
      heard.push(i);
      if (i % 2 === 0) all[i + 1]!.clear();
    };
    return new Deadline({ signal: abort.signal }, 'a test', onExpire);
  });
  abort.abort();
  assert.deepEqual(heard, [0, 2, 4]);
});

test('one that throws when the signal fires keeps no other from hearing it', () => {
  const abort = new AbortController();
  let fire = (): void => {};
  abort.signal.addEventListener = ((_: string, listener: () => void) => {
    fire = listener;
  }) as typeof abort.signal.addEventListener;
  const heard: number[] = [];
  for (const i of [0, 1, 2]) {
    new Deadline({ signal: abort.signal }, 'a test', () => {
      heard.push(i);
      if (i < 2) throw new Error(`mine ${i}`);
    });
  }
  assert.throws(fire, /mine 0/);
  assert.deepEqual(heard, [0, 1, 2]);
});

test('hundreds of operations under one signal are no leak that Node warns of', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error): void => void warnings.push(warning);
  process.on('warning', note);
  const abort = new AbortController();
  const all = Array.from({ length: 300 }, () => watched({ signal: abort.signal }));
  await sleep(1);
  process.off('warning', note);
  assert.deepEqual(warnings, []);
  for (const { deadline } of all) deadline.clear();
});
