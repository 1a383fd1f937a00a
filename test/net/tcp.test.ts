import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WaitOptions } from '../../src/base/deadline.ts';
import type { WherryError } from '../../src/base/errors.ts';
import type { ByteStream } from '../../src/net/byte-stream.ts';
import { dialTcp } from '../../src/net/tcp.ts';
import { openClient } from '../support/peer/client.ts';
import { listenSsh } from '../support/peer/ssh-server.ts';
import { deafListener } from './deaf-listener.ts';

/** A TCP server on a free port that ends with the test. */
async function listening(t: { after(fn: () => void): void }, onSocket: (socket: Socket) => void) {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as AddressInfo).port, server, sockets };
}

/** Starts a stream and keeps what it reports. */
function listen(stream: ByteStream) {
  const chunks: Buffer[] = [];
  const closes: (Error | undefined)[] = [];
  let ends = 0;
  let closed: () => void = () => {};
  const over = new Promise<void>((resolve) => {
    closed = resolve;
  });
  stream.start({
    data: (chunk) => chunks.push(Buffer.from(chunk)),
    end: () => ends++,
    close: (error) => {
      closes.push(error);
      closed();
    },
  });
  return {
    over,
    closes,
    get text() {
      return Buffer.concat(chunks).toString();
    },
    get ends() {
      return ends;
    },
  };
}

test('refused: CONNECT_REFUSED with host, port and errno', async (t) => {
  const { port, server } = await listening(t, () => {});
  await new Promise((resolve) => server.close(resolve));
  for (const host of ['127.0.0.1', 'localhost']) {
    await assert.rejects(dialTcp(host, port), (error: WherryError) => {
      assert.equal(error.code, 'CONNECT_REFUSED');
      assert.deepEqual(error.details, { host, port, phase: 'connect', errno: 'ECONNREFUSED' });
      return true;
    });
  }
});

test('a name without an address: CONNECT_HOST_NOT_FOUND', async () => {
  await assert.rejects(dialTcp('no-such-host.invalid', 22), { code: 'CONNECT_HOST_NOT_FOUND' });
});

test('a port that neither accepts nor refuses: CONNECT_TIMEOUT, ABORTED or TIMEOUT, each when it is due', async (t) => {
  const deaf = await deafListener();
  if (deaf === undefined) return t.skip('this kernel takes any number of connections');
  const { port } = deaf;
  const dial = (options: WaitOptions): Promise<unknown> => dialTcp('127.0.0.1', port, options);
  try {
    await assert.rejects(dial({ timeout: 40 }), {
      code: 'CONNECT_TIMEOUT',
      message: `no connection to 127.0.0.1 port ${port} within 0.04 s`,
      details: { host: '127.0.0.1', port, phase: 'connect' },
    });
    const abort = new AbortController();
    const dialling = dial({ signal: abort.signal });
    setTimeout(() => abort.abort('enough'), 20);
    await assert.rejects(dialling, { code: 'ABORTED', cause: 'enough' });
    await assert.rejects(dial({ signal: AbortSignal.timeout(20) }), { code: 'TIMEOUT' });
    await assert.rejects(dial({ signal: AbortSignal.abort() }), { code: 'ABORTED' });
  } finally {
    await deaf.close();
  }
});

test('a signal that fires after the connection was made leaves it alone', async (t) => {
  const { port } = await listening(t, (socket) => socket.write('hello'));
  const abort = new AbortController();
  const stream = await dialTcp('127.0.0.1', port, { signal: abort.signal, timeout: 20 });
  abort.abort();
  await sleep(40);
  const heard = listen(stream);
  await sleep(10);
  assert.equal(heard.text, 'hello');
  stream.destroy();
  await heard.over;
});

test('bytes, end and close come in order, each once; nothing comes before start', async (t) => {
  const { port } = await listening(t, (socket) => socket.end('all of it'));
  const stream = await dialTcp('127.0.0.1', port);
  await sleep(20);
  const heard = listen(stream);
  stream.end();
  await heard.over;
  assert.equal(heard.text, 'all of it');
  assert.equal(heard.ends, 1);
  await sleep(10);
  assert.deepEqual(heard.closes, [undefined]);
});

test('pause stops what comes, resume brings it, and the peer feels the pressure', async (t) => {
  let sent = 0;
  const { port } = await listening(t, (socket) => {
    const piece = Buffer.alloc(65_536);
    const fill = (): void => {
      while (sent < 400 * piece.length) {
        sent += piece.length;
        if (!socket.write(piece)) return;
      }
      socket.end();
    };
    socket.on('drain', fill);
    fill();
  });
  const stream = await dialTcp('127.0.0.1', port);
  let got = 0;
  const over = new Promise<void>((resolve) => {
    stream.start({
      data: (chunk) => {
        const before = got;
        got += chunk.length;
        if (before < 1_000_000 && got >= 1_000_000) stream.pause();
      },
      end: () => stream.end(),
      close: () => resolve(),
    });
  });
  await sleep(60);
  const atPause = got;
  await sleep(60);
  assert.equal(got, atPause);
  assert.ok(sent < 400 * 65_536);
  stream.resume();
  await over;
  assert.equal(got, 400 * 65_536);
});

test('a reset is reported with its errno; writes and closing afterwards are harmless', async (t) => {
  const { port, sockets } = await listening(t, () => {});
  const stream = await dialTcp('127.0.0.1', port);
  const heard = listen(stream);
  await sleep(10);
  sockets[0]!.resetAndDestroy();
  await heard.over;
  assert.equal((heard.closes[0] as NodeJS.ErrnoException).code, 'ECONNRESET');
  let done = 0;
  stream.write(Buffer.from('late'), () => done++);
  stream.end();
  stream.destroy();
  await sleep(10);
  assert.equal(done, 1);
  assert.equal(heard.closes.length, 1);
});

test('a stream that is given up before start hears close once', async (t) => {
  const { port } = await listening(t, () => {});
  const stream = await dialTcp('127.0.0.1', port);
  stream.destroy();
  const heard = listen(stream);
  await sleep(20);
  assert.equal(heard.closes.length, 1);
});

test('write tells when the bytes may be used again', async (t) => {
  const got: Buffer[] = [];
  const { port } = await listening(t, (socket) => socket.on('data', (chunk) => got.push(chunk)));
  const stream = await dialTcp('127.0.0.1', port);
  const heard = listen(stream);
  const bytes = Buffer.from('x'.repeat(100_000));
  await new Promise<void>((resolve) => stream.write(bytes, resolve));
  bytes.fill(0);
  while (Buffer.concat(got).length < bytes.length) await sleep(1);
  assert.equal(Buffer.concat(got).toString(), 'x'.repeat(100_000));
  stream.destroy();
  await heard.over;
});

test('a whole connection over TCP; a reset right after our DISCONNECT is a normal end', async () => {
  await using server = await listenSsh();
  const client = await openClient(await dialTcp(server.host, server.port));
  await client.ping();
  const causes: string[] = [];
  client.onClosed((error) => causes.push(error.code));
  const closing = client.close();
  server.kill();
  await closing;
  assert.deepEqual(causes, ['CLOSED']);
});

test('a server that is killed: CONNECTION_LOST for everything that was pending', async () => {
  await using server = await listenSsh();
  const client = await openClient(await dialTcp(server.host, server.port));
  const channel = await client.openChannel('session', 1000);
  channel.attach({ data() {}, closed() {} });
  const pending = [
    client.ping(),
    channel.request('x', new Uint8Array(0), true),
    client.openChannel('session', 1),
  ];
  server.kill();
  for (const one of await Promise.allSettled(pending)) {
    assert.equal((one as PromiseRejectedResult).reason.code, 'CONNECTION_LOST');
  }
  await client.close();
});

test('many connections at a time, one paused now and then: each hears its own bytes in order', async (t) => {
  const size = 1_500_000;
  const pattern = (seed: number): Buffer => Buffer.alloc(size, Buffer.from(`${seed}:of-many;`));
  let next = 0;
  const { port } = await listening(t, (socket) => socket.end(pattern(next++)));
  const heard = await Promise.all(
    Array.from({ length: 12 }, async () => {
      const stream = await dialTcp('127.0.0.1', port);
      const chunks: Buffer[] = [];
      await new Promise<void>((resolve) => {
        stream.start({
          data(chunk) {
            chunks.push(Buffer.from(chunk));
            if (chunks.length % 7 !== 0) return;
            stream.pause();
            setImmediate(() => stream.resume());
          },
          end: () => stream.destroy(),
          close: () => resolve(),
        });
      });
      return Buffer.concat(chunks);
    }),
  );
  const seeds = heard.map((bytes) => Number(bytes.toString('latin1', 0, 4).split(':')[0]));
  assert.deepEqual(
    [...seeds].sort((a, b) => a - b),
    [...Array(12).keys()],
  );
  for (const [i, bytes] of heard.entries()) assert.ok(bytes.equals(pattern(seeds[i]!)), `connection ${i}`);
});
