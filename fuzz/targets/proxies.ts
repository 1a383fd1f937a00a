/** The answers of proxies of each kind, in pieces as the first byte says. */
import type { ByteStream, StreamHandlers } from '../../src/net/byte-stream.ts';
import { Conversation } from '../../src/net/proxies/conversation.ts';
import { PROXIES } from '../../src/net/proxies/proxies.ts';
import type { ProxyRetry, ProxyServer } from '../../src/net/proxies/proxy.ts';
import { bytesOf, type FuzzTarget, inPieces, piecesOf } from '../target.ts';

/** A stream of which everything has come when it is asked for more. */
class AllAtOnce implements ByteStream {
  readonly host = 'proxy';
  readonly port = 1;
  readonly #input: Buffer;
  #handlers: StreamHandlers | undefined;

  constructor(input: Buffer) {
    this.#input = input;
  }

  start(handlers: StreamHandlers): void {
    this.#handlers = handlers;
  }

  deliver(): void {
    inPieces(this.#input, (piece) => this.#handlers?.data(piece));
    this.#handlers?.end();
    this.#handlers?.close(undefined);
  }

  write(_bytes: Uint8Array, done: () => void): void {
    done();
  }

  pause(): void {}
  resume(): void {}
  end(): void {}
  destroy(): void {}
}

function target(type: ProxyServer['type'], doc: string, answers: readonly Uint8Array[]): FuzzTarget {
  const proxy: ProxyServer = { type, host: 'proxy', username: 'me', password: 'secret' };
  const ask = async (input: Buffer, retry: ProxyRetry | undefined): Promise<ProxyRetry | undefined> => {
    const stream = new AllAtOnce(input);
    const talk = new Conversation(stream, 'h.example', 22);
    const asked = PROXIES[type].ask(talk, { host: 'h.example', port: 22 }, proxy, retry);
    stream.deliver();
    return await asked;
  };
  return {
    doc,
    seeds: () => answers.flatMap((answer) => [piecesOf(0, answer), piecesOf(7, answer)]),
    async run(input) {
      const retry = await ask(input, undefined);
      if (retry === undefined) return 'open';
      // A proxy that asks again gets no third try.
      return (await ask(input, retry)) === undefined ? 'open at last' : 'again';
    },
  };
}

const DIGEST =
  'Digest realm="a \\"b\\"", nonce="n", qop="auth,auth-int", algorithm=SHA-256, stale=true, opaque=o';

export const proxyHttp: FuzzTarget = target(
  'http',
  'answers to HTTP CONNECT, with challenges',
  [
    'HTTP/1.1 200 OK\r\nVia: x\r\n\r\nSSH-2.0-x\r\n',
    'HTTP/1.0 407 Login\r\nProxy-Authenticate: Basic realm="a"\r\nProxy-Authenticate: NTLM\r\n\r\n',
    `HTTP/1.1 407 Login\r\nProxy-Authenticate: ${DIGEST}, Basic realm=x\r\n\r\n`,
    'HTTP/1.1 401 no\r\nWWW-Authenticate: Digest realm="x", nonce="y"\r\n\r\n',
    'HTTP/1.1 503 Service Unavailable\r\n\r\n',
  ].map(bytesOf),
);

export const proxySocks4: FuzzTarget = target('socks4a', 'answers of SOCKS4 and 4a proxies', [
  Uint8Array.of(0, 90, 0, 22, 127, 0, 0, 1, 83, 83, 72),
  Uint8Array.of(0, 91, 0, 0, 0, 0, 0, 0),
  Uint8Array.of(4, 93, 0, 0, 0, 0, 0, 0),
]);

export const proxySocks5: FuzzTarget = target('socks5', 'answers of SOCKS5 proxies, with their login', [
  Uint8Array.of(5, 0, 5, 0, 0, 1, 127, 0, 0, 1, 0, 22, 83),
  Uint8Array.of(5, 2, 1, 0, 5, 0, 0, 3, 2, 104, 104, 0, 22),
  Uint8Array.of(5, 0, 5, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 22),
  Uint8Array.of(5, 2, 1, 1),
  Uint8Array.of(5, 0, 5, 5, 0, 1, 0, 0, 0, 0, 0, 0),
]);
