/** A session with a server that has nothing but names to tell, and says what it likes in them. */
import { Sftp } from '../../../src/api/sftp.ts';
import { SftpSession } from '../../../src/sftp/session.ts';
import type { SftpVersion } from '../../../src/sftp/versions.ts';
import { channelPair } from './channel-pair.ts';
import { packet, str, u32 } from './wire.ts';

/** What is answered with names: READDIR, REALPATH, READLINK. */
const NAMES: ReadonlySet<number> = new Set([12, 16, 19]);

export interface ListingSession {
  readonly sftp: Sftp;
  readonly session: SftpSession;
}

/** `page` gives what follows the request id of a NAME reply; undefined at the end. */
export async function listingFrom(
  page: () => Uint8Array | undefined,
  version: SftpVersion = 3,
): Promise<ListingSession> {
  const pair = channelPair();
  pair.server.onData = (bytes) => {
    for (let frames = Buffer.from(bytes); frames.length > 0; ) {
      const [type, id] = [frames[4]!, Buffer.from(frames.subarray(5, 9))];
      frames = frames.subarray(4 + frames.readUInt32BE(0));
      const names = NAMES.has(type) ? page() : undefined;
      if (type === 1) pair.server.send(packet(2, u32(version)));
      else if (type === 11) pair.server.send(packet(102, id, str('h')));
      else if (names !== undefined) pair.server.send(packet(104, id, names));
      else pair.server.send(packet(101, id, u32(NAMES.has(type) ? 1 : 0), str(''), str('')));
    }
  };
  const session = new SftpSession(pair.client, 60_000, { version });
  await session.start();
  return { sftp: new Sftp(session), session };
}

/** One page of `count` times the same entry. */
export function pageOf(count: number, entry: readonly Uint8Array[]): Buffer {
  const one = Buffer.concat(entry);
  return Buffer.concat([u32(count), ...Array.from({ length: count }, () => one)]);
}
