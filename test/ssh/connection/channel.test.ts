import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../../../src/base/bytes.ts';
import { WherryError } from '../../../src/base/errors.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import { textRequest } from '../../../src/ssh/connection/channel.ts';
import { streamBytes } from '../../support/peer/load.ts';
import { incoming, makeChannel } from './fake-carrier.ts';

test('CHANNEL_DATA byte by byte: number, the peer’s channel number, length, data', () => {
  const { carrier, channel } = makeChannel({ remote: 0x01020304 });
  channel.write(Uint8Array.of(0xaa, 0xbb));
  assert.equal(toHex(carrier.sent[0]!), '5e0102030400000002aabb');
});

test('nothing is ever sent beyond the window or the maximum packet, and nothing is lost or turned round', () => {
  const step = fc.oneof(
    fc.record({ write: fc.integer({ min: 0, max: 400 }), body: fc.integer({ min: 0, max: 400 }) }),
    fc.record({ adjust: fc.integer({ min: 0, max: 300 }) }),
    fc.record({ congested: fc.boolean() }),
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 300 }),
      fc.integer({ min: 1, max: 120 }),
      fc.array(step, { maxLength: 40 }),
      (remoteWindow, remoteMaxPacket, steps) => {
        const { carrier, channel, heard } = makeChannel({ remoteWindow, remoteMaxPacket });
        let window = remoteWindow;
        let written = 0;
        let mustHear = false;
        const sentBytes = (): number => carrier.data.reduce((sum, one) => sum + one.length, 0);
        for (const one of steps) {
          if ('write' in one) {
            const head = streamBytes(5, written, one.write);
            const body = streamBytes(5, written + one.write, one.body);
            written += one.write + one.body;
            mustHear = !channel.write(head, body);
            // The head belongs to the caller again, at once.
            head.fill(0xee);
          } else if ('adjust' in one) {
            window += one.adjust;
            channel.onMessage(incoming.adjust(one.adjust));
          } else {
            carrier.congested = one.congested;
            if (!one.congested) channel.flush();
          }
          assert.ok(sentBytes() <= window);
          assert.equal(channel.sendWindowLeft, window - sentBytes());
        }
        carrier.congested = false;
        const before = heard.writables;
        channel.onMessage(incoming.adjust(50_000));
        assert.ok(carrier.data.every((piece) => piece.length > 0 && piece.length <= remoteMaxPacket));
        assert.equal(Buffer.compare(Buffer.concat(carrier.data), streamBytes(5, 0, written)), 0);
        assert.equal(channel.congested, false);
        if (mustHear) assert.ok(heard.writables > 0 || before > 0);
      },
    ),
    { numRuns: 300 },
  );
});

test('a window of 1 byte, of 0, and credit one byte at a time', () => {
  for (const remoteWindow of [0, 1]) {
    const { carrier, channel, heard } = makeChannel({ remoteWindow });
    assert.equal(channel.write(Buffer.from('abcde')), false);
    for (let i = remoteWindow; i < 5; i++) {
      assert.equal(carrier.data.length, i);
      assert.equal(heard.writables, 0);
      channel.onMessage(incoming.adjust(1));
    }
    assert.deepEqual(carrier.data.map(String), ['a', 'b', 'c', 'd', 'e']);
    assert.equal(heard.writables, 1);
  }
});

test('credit that passes 2^32 - 1 is capped', () => {
  const { channel } = makeChannel({ remoteWindow: 0xffff_fff0 });
  channel.onMessage(incoming.adjust(0xffff_ffff));
  assert.equal(channel.sendWindowLeft, 0xffff_ffff);
});

test('a peer that allows packets of 4 GiB still gets none larger than we would take ourselves', () => {
  const { carrier, channel } = makeChannel({ remoteWindow: 0xffff_ffff, remoteMaxPacket: 0xffff_ffff });
  channel.write(new Uint8Array(9), new Uint8Array(2_000_000));
  assert.ok(carrier.sent.every((one) => one.length + 100 < LIMITS.packetBytes.value));
  assert.equal(Buffer.concat(carrier.data).length, 2_000_009);
});

test('a head shares its message with the beginning of the body: a WRITE of 255 KiB takes 8 messages, not 9', () => {
  const { carrier, channel } = makeChannel({ remoteWindow: 2_097_152, remoteMaxPacket: 32_768 });
  channel.write(new Uint8Array(29), new Uint8Array(261_120));
  assert.deepEqual(
    carrier.data.map((one) => one.length),
    [...new Array<number>(7).fill(32_768), 31_773],
  );
});

test('data goes to the handler, credit goes back early, in eighths of the window', () => {
  const { carrier, channel, heard } = makeChannel({ windowSize: 800 });
  channel.onMessage(incoming.data(new Uint8Array(99)));
  assert.equal(carrier.sent.length, 0);
  channel.onMessage(incoming.data(Uint8Array.of(1)));
  assert.equal(toHex(carrier.sent[0]!), '5d00000007' + '00000064');
  assert.equal(heard.chunks.length, 2);
});

test('the peer may fill the window, and one byte more is SSH_PROTOCOL', () => {
  const full = makeChannel({ windowSize: 100 });
  full.channel.onMessage(incoming.data(new Uint8Array(100)));
  const over = makeChannel({ windowSize: 100 });
  assert.throws(() => over.channel.onMessage(incoming.data(new Uint8Array(101))), { code: 'SSH_PROTOCOL' });
  assert.equal(over.heard.chunks.length, 0);
  const extended = makeChannel({ windowSize: 100 });
  assert.throws(() => extended.channel.onMessage(incoming.extended(1, new Uint8Array(101))), {
    code: 'SSH_PROTOCOL',
  });
});

test('extended data has its type, takes window, and gives credit even where nobody listens', () => {
  const { carrier, channel, heard } = makeChannel({ windowSize: 80 });
  channel.onMessage(incoming.extended(1, Buffer.from('stderr text')));
  assert.deepEqual(heard.extendedChunks, [[1, Buffer.from('stderr text')]]);
  channel.attach({ data() {}, closed() {} });
  for (let i = 0; i < 50; i++) channel.onMessage(incoming.extended(2, new Uint8Array(70)));
  assert.equal(carrier.names.filter((name) => name === 'WINDOW_ADJUST').length, 51);
});

test('data whose length field lies is SSH_MALFORMED; so is every channel message cut short', () => {
  const { channel } = makeChannel();
  for (const lie of [0, 4, 6, 0xffff_ffff]) {
    const payload = Buffer.from(incoming.data(new Uint8Array(5)));
    payload.writeUInt32BE(lie, 5);
    assert.throws(() => channel.onMessage(payload), { code: 'SSH_MALFORMED' });
  }
  for (const whole of [
    incoming.data(new Uint8Array(3)),
    incoming.extended(1, new Uint8Array(3)),
    incoming.adjust(5),
  ]) {
    for (let cut = 5; cut < whole.length; cut++) {
      assert.throws(
        () => makeChannel().channel.onMessage(whole.subarray(0, cut)),
        { code: 'SSH_MALFORMED' },
        `${whole[0]} at ${cut}`,
      );
    }
  }
});

test('requests: yes, no, in order; a reply to nothing is SSH_PROTOCOL', async () => {
  const { carrier, channel } = makeChannel();
  const [a, b] = [
    channel.request('subsystem', textRequest('sftp'), true),
    channel.request('x', new Uint8Array(0), true),
  ];
  assert.equal(
    toHex(carrier.sent[0]!),
    `6200000007${'00000009'}${Buffer.from('subsystem').toString('hex')}01${'0000000473667470'}`,
  );
  assert.equal(await channel.request('quiet', new Uint8Array(0), false), true);
  channel.onMessage(incoming.success());
  channel.onMessage(incoming.failure());
  assert.deepEqual([await a, await b], [true, false]);
  assert.throws(() => channel.onMessage(incoming.success()), { code: 'SSH_PROTOCOL' });
});

test('end: EOF once, after everything that was queued; later writes are not sent', () => {
  const { carrier, channel } = makeChannel({ remoteWindow: 3 });
  channel.write(Buffer.from('abcdef'));
  channel.end();
  channel.end();
  assert.equal(channel.write(Buffer.from('late')), false);
  assert.deepEqual(carrier.names, ['DATA']);
  channel.onMessage(incoming.adjust(100));
  assert.deepEqual(carrier.names, ['DATA', 'DATA', 'EOF']);
  assert.equal(Buffer.concat(carrier.data).toString(), 'abcdef');
});

test('close from our side: one CLOSE, data that is still on its way is taken, closed is heard once, without an error', async () => {
  const { carrier, channel, heard } = makeChannel({ remoteWindow: 3, windowSize: 80 });
  channel.write(Buffer.from('abcdef'));
  const pending = channel.request('x', new Uint8Array(0), true);
  channel.close();
  channel.close();
  assert.equal(heard.endings.length, 0);
  channel.onMessage(incoming.data(new Uint8Array(70)));
  channel.onMessage(incoming.adjust(100));
  channel.end();
  channel.reply(true);
  channel.onMessage(incoming.close());
  assert.deepEqual(carrier.names, ['DATA', 'REQUEST', 'CLOSE']);
  assert.deepEqual(heard.endings, [undefined]);
  assert.deepEqual(carrier.forgotten, [channel]);
  await assert.rejects(pending, { code: 'CHANNEL_CLOSED' });
  await assert.rejects(channel.request('y', new Uint8Array(0), true), { code: 'CHANNEL_CLOSED' });
  channel.abandon(new WherryError('CONNECTION_LOST', 'gone'));
  assert.equal(heard.endings.length, 1);
});

test('close from the peer’s side: answered with CLOSE once, pending requests reject, the handler hears why', async () => {
  const { carrier, channel, heard } = makeChannel();
  const pending = channel.request('x', new Uint8Array(0), true);
  channel.onMessage(incoming.eof());
  channel.onMessage(incoming.close());
  channel.close();
  assert.equal(channel.write(Buffer.from('late')), false);
  assert.deepEqual(carrier.names, ['REQUEST', 'CLOSE']);
  assert.equal(heard.eofs, 1);
  assert.deepEqual(
    heard.endings.map((error) => error?.code),
    ['CHANNEL_CLOSED'],
  );
  await assert.rejects(pending, { code: 'CHANNEL_CLOSED' });
});

test('abandon: the cause of the connection reaches requests and handler, once', async () => {
  const { channel, heard } = makeChannel();
  const lost = new WherryError('CONNECTION_LOST', 'gone');
  const pending = channel.request('x', new Uint8Array(0), true);
  channel.abandon(lost);
  channel.abandon(lost);
  await assert.rejects(pending, lost);
  assert.deepEqual(heard.endings, [lost]);
});

test('textRequest: one string', () => {
  assert.equal(toHex(textRequest('ü')), '00000002c3bc');
});
