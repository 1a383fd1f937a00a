import { createHash } from 'node:crypto';
import type { WherryError } from '../../../src/base/errors.ts';
import type { Channel } from '../../../src/ssh/connection/channel.ts';

/** What one end of a channel sends and has to receive. */
export interface Load {
  readonly send: number;
  readonly receive: number;
  /** Bytes of one `write`. Default 32768. */
  readonly piece?: number;
}

/** Bytes number `at` to `at + length` of an endless stream without a short period. */
export function streamBytes(seed: number, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const n = at + i;
    bytes[i] = (n ^ (n >>> 8) ^ (n >>> 16) ^ seed) & 0xff;
  }
  return bytes;
}

export function streamHash(seed: number, length: number): string {
  return createHash('sha256')
    .update(streamBytes(seed, 0, length))
    .digest('hex');
}

/**
 * Sends `load.send` bytes of stream `seed` through the channel, as its window allows, and receives at the same time;
 * resolves with the SHA-256 of what came when all of it has, and all of ours is out. Rejects when the channel ends early.
 */
export function runLoad(channel: Channel, seed: number, load: Load): Promise<string> {
  const piece = load.piece ?? 32_768;
  return new Promise((resolve, reject) => {
    const hash = createHash('sha256');
    let received = 0;
    let sent = 0;
    let settled = false;
    const check = (): void => {
      if (settled || received < load.receive || sent < load.send) return;
      settled = true;
      resolve(hash.digest('hex'));
    };
    const fill = (): void => {
      while (sent < load.send) {
        const length = Math.min(piece, load.send - sent);
        const goOn = channel.write(streamBytes(seed, sent, length));
        sent += length;
        if (!goOn) break;
      }
      check();
    };
    channel.attach({
      data(bytes) {
        hash.update(bytes);
        received += bytes.length;
        if (received > load.receive)
          reject(new Error(`${received} bytes where ${load.receive} were expected`));
        check();
      },
      writable: fill,
      closed: (error: WherryError | undefined) => reject(error ?? new Error('the channel closed early')),
    });
    fill();
  });
}
