import { decodeKexInit, encodeKexInit, type KexInitLists } from '../../src/ssh/transport/kexinit.ts';
import { negotiate } from '../../src/ssh/transport/negotiate.ts';
import { PacketReader } from '../../src/ssh/transport/packet-reader.ts';
import { VersionReader } from '../../src/ssh/transport/version-exchange.ts';
import { decode, encode, type MessageOf, type MessageRow } from '../../src/ssh/wire/message.ts';
import * as messages from '../../src/ssh/wire/messages.ts';
import { bytesOf, type FuzzTarget, inPieces, piecesOf } from '../target.ts';

const rows: readonly MessageRow[] = Object.values(messages)
  .filter((set) => typeof set === 'object')
  .flatMap((set) => Object.values(set as Record<string, MessageRow>));

const byNumber = new Map<number, [number, MessageRow][]>();
for (const [i, row] of rows.entries())
  byNumber.set(row.number, [...(byNumber.get(row.number) ?? []), [i, row]]);

const SAMPLES = {
  u8: 7,
  bool: true,
  u32: 65_536,
  u64: 1n << 40n,
  text: 'some text',
  string: Uint8Array.of(1, 2, 3, 4),
  mpint: Uint8Array.of(0x01, 0xff),
  nameList: ['aes128-ctr', 'none'],
  rest: Uint8Array.of(0, 0, 0, 1, 65),
} as const;

function sample(row: MessageRow): Uint8Array {
  const value = Object.fromEntries(Object.entries(row.fields).map(([name, type]) => [name, SAMPLES[type]]));
  return encode(row, value as MessageOf<MessageRow>);
}

/** A packet in the clear: length, padding length, payload, padding. */
function packet(payload: Uint8Array): Buffer {
  const padding = 8 - ((5 + payload.length) % 8) + 8;
  const bytes = Buffer.alloc(5 + payload.length + padding);
  bytes.writeUInt32BE(bytes.length - 4, 0);
  bytes[4] = padding;
  bytes.set(payload, 5);
  return bytes;
}

const ciphers = ['aes128-gcm@openssh.com', 'aes128-ctr'];
const macs = ['hmac-sha2-256', 'hmac-sha2-256-etm@openssh.com'];
const lists: KexInitLists = {
  kex: ['curve25519-sha256', 'kex-strict-c-v00@openssh.com', 'kex-strict-s-v00@openssh.com'],
  hostKey: ['ssh-ed25519', 'rsa-sha2-256'],
  cipherOut: ciphers,
  cipherIn: ciphers,
  macOut: macs,
  macIn: macs,
  compressionOut: ['none'],
  compressionIn: ['none'],
  languageOut: [],
  languageIn: [],
};
const ours = encodeKexInit(lists, { fill: (target) => target.fill(7) });

export const packetReader: FuzzTarget = {
  doc: 'the version line and packets in the clear, in pieces as the first byte says',
  seeds: () => [
    piecesOf(7, bytesOf('SSH-2.0-x\r\n'), packet(sample(messages.TRANSPORT.SSH_MSG_IGNORE))),
    piecesOf(3, bytesOf('hello\nSSH-2.0-y\n'), packet(Uint8Array.of(2)), packet(Uint8Array.of(21))),
  ],
  run(input) {
    const version = new VersionReader(true);
    let packets = 0;
    let bytes = 0;
    const reader = new PacketReader(
      (payload) => {
        packets++;
        bytes += payload.length;
      },
      { pause() {}, resume() {} },
    );
    let found = false;
    inPieces(input, (piece) => {
      if (found) reader.push(piece);
      else {
        const line = version.push(piece);
        found = line !== undefined;
        if (line !== undefined && line.next < piece.length) reader.push(piece.subarray(line.next));
      }
    });
    if (bytes > input.length) throw new Error('more was read than came');
    return `${found} ${Math.min(packets, 8)}`;
  },
};

export const messageTarget: FuzzTarget = {
  doc: 'every SSH message: what is read is written back and read the same',
  seeds: () => rows.map(sample),
  run(input) {
    const taken: number[] = [];
    for (const [i, row] of byNumber.get(input[0] ?? 0) ?? []) {
      let value: MessageOf<MessageRow>;
      try {
        value = decode(row, input);
      } catch (error) {
        if ((error as { code?: string }).code !== undefined) continue;
        throw error;
      }
      const again = encode(row, value);
      if (!Buffer.from(encode(row, decode(row, again))).equals(again))
        throw new Error(`message ${row.number} changes`);
      taken.push(i);
    }
    return taken.join(' ');
  },
};

export const kexInit: FuzzTarget = {
  doc: 'KEXINIT of a peer, and the negotiation with it, in both roles',
  seeds: () => [ours.payload],
  run(input) {
    const theirs = decodeKexInit(input);
    const found = [negotiate(ours, theirs, 'client'), negotiate(theirs, ours, 'server')];
    return found.map(({ kex }) => (kex as { name?: string }).name ?? 'agreed').join(' ');
  },
};
