import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type MemoryPairOptions, type MemoryStream, memoryPair } from '../support/peer/memory-pair.ts';

function listen(stream: MemoryStream) {
  const heard = {
    sizes: [] as number[],
    text: '',
    ends: 0,
    closes: [] as (Error | undefined)[],
    kept: [] as Uint8Array[],
  };
  stream.start({
    data: (chunk) => {
      heard.sizes.push(chunk.length);
      heard.text += Buffer.from(chunk).toString();
      heard.kept.push(chunk);
    },
    end: () => heard.ends++,
    close: (error) => heard.closes.push(error),
  });
  return heard;
}

function joined(options?: MemoryPairOptions) {
  const pair = memoryPair(options);
  return { pair, client: listen(pair.client), server: listen(pair.server) };
}

const say = (stream: MemoryStream, text: string): Promise<void> =>
  new Promise((resolve) => stream.write(Buffer.from(text), resolve));

test('bytes arrive in pieces of the size asked for, in memory that is overwritten afterwards', async () => {
  const { pair, server } = joined({ chunk: 3 });
  await say(pair.client, 'abcdefgh');
  assert.equal(server.text, 'abcdefgh');
  assert.deepEqual(server.sizes, [3, 3, 2]);
  for (const chunk of server.kept) assert.ok(chunk.every((byte) => byte === 0xa5));
});

test('a write is done when it has been delivered; a paused reader holds it up', async () => {
  const { pair, server } = joined();
  pair.server.pause();
  let done = false;
  const written = say(pair.client, 'abc').then(() => {
    done = true;
  });
  await sleep(5);
  assert.deepEqual([done, server.text], [false, '']);
  pair.server.resume();
  await written;
  assert.equal(server.text, 'abc');
});

test('latency delays, and keeps the order', async () => {
  const { pair, server } = joined({ latency: 25 });
  const started = performance.now();
  await Promise.all([say(pair.client, 'a'), say(pair.client, 'b'), say(pair.client, 'c')]);
  assert.ok(performance.now() - started >= 24);
  assert.equal(server.text, 'abc');
});

test('cut at a byte: everything up to it arrives, then both ends close with ECONNRESET, once', async () => {
  const { pair, client, server } = joined({ clientToServer: { cutAt: 5 } });
  await say(pair.client, 'abcdefgh');
  await sleep(5);
  assert.equal(server.text, 'abcde');
  for (const side of [client, server]) {
    assert.deepEqual(
      side.closes.map((error) => (error as NodeJS.ErrnoException).code),
      ['ECONNRESET'],
    );
  }
});

test('stall at a byte: everything up to it arrives, then nothing, not even the end', async () => {
  const { pair, server } = joined({ clientToServer: { stallAt: 5 } });
  void say(pair.client, 'abcdefgh');
  pair.client.end();
  await sleep(10);
  assert.equal(server.text, 'abcde');
  assert.deepEqual([server.ends, server.closes.length], [0, 0]);
});

test('end: what was written arrives first; both ends close when both have ended', async () => {
  const { pair, client, server } = joined({ chunk: 1 });
  void say(pair.client, 'bye');
  pair.client.end();
  await sleep(5);
  assert.deepEqual([server.text, server.ends, server.closes.length], ['bye', 1, 0]);
  pair.server.end();
  await sleep(5);
  assert.deepEqual([client.closes, server.closes], [[undefined], [undefined]]);
});

test('destroy: this side closes at once, the other hears the end; late writes are counted', async () => {
  const { pair, client, server } = joined();
  pair.client.destroy();
  pair.client.destroy();
  await say(pair.client, 'late');
  await sleep(5);
  assert.deepEqual([client.closes, server.ends, server.text], [[undefined], 1, '']);
  assert.equal(pair.client.lateWrites, 1);
});

test('a transcript keeps what was delivered', async () => {
  const { pair } = joined({ record: true, chunk: 2 });
  await say(pair.client, 'abc');
  await say(pair.server, 'xyz');
  assert.equal(pair.clientToServer.transcript.toString(), 'abc');
  assert.equal(pair.serverToClient.transcript.toString(), 'xyz');
});
