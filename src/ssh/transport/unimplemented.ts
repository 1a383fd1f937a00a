import { WherryError } from '../../base/errors.ts';
import { decode } from '../wire/message.ts';
import { messageName, TRANSPORT } from '../wire/messages.ts';
import type { PacketWriter } from './packet-writer.ts';

/**
 * Ranges of our messages without which nothing goes on: services, key exchange, login. The others are answered for by
 * whoever sent them, or are not missed: TinySSH says so of data for a channel whose program has ended.
 */
const NEEDED: readonly (readonly [number, number])[] = [
  [5, 6],
  [20, 79],
];

/**
 * The number of the message that a peer's UNIMPLEMENTED names (RFC 4253 section 11.4); undefined where too much was sent
 * since. Throws SSH_PROTOCOL for one that is needed: the answer to it would be waited for in vain.
 */
export function unknownToPeer(payload: Uint8Array, writer: PacketWriter, phase: string): number | undefined {
  const number = writer.sentAs(decode(TRANSPORT.SSH_MSG_UNIMPLEMENTED, payload).sequence);
  if (number !== undefined && NEEDED.some(([low, high]) => number >= low && number <= high)) {
    const text = `the peer does not know ${messageName(number)}, which it must (during ${phase})`;
    throw new WherryError('SSH_PROTOCOL', text, { phase });
  }
  return number;
}
