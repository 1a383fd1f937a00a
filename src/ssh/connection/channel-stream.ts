import { EMPTY } from '../../base/bytes.ts';
import { keep } from '../../base/lent-memory.ts';
import type { ByteStream, StreamHandlers } from '../../net/byte-stream.ts';
import { WireWriter } from '../wire/writer.ts';
import type { Channel } from './channel.ts';

/**
 * What a server may send ahead on a tunnel. The connection inside has a window of its own, so this one only has to
 * cover the way here; it bounds what is kept while the inside is held back.
 */
export const TUNNEL_WINDOW = 16_777_216;

/** The specific part of a `direct-tcpip` open (RFC 4254 section 7.2); the originator is nobody's business. */
export function directTcpip(host: string, port: number): Uint8Array {
  return new WireWriter().text(host).u32(port).text('127.0.0.1').u32(0).finish();
}

/** A channel as the byte stream another SSH connection runs over. */
export function channelStream(channel: Channel, host: string, port: number): ByteStream {
  let handlers: StreamHandlers | undefined;
  let closed: { error: Error | undefined } | undefined;
  let paused = true;
  let eof = false;
  const kept: Uint8Array[] = [];
  let waiting: (() => void)[] = [];

  const deliver = (): void => {
    while (!paused && kept.length > 0) {
      const bytes = kept.shift()!;
      handlers?.data(bytes);
      channel.giveCredit(bytes.length);
    }
    if (paused || kept.length > 0) return;
    if (eof) {
      eof = false;
      handlers?.end();
    }
    if (closed !== undefined && handlers !== undefined) {
      const last = handlers;
      handlers = undefined;
      last.close(closed.error);
    }
  };

  channel.attach(
    {
      data(bytes) {
        if (paused || kept.length > 0) {
          kept.push(keep(bytes));
          return;
        }
        handlers?.data(bytes);
        channel.giveCredit(bytes.length);
      },
      eof() {
        eof = true;
        deliver();
      },
      writable() {
        const done = waiting;
        waiting = [];
        for (const one of done) one();
      },
      closed(error) {
        // That the far end has hung up is no failure of the connection the tunnel runs on.
        closed = { error: error?.code === 'CHANNEL_CLOSED' ? undefined : error };
        paused = false;
        deliver();
      },
    },
    { holdCredit: true },
  );

  return {
    host,
    port,
    start(given) {
      handlers = given;
      paused = false;
      queueMicrotask(deliver);
    },
    write(bytes, done) {
      if (channel.write(EMPTY, bytes)) done();
      else waiting.push(done);
    },
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
      deliver();
    },
    end() {
      channel.end();
    },
    destroy() {
      channel.close();
    },
  };
}
