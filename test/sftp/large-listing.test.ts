/** A folder of 100,000 entries: all of them come, and what is held does not grow with their number. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sftp } from '../../src/api/sftp.ts';
import { SftpSession } from '../../src/sftp/session.ts';
import { channelPair } from '../support/sftp/channel-pair.ts';
import { packet, str, u32 } from '../support/sftp/wire.ts';

const ENTRIES = 100_000;
const PER_REPLY = 100;

for (const version of [3, 6] as const) {
  test(`version ${version}: 100,000 entries, a few replies under way at a time`, async () => {
    const pair = channelPair();
    let sent = 0;
    let taken = 0;
    let mostAhead = 0;
    let asked = 0;
    pair.server.onData = (bytes) => {
      let frames = Buffer.from(bytes);
      while (frames.length > 0) {
        const end = 4 + frames.readUInt32BE(0);
        const [type, id] = [frames[4]!, frames.subarray(5, 9)];
        frames = frames.subarray(end);
        if (type === 1) pair.server.send(packet(2, u32(version)));
        else if (type === 11) pair.server.send(packet(102, id, str('h')));
        else if (type === 12 && sent < ENTRIES) {
          asked++;
          const parts = Array.from({ length: PER_REPLY }, () => {
            const name = str(`file-${sent++}`);
            return version === 3 ? [name, str('long'), u32(0)] : [name, u32(0), Buffer.from([1])];
          });
          mostAhead = Math.max(mostAhead, sent - taken);
          const last = version === 6 ? [Buffer.from([sent === ENTRIES ? 1 : 0])] : [];
          pair.server.send(packet(104, id, u32(PER_REPLY), ...parts.flat(), ...last));
        } else pair.server.send(packet(101, id, u32(type === 12 ? 1 : 0), str(''), str('')));
      }
    };
    const session = new SftpSession(pair.client, 5000, { version });
    await session.start();
    const seen = new Set<string>();
    for await (const { name } of new Sftp(session).list('/')) {
      taken++;
      seen.add(name);
      // A slow reader holds the listing back, or all of it would wait in memory.
      if (taken % 10_000 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.equal(seen.size, ENTRIES);
    assert.equal(asked, ENTRIES / PER_REPLY);
    assert.ok(mostAhead <= 10 * PER_REPLY, `${mostAhead} entries sent and not taken`);
    await session.close();
  });
}
