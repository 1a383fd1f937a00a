import assert from 'node:assert/strict';
import { Duplex, PassThrough } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { duplexStream } from '../../src/net/duplex.ts';
import { openClient } from '../support/peer/client.ts';
import { serveSsh } from '../support/peer/ssh-server.ts';

/** Two duplexes joined back to back. */
function duplexPair(): [Duplex, Duplex] {
  const [a, b] = [new PassThrough(), new PassThrough()];
  return [Duplex.from({ readable: a, writable: b }), Duplex.from({ readable: b, writable: a })];
}

function listen(duplex: Duplex) {
  const stream = duplexStream(duplex, 'h', 22);
  const heard = { text: '', ends: 0, closes: [] as (Error | undefined)[] };
  stream.start({
    data: (chunk) => {
      heard.text += Buffer.from(chunk).toString();
    },
    end: () => heard.ends++,
    close: (error) => heard.closes.push(error),
  });
  return { stream, heard };
}

test('host and port are those it was given', () => {
  const { stream } = listen(new PassThrough());
  assert.deepEqual([stream.host, stream.port], ['h', 22]);
});

test('bytes, end and close; done is called for each write', async () => {
  const duplex = new PassThrough();
  const { stream, heard } = listen(duplex);
  let done = 0;
  stream.write(Buffer.from('abc'), () => done++);
  stream.write(Buffer.from('def'), () => done++);
  stream.end();
  await sleep(10);
  assert.deepEqual([heard.text, heard.ends, done], ['abcdef', 1, 2]);
  assert.deepEqual(heard.closes, [undefined]);
});

test('pause and resume', async () => {
  const duplex = new PassThrough();
  const { stream, heard } = listen(duplex);
  stream.pause();
  duplex.write('abc');
  await sleep(5);
  assert.equal(heard.text, '');
  stream.resume();
  await sleep(5);
  assert.equal(heard.text, 'abc');
  stream.destroy();
});

test('an error of the duplex is what close tells, once; later writes do no harm', async () => {
  const duplex = new PassThrough();
  const { stream, heard } = listen(duplex);
  const failure = new Error('the proxy died');
  duplex.destroy(failure);
  await sleep(5);
  assert.deepEqual(heard.closes, [failure]);
  let done = 0;
  stream.write(Buffer.from('late'), () => done++);
  stream.end();
  stream.destroy();
  await sleep(5);
  assert.equal(done, 1);
  assert.equal(heard.closes.length, 1);
});

for (const wait of [0, 10]) {
  test(`a duplex that was destroyed ${wait} ms before: close is heard once, with the error`, async () => {
    const failure = new Error('gone before');
    const duplex = new PassThrough();
    duplex.on('error', () => {});
    duplex.destroy(failure);
    if (wait > 0) await sleep(wait);
    const { heard } = listen(duplex);
    await sleep(5);
    assert.deepEqual(heard.closes, [failure]);
  });
}

test('a whole connection over two duplexes', async () => {
  const [a, b] = duplexPair();
  serveSsh(duplexStream(b, 'server', 1));
  const client = await openClient(duplexStream(a, 'client', 1));
  await client.ping();
  await client.close();
});
