import { readU32 } from '../../../base/bytes.ts';
import type { PacketOpener, PacketSealer } from './packet-cipher.ts';

/** Before the first NEWKEYS: packets in the clear. */
export const clearSealer: PacketSealer = {
  blockLength: 8,
  alignFrom: 0,
  tagLength: 0,
  seal(_sequence, packet, length, out, at) {
    out.set(packet.subarray(0, length), at);
    return length;
  },
};

export const clearOpener: PacketOpener = {
  headLength: 4,
  blockLength: 8,
  alignFrom: 0,
  tagLength: 0,
  readLength: (_sequence, bytes, at) => readU32(bytes, at),
  open: (_sequence, bytes, at, packetLength) =>
    Uint8Array.prototype.slice.call(bytes, at + 4, at + 4 + packetLength),
};
