/** The calls of SSPI that a login makes, with libraries of our own behind koffi; docs/windows.md says how the real ones are run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import koffi from 'koffi';
import { isWherryError } from '../../../src/base/errors.ts';
import { bindSspi } from '../../../src/ssh/crypto/gss/bind-sspi.ts';
import type { GssTarget } from '../../../src/ssh/crypto/gss/gss-context.ts';

const ROW = koffi.struct({ length: 'uint32_t', type: 'uint32_t', value: 'void *' });
const LIST = koffi.struct({ version: 'uint32_t', count: 'uint32_t', buffers: 'void *' });
const CONTINUE_NEEDED = 0x9_0312;
const NO_CREDENTIALS = 0x8009_030e | 0;

type Fake = (...args: never[]) => number;
interface Handle {
  lower: number;
}

function readBuffers(description: unknown): { type: number; bytes: string }[] {
  const { version, count, buffers } = koffi.decode(description, LIST);
  assert.equal(version, 0);
  return koffi.decode(buffers, ROW, count).map((row: { length: number; type: number; value: unknown }) => ({
    type: row.type,
    bytes: row.length === 0 ? '' : Buffer.from(koffi.decode(row.value, 'uint8_t', row.length)).toString(),
  }));
}

/** Puts bytes into a buffer, which is then as long as they are. */
function fill(description: unknown, index: number, text: string): void {
  const { count, buffers } = koffi.decode(description, LIST);
  const rows = koffi.decode(buffers, ROW, count);
  assert.ok(rows[index].length >= text.length);
  if (text !== '') koffi.encode(rows[index].value, 'uint8_t', Buffer.from(text), text.length);
  rows[index].length = text.length;
  koffi.encode(buffers, ROW, rows, count);
}

/** A secur32.dll and a kernel32.dll that answer as told, and the names of what was called. */
function fakes(over: Record<string, Fake> = {}) {
  const calls: string[] = [];
  const seen: { identity?: unknown; names: string[]; wanted: number[]; inputs: unknown[] } = {
    names: [],
    wanted: [],
    inputs: [],
  };
  const all: Record<string, Fake> = {
    AcquireCredentialsHandleW(...[, name, use, , identity, , , handle]: unknown[]) {
      assert.deepEqual([name, use], ['Kerberos', 2]);
      seen.identity = identity;
      (handle as Handle).lower = 7;
      return 0;
    },
    InitializeSecurityContextW(...args: unknown[]) {
      const [credentials, before, name, wanted, , , input, , context, output, flags] = args;
      assert.equal((credentials as Handle).lower, 7);
      seen.names.push(name as string);
      seen.wanted.push(wanted as number);
      seen.inputs.push(input === null ? null : readBuffers(input));
      (flags as number[])[0] = 0x1_0002;
      fill(output, 0, before === null ? 'first' : '');
      if (before !== null) assert.equal((before as Handle).lower, 9);
      (context as Handle).lower = 9;
      return before === null ? CONTINUE_NEEDED : 0;
    },
    QueryContextAttributesW: (_context: Handle, attribute: number, out: { signature: number }) => {
      assert.equal(attribute, 0);
      out.signature = 16;
      return 0;
    },
    MakeSignature: (_context: Handle, _qop: number, description: unknown) => {
      assert.deepEqual(readBuffers(description)[0], { type: 1, bytes: 'message' });
      fill(description, 1, 'mic');
      return 0;
    },
    VerifySignature: (_context: Handle, description: unknown) =>
      readBuffers(description)[1]?.bytes === 'mic' ? 0 : 0x8009_030f | 0,
    DeleteSecurityContext: () => 0,
    FreeCredentialsHandle: (handle: Handle) => handle.lower - 7,
    FormatMessageW: (...[, , , , text]: unknown[]) =>
      (text as Buffer).write('There is no ticket.\r\n', 'utf16le') / 2,
    ...over,
  };
  const func = (_convention: string, name: string) => {
    const call = (...args: unknown[]): number => {
      calls.push(name);
      return (all[name] as (...all: unknown[]) => number)(...args);
    };
    const later = (...args: unknown[]): void => {
      const done = args.pop() as (error: unknown, status: number) => void;
      setImmediate(() => done(null, call(...args)));
    };
    return Object.assign(call, { async: later });
  };
  const library = { func } as unknown as Parameters<typeof bindSspi>[1];
  return { calls, seen, sspi: bindSspi(koffi, library, library) };
}

test('a context of SSPI: two steps, signatures, and everything given back', async () => {
  const { calls, seen, sspi } = fakes();
  const context = await sspi.open({ host: 'server.example' });
  const first = await context.step();
  assert.deepEqual([Buffer.from(first.token!).toString(), first.complete], ['first', false]);
  const last = await context.step(Buffer.from('answer'));
  assert.deepEqual(last, { token: undefined, complete: true });
  assert.deepEqual(seen.inputs, [null, [{ type: 2, bytes: 'answer' }]]);
  assert.deepEqual(seen.wanted, [0x1_0002, 0x1_0002]);
  assert.ok(context.isMutual && context.hasIntegrity);
  assert.equal(Buffer.from(context.mic(Buffer.from('message'))).toString(), 'mic');
  assert.ok(context.verifyMic(Buffer.from('message'), Buffer.from('mic')));
  assert.ok(!context.verifyMic(Buffer.from('message'), Buffer.from('other')));
  context.release();
  context.release();
  assert.deepEqual(calls.slice(-2), ['DeleteSecurityContext', 'FreeCredentialsHandle']);
  assert.equal(calls.filter((name) => name === 'FreeCredentialsHandle').length, 1);
});

const PASSWORD = 'p\u00e4ss';

test('the service and the user as Windows names them', async () => {
  const targets: [target: Omit<GssTarget, 'host'>, service: string, identity: object | null][] = [
    [{}, 'host/h', null],
    [{ realm: 'R' }, 'host/h@R', null],
    [{ servicePrincipal: 'ssh/other', delegate: true }, 'ssh/other', null],
    [{ servicePrincipal: 'ssh/other@Q', realm: 'R' }, 'ssh/other@Q', null],
    [
      { principal: 'me@R', password: PASSWORD },
      'host/h',
      {
        user: 'me',
        userLength: 2,
        domain: 'R',
        domainLength: 1,
        password: PASSWORD,
        passwordLength: 4,
        flags: 2,
      },
    ],
  ];
  for (const [target, service, identity] of targets) {
    const { seen, sspi } = fakes();
    const context = await sspi.open({ host: 'h', ...target });
    await context.step();
    assert.deepEqual(seen.names, [service]);
    assert.deepEqual(seen.identity, identity);
    assert.equal(seen.wanted[0]! & 1, target.delegate ? 1 : 0);
    context.release();
  }
});

const failed =
  (text: RegExp, gssStatus: number) =>
  (error: unknown): boolean => {
    assert.ok(isWherryError(error));
    assert.deepEqual([error.code, error.details.gssStatus], ['GSSAPI_FAILED', gssStatus]);
    assert.match(error.message, text);
    return true;
  };

test('what Windows refuses is told in its words, or by its number', async () => {
  const refusing = { AcquireCredentialsHandleW: () => NO_CREDENTIALS };
  await assert.rejects(
    fakes(refusing).sspi.open({ host: 'h' }),
    failed(/getting credentials: There is no ticket\.$/, 0x8009_030e),
  );
  const { sspi } = fakes({ ...refusing, FormatMessageW: () => 0 });
  await assert.rejects(sspi.open({ host: 'h' }), failed(/status 0x8009030e/, 0x8009_030e));
  await assert.rejects(fakes().sspi.open({ host: 'h', principal: 'you@R' }), failed(/by password only/, 0));
});

test('a context that cannot be opened gives its credentials back, and nothing else', async () => {
  const { calls, sspi } = fakes({ InitializeSecurityContextW: () => NO_CREDENTIALS });
  const context = await sspi.open({ host: 'h' });
  await assert.rejects(context.step(), failed(/opening a context/, 0x8009_030e));
  context.release();
  assert.ok(calls.includes('FreeCredentialsHandle') && !calls.includes('DeleteSecurityContext'));
});
