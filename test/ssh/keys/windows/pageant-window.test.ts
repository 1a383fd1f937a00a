/** Pageant's window, with libraries of our own behind koffi; docs/windows.md says how the real ones are run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import koffi from 'koffi';
import { isWherryError, WherryError } from '../../../../src/base/errors.ts';
import { LIMITS } from '../../../../src/base/limits.ts';
import { bindPageant } from '../../../../src/ssh/keys/windows/bind-pageant.ts';
import { WindowRoad } from '../../../../src/ssh/keys/windows/pageant-window.ts';

const MAX = LIMITS.agentFrameBytes.value;
const LIST = Uint8Array.of(11);

type Fake = (...args: never[]) => unknown;
/** Takes the request out of the mapping, and gives what comes to lie there instead. */
type Made = Uint8Array | 'hangs' | 'refuses';
type Answer = (request: Buffer) => Made | Promise<Made>;

const frame = (payload: Uint8Array, length = payload.length): Buffer => {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(length);
  return Buffer.concat([head, payload]);
};

/** A Pageant whose mapping is memory of this process; `open` counts what is not given back. */
function fakes(answer: Answer, over: Record<string, Fake> = {}) {
  const open = { mapping: 0, view: 0, token: 0 };
  const names: string[] = [];
  const patience: number[] = [];
  const memory = koffi.alloc('uint8_t', MAX);
  const sid = koffi.alloc('uint8_t', 16);
  let owner: unknown;
  const bytes = (length: number): Buffer =>
    Buffer.from(koffi.decode(memory, 'uint8_t', length) as Uint8Array);
  const all: Record<string, Fake> = {
    FindWindowW: (kind: string, title: string) => (kind === 'Pageant' && title === 'Pageant' ? 77n : null),
    GetCurrentProcess: () => -1n,
    OpenProcessToken(_process: unknown, access: number, token: unknown[]) {
      assert.equal(access, 8);
      token[0] = 3n;
      return ++open.token;
    },
    GetTokenInformation(_token: unknown, kind: number, into: unknown) {
      assert.equal(kind, 1);
      koffi.encode(into, 'void *', sid);
      return 1;
    },
    InitializeSecurityDescriptor: (_descriptor: unknown, revision: number) => revision,
    SetSecurityDescriptorOwner(_descriptor: unknown, user: unknown, inherited: number) {
      owner = user;
      return 1 - inherited;
    },
    CreateFileMappingW(...args: unknown[]) {
      const [file, security, access, , size, name] = args as [
        number,
        { length: number },
        number,
        0,
        number,
        string,
      ];
      assert.deepEqual([file, security.length, access, size], [-1, 24, 4, MAX]);
      assert.equal(owner, sid);
      names.push(name);
      open.mapping++;
      return 9n;
    },
    MapViewOfFile(mapping: unknown, access: number) {
      assert.deepEqual([mapping, access], [9n, 2]);
      open.view++;
      return memory;
    },
    UnmapViewOfFile: () => open.view--,
    CloseHandle: (handle: unknown) => (handle === 9n ? open.mapping-- : open.token--),
    async SendMessageTimeoutW(...args: unknown[]) {
      const [window, kind, from, message, flags, wait, answered] = args;
      assert.deepEqual([window, kind, from, flags], [77n, 0x4a, 0, 0]);
      assert.deepEqual(message, { data: 0x804e50ba, length: names.at(-1)!.length + 1, text: names.at(-1) });
      patience.push(wait as number);
      const head = bytes(4).readUInt32BE();
      const made = await answer(bytes(4 + head).subarray(4));
      if (made === 'hangs') return 0;
      if (made === 'refuses') return 1;
      (answered as number[])[0] = 1;
      if (made.length > 0) koffi.encode(memory, 'uint8_t', made, made.length);
      return 1;
    },
    GetLastError: () => 5,
    FormatMessageW: (...args: never[]) => (args[4] as unknown as Buffer).write('No.', 'utf16le') / 2,
    ...over,
  };
  const func = (_convention: string, name: string) => {
    const call = (...args: never[]): unknown => all[name]!(...args);
    const later = (...args: unknown[]): void => {
      const done = args.pop() as (error: unknown, result?: unknown) => void;
      Promise.resolve(call(...(args as never[]))).then((result) => done(null, result), done);
    };
    return Object.assign(call, { async: later });
  };
  const library = { func } as unknown as Parameters<typeof bindPageant>[1]['user32'];
  const window = bindPageant(koffi, { user32: library, kernel32: library, advapi32: library });
  return { open, names, patience, window, road: new WindowRoad(window) };
}

const CLOSED = { mapping: 0, view: 0, token: 0 };
const ask = (road: WindowRoad, payload = LIST, timeout?: number): Promise<Uint8Array> =>
  road.request(payload, 'listing', { timeout });

test('a request lies in a mapping that belongs to the user, under a name of its own, and so does the answer', async () => {
  const { open, names, patience, window, road } = fakes((request) =>
    frame(Buffer.concat([Buffer.of(12), request])),
  );
  assert.ok(window.isThere());
  const answers = await Promise.all([ask(road), ask(road, Uint8Array.of(1, 2), 5_000)]);
  assert.deepEqual(
    answers.map((one) => [...one]),
    [
      [12, 11],
      [12, 1, 2],
    ],
  );
  assert.equal(new Set(names).size, 2);
  for (const name of names) assert.match(name, /^PageantRequest[0-9a-f]{32}$/);
  assert.deepEqual(patience, [120_000, 5_250]);
  assert.deepEqual(open, CLOSED);
});

test('requests and answers at the limit, and one byte past it', async () => {
  const { open, road } = fakes((request) =>
    request.length === 1 ? frame(Buffer.alloc(MAX - 4, 12)) : frame(Buffer.of(5)),
  );
  assert.equal((await ask(road)).length, MAX - 4);
  assert.deepEqual([...(await ask(road, new Uint8Array(MAX - 4)))], [5]);
  const tooLong = { code: 'AGENT_FAILED', message: /of 262145 bytes is over 262144/ };
  await assert.rejects(ask(road, new Uint8Array(MAX - 3)), tooLong);
  const liar = fakes(() => frame(Buffer.of(12), MAX - 3));
  await assert.rejects(ask(liar.road), tooLong);
  assert.deepEqual([open, liar.open], [CLOSED, CLOSED]);
});

test('what goes wrong is AGENT_FAILED, and everything is given back', async () => {
  const cases: [answer: Answer, over: Record<string, Fake>, message: RegExp][] = [
    [() => 'hangs', {}, /at the message: No\./],
    [() => 'refuses', {}, /refused the message/],
    [() => frame(Buffer.alloc(0)), {}, /an empty message/],
    [() => frame(LIST), { FindWindowW: () => null }, /Pageant is not running/],
    [() => frame(LIST), { OpenProcessToken: () => 0 }, /asking for the user: No\./],
    [() => frame(LIST), { GetTokenInformation: () => 0 }, /asking for the user: No\./],
    [() => frame(LIST), { SetSecurityDescriptorOwner: () => 0 }, /naming the owner: No\./],
    [() => frame(LIST), { CreateFileMappingW: () => null }, /making a file mapping: No\./],
    [() => frame(LIST), { MapViewOfFile: () => null }, /mapping a file: No\./],
  ];
  for (const [answer, over, message] of cases) {
    const { open, road } = fakes(answer, over);
    await assert.rejects(ask(road), { code: 'AGENT_FAILED', message });
    assert.deepEqual(open, CLOSED, String(message));
  }
});

test('who waits may give up; the message goes on to its end, and the next one waits for that', async () => {
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { open, names, road } = fakes(async (request) => {
    if (names.length === 1) await held;
    return frame(request);
  });
  await assert.rejects(ask(road, LIST, 10), { code: 'TIMEOUT' });
  const stop = new AbortController();
  const second = road.request(LIST, 'listing', { signal: stop.signal });
  const third = ask(road, Uint8Array.of(3));
  stop.abort();
  await assert.rejects(second, { code: 'ABORTED' });
  await sleep(1);
  assert.equal(names.length, 1);
  release();
  assert.deepEqual([...(await third)], [3]);
  assert.equal(names.length, 2, 'nobody waited for the second one');
  assert.deepEqual(open, CLOSED);
});

test('a road that ended fails what is under way, and what comes later', async () => {
  const { names, road } = fakes(() => new Promise(() => {}));
  const waiting = ask(road);
  const behind = ask(road);
  await sleep(1);
  const why = new WherryError('CLOSED', 'closed');
  road.end(why);
  road.end(new WherryError('CLOSED', 'again'));
  for (const one of [waiting, behind, ask(road)])
    await assert.rejects(one, (error) => isWherryError(error) && error === why);
  assert.equal(names.length, 1);
});
