import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ByteStream } from '../../src/net/byte-stream.ts';
import { commandStream } from '../../src/net/command.ts';
import { isAlive } from '../support/servers/process-tree.ts';

const tokens = { host: 'files.example.com', port: 2222, username: 'me' };
const unix = { skip: process.platform === 'win32' };

/** All the stream says until it closes, and with what error. */
function listen(stream: ByteStream): Promise<{ text: string; error: Error | undefined }> {
  let text = '';
  return new Promise((resolve) => {
    stream.start({
      data(chunk) {
        text += Buffer.from(chunk).toString();
      },
      end() {},
      close: (error) => resolve({ text, error }),
    });
  });
}

test('tokens are put in, by the shell and in a list', unix, async () => {
  for (const command of ['printf %%s,%%s %h:%p %r', ['printf', '%%s,%%s', '%h:%p', '%r']] as const) {
    const { text, error } = await listen(await commandStream(command, tokens));
    assert.equal(text, 'files.example.com:2222,me');
    assert.equal(error, undefined);
  }
  await assert.rejects(commandStream('echo %x', tokens), /%x in the proxy command/);
});

test('a name that means something to a shell is refused there, and harmless in a list', unix, async () => {
  for (const host of ['$(touch x)', 'a;b', "a'b", 'a b', '`x`', 'a\nb']) {
    await assert.rejects(commandStream('echo %h', { ...tokens, host }), { code: 'INVALID_ARGUMENT' });
    const { text } = await listen(await commandStream(['printf', '%%s', '%h'], { ...tokens, host }));
    assert.equal(text, host);
  }
  await assert.rejects(commandStream('echo %r', { ...tokens, username: '$x' }), { code: 'INVALID_ARGUMENT' });
  const { text } = await listen(await commandStream('echo %%h', { ...tokens, host: '$x' }));
  assert.equal(text, '%h\n');
});

test('a host or user that would begin a word with a dash is refused, in a list too', unix, async () => {
  const bad = '-oProxyCommand=x';
  for (const command of ['echo %h', ['echo', '%h'], ['echo', '%n:%p']] as const)
    await assert.rejects(commandStream(command, { ...tokens, host: bad }), { code: 'INVALID_ARGUMENT' });
  for (const command of ['echo %r', ['echo', '%r@x']] as const)
    await assert.rejects(commandStream(command, { ...tokens, username: bad }), { code: 'INVALID_ARGUMENT' });
  const { text } = await listen(await commandStream(['echo', 'to=%h'], { ...tokens, host: bad }));
  assert.equal(text, `to=${bad}\n`);
});

test(
  'a command that fails says how and with its last words; one that is not there cannot be run',
  unix,
  async () => {
    const { error } = await listen(await commandStream('sh -c "echo no\u0007 way >&2; exit 3"', tokens));
    assert.match(String(error), /ended with exit code 3: no\? way/);
    await assert.rejects(commandStream(['/no/such/program'], tokens), { code: 'PROXY_FAILED' });
  },
);

test('destroy ends the command, a deaf one too', unix, async () => {
  for (const script of ['echo $$; exec cat', 'trap "" TERM; echo $$; while :; do sleep 0.05; done']) {
    const stream = await commandStream(['sh', '-c', script], tokens);
    let pid = 0;
    const closed = new Promise<void>((resolve) => {
      stream.start({
        data(chunk) {
          pid = Number(Buffer.from(chunk).toString());
          stream.destroy();
        },
        end() {},
        close: () => resolve(),
      });
    });
    await closed;
    for (let turn = 0; turn < 60 && isAlive(pid); turn++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(isAlive(pid), false);
  }
});
