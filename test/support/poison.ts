/**
 * Loaded before every test file: what a socket has read into its one buffer is overwritten as soon as whoever reads has
 * been told of it, so that a piece that was kept without a copy shows, and does not wait for the next read to be damaged.
 */
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

/** What delivered memory is overwritten with: whoever kept it reads this. */
export const POISON = 0xa5;

const connect = net.connect as (options: net.NetConnectOpts, ...rest: unknown[]) => net.Socket;

function poisoned(options: net.NetConnectOpts, ...rest: unknown[]): net.Socket {
  if (typeof options !== 'object' || options.onread === undefined) return connect(options, ...rest);
  const { buffer, callback } = options.onread;
  const poisoning = (length: number, bytes: Uint8Array): boolean => {
    try {
      return callback(length, bytes);
    } finally {
      bytes.fill(POISON, 0, length);
    }
  };
  return connect({ ...options, onread: { buffer, callback: poisoning } }, ...rest);
}

net.connect = poisoned as typeof net.connect;
syncBuiltinESMExports();
