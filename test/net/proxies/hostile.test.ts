/** Proxies that answer wrongly, endlessly, or not at all: a typed error within the time, and nothing left open. */
import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import type { WherryError } from '../../../src/base/errors.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import type { ByteStream } from '../../../src/net/byte-stream.ts';
import { dialProxy } from '../../../src/net/proxies/dial-proxy.ts';
import { PROXIES } from '../../../src/net/proxies/proxies.ts';
import type { ProxyServer } from '../../../src/net/proxies/proxy.ts';

type Kind = ProxyServer['type'];
const KINDS = (Object.keys(PROXIES) as Kind[]).filter((kind) => kind !== 'https');

interface Fake extends AsyncDisposable {
  readonly port: number;
  readonly sockets: Set<Socket>;
}

/** A proxy that runs `answer` for every connection that has said something. */
async function fakeProxy(answer: (socket: Socket, said: Buffer) => void): Promise<Fake> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.on('data', (said) => answer(socket, said));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

const target = { host: '192.0.2.1', port: 22 };

function dial(port: number, more: Partial<ProxyServer> = {}, timeout = 3000): Promise<ByteStream> {
  return dialProxy({ type: 'http', host: '127.0.0.1', port, ...more }, target, { timeout });
}

async function refusal(promise: Promise<unknown>): Promise<WherryError> {
  return await promise.then(
    () => assert.fail('the way was open'),
    (error: WherryError) => error,
  );
}

const GARBAGE = Buffer.from('\u0000\u0001SSH-2.0-I am no proxy at all, or am I?\r\n\r\n');

for (const type of KINDS) {
  test(`${type}: garbage, an early end, and silence`, async () => {
    for (const [what, answer, code] of [
      ['garbage', (socket: Socket) => socket.write(GARBAGE), 'PROXY_FAILED'],
      ['early end', (socket: Socket) => socket.end(), 'PROXY_FAILED'],
      ['reset', (socket: Socket) => socket.resetAndDestroy(), 'PROXY_FAILED'],
      ['silence', () => {}, 'CONNECT_TIMEOUT'],
      ['one byte, then silence', (socket: Socket) => socket.write(Buffer.from([5])), 'CONNECT_TIMEOUT'],
    ] as const) {
      await using proxy = await fakeProxy(answer);
      const error = await refusal(dial(proxy.port, { type }, code === 'CONNECT_TIMEOUT' ? 80 : 3000));
      assert.equal(error.code, code, `${what}: ${error.message}`);
      assert.equal(error.details.proxy, `${type} proxy 127.0.0.1 port ${proxy.port}`);
      assert.equal(error.details.phase, 'proxy');
    }
  });

  test(`${type}: bytes that drip in do not prolong the time`, async () => {
    await using proxy = await fakeProxy((socket) => {
      const timer = setInterval(() => socket.write('H'), 15);
      socket.once('close', () => clearInterval(timer));
    });
    const error = await refusal(dial(proxy.port, { type }, 120));
    assert.ok(['CONNECT_TIMEOUT', 'PROXY_FAILED'].includes(error.code), error.message);
  });
}

test('http: an answer may be as long as the limit, and no longer', async () => {
  const limit = LIMITS.proxyReplyBytes.value;
  for (const [length, ok] of [
    [limit, true],
    [limit + 1, false],
  ] as const) {
    await using proxy = await fakeProxy((socket) => {
      const head = 'HTTP/1.1 200 OK\r\nX: ';
      socket.write(`${head}${'x'.repeat(length - head.length - 4)}\r\n\r\n`);
    });
    if (ok) (await dial(proxy.port)).destroy();
    else assert.equal((await refusal(dial(proxy.port))).details.limit, 'proxyReplyBytes');
  }
  await using endless = await fakeProxy((socket) => {
    const pour = (): void => {
      while (!socket.destroyed && socket.write('x'.repeat(65_536)));
    };
    socket.on('drain', pour);
    pour();
  });
  assert.equal((await refusal(dial(endless.port))).details.limit, 'proxyReplyBytes');
});

test('http: a proxy that asks for a login for ever is asked three times at most', async () => {
  let asked = 0;
  await using proxy = await fakeProxy((socket) => {
    asked++;
    const nonce = `nonce="${asked}", stale=true, qop="auth"`;
    socket.end(`HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm="r", ${nonce}\r\n\r\n`);
  });
  const error = await refusal(dial(proxy.port, { username: 'u', password: 'secret' }));
  assert.equal(error.code, 'PROXY_AUTH_FAILED');
  assert.equal(asked, 3);
  assert.ok(!`${error.stack}`.includes('secret'));
});

test('http: Basic is not sent where only Digest is wanted, and words of the proxy are made harmless', async () => {
  const said: string[] = [];
  await using proxy = await fakeProxy((socket, bytes) => {
    said.push(bytes.toString());
    socket.end('HTTP/1.1 407 No\u001b[2J\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n');
  });
  const error = await refusal(dial(proxy.port, { username: 'u', password: 'secret', auth: 'digest' }));
  assert.equal(error.code, 'PROXY_AUTH_FAILED');
  assert.match(error.message, /it offers basic/);
  assert.equal(said.length, 1);
  assert.ok(!said[0]!.includes('Proxy-Authorization'));
});

test('what comes behind the answer is delivered first, in one piece or byte by byte', async () => {
  for (const step of [1000, 1]) {
    const bytes = Buffer.from('HTTP/1.1 200 Fine\r\n\r\nSSH-2.0-server\r\n');
    await using proxy = await fakeProxy((socket) => {
      void (async () => {
        for (let at = 0; at < bytes.length; at += step) {
          socket.write(bytes.subarray(at, at + step));
          await new Promise((resolve) => setImmediate(resolve));
        }
      })();
    });
    const stream = await dial(proxy.port);
    let got = '';
    await new Promise<void>((resolve) => {
      stream.start({
        data(chunk) {
          got += Buffer.from(chunk).toString();
          if (got.endsWith('\n')) resolve();
        },
        end() {},
        close() {},
      });
    });
    assert.equal(got, 'SSH-2.0-server\r\n');
    stream.destroy();
  }
});

test('socks5: every refusal of RFC 1928 has its words, and a method that was not offered is refused', async () => {
  for (const [code, words] of [
    [1, /general failure/],
    [5, /connection refused/],
    [8, /address type/],
    [99, /reply 99/],
  ] as const) {
    await using proxy = await fakeProxy((socket, said) => {
      socket.write(said.length === 3 ? Buffer.from([5, 0]) : Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]));
    });
    const error = await refusal(dial(proxy.port, { type: 'socks5' }));
    assert.match(error.message, words);
    assert.equal(error.details.reason, code);
  }
  await using greedy = await fakeProxy((socket) => socket.write(Buffer.from([5, 2])));
  assert.match(
    (await refusal(dial(greedy.port, { type: 'socks5' }))).message,
    /method 2, which was not offered/,
  );
});

test('a proxy that is not there is the failure of the proxy; an abort is an abort', async () => {
  const { port } = await fakeProxy(() => {}).then(async (proxy) => {
    await proxy[Symbol.asyncDispose]();
    return proxy;
  });
  const error = await refusal(dial(port));
  assert.equal(error.code, 'PROXY_FAILED');
  assert.equal(error.details.errno, 'ECONNREFUSED');
  await using silent = await fakeProxy(() => {});
  const signal = AbortSignal.timeout(50);
  const aborted = dialProxy({ type: 'socks5', host: '127.0.0.1', port: silent.port }, target, { signal });
  assert.equal((await refusal(aborted)).code, 'TIMEOUT');
});
