import { createHash } from 'node:crypto';
import { isWherryError, WherryError } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import type { RandomSource } from '../../base/random.ts';
import type { KeyAgreement } from '../crypto/kex/agreement.ts';
import { checkGroup } from '../crypto/kex/gex.ts';
import { groupAgreement, type KexRow } from '../crypto/key-exchanges.ts';
import { decode, encode, type MessageOf, type MessageRow } from '../wire/message.ts';
import { KEX_DH, KEX_ECDH, KEX_GEX } from '../wire/messages.ts';
import { WireWriter } from '../wire/writer.ts';

/** What a key exchange needs from the transport around it. */
export interface KexChannel {
  readonly random: RandomSource;
  /** What a client asks for in a group exchange; absent: the default. */
  readonly groupBits?: GroupBits;
  /** V_C, V_S (one character a byte), I_C and I_S: what every exchange hash begins with (RFC 4253 section 8). */
  readonly clientVersion: string;
  readonly serverVersion: string;
  readonly clientInit: Uint8Array;
  readonly serverInit: Uint8Array;
  send(payload: Uint8Array): void;
  /** The next message of the exchange. */
  receive(): Promise<Uint8Array>;
}

/** The server's proof: its host key blob, and the signature over the exchange hash. */
export interface HostKeySigner {
  readonly blob: Uint8Array;
  sign(exchangeHash: Uint8Array): Uint8Array;
}

export interface KexResult {
  /** K as it stands in the exchange hash: an mpint, or for the hybrid methods a string. */
  readonly secret: Uint8Array;
  readonly exchangeHash: Uint8Array;
  readonly hostKey: Uint8Array;
  readonly signature: Uint8Array;
}

/** The pair of messages that carries the two public values, and how a public value is written in the hash. */
interface Shape {
  readonly init: MessageRow;
  readonly reply: MessageRow;
  readonly value: 'mpint' | 'string';
}

const SHAPES: Record<KexRow['family'], Shape> = {
  ecdh: { init: KEX_ECDH.SSH_MSG_KEX_ECDH_INIT, reply: KEX_ECDH.SSH_MSG_KEX_ECDH_REPLY, value: 'string' },
  dh: { init: KEX_DH.SSH_MSG_KEXDH_INIT, reply: KEX_DH.SSH_MSG_KEXDH_REPLY, value: 'mpint' },
  gex: { init: KEX_GEX.SSH_MSG_KEX_DH_GEX_INIT, reply: KEX_GEX.SSH_MSG_KEX_DH_GEX_REPLY, value: 'mpint' },
};

/** Field names of the init and reply messages, which differ only by the family's own names for its values. */
const clientValue = { ecdh: 'clientPublic', dh: 'e', gex: 'e' } as const;
const serverValue = { ecdh: 'serverPublic', dh: 'f', gex: 'f' } as const;

/** The group bounds of SSH_MSG_KEX_DH_GEX_REQUEST, in bits. */
export interface GroupBits {
  readonly min: number;
  readonly preferred: number;
  readonly max: number;
}

/** The bounds to ask for: the preferred size, and the largest the server can do. */
export function groupBits(preferred = 3072, max: number = LIMITS.dhGroupBitsMax.value): GroupBits {
  return { min: LIMITS.dhGroupBitsMin.value, preferred: Math.min(preferred, max), max };
}

/** Runs the client's side of `row`. Throws SSH_KEY_EXCHANGE for an unsound value of the server's. */
export async function agreeAsClient(row: KexRow, channel: KexChannel): Promise<KexResult> {
  const group = row.family === 'gex' ? await askForGroup(row, channel) : undefined;
  const agreement = group?.agreement ?? row.agreement!;
  const shape = SHAPES[row.family];

  const initiator = await agreement.initiate(channel.random);
  channel.send(encode(shape.init, { [clientValue[row.family]]: initiator.publicValue }));
  const reply = decode(shape.reply, await channel.receive()) as Reply;
  const serverPublic = reply[serverValue[row.family]]!;
  const secret = encodeSecret(row, initiator.finish(serverPublic));
  const exchangeHash = hashExchange(row, channel, {
    hostKey: reply.hostKey,
    extra: group?.hashed,
    clientPublic: initiator.publicValue,
    serverPublic,
    secret,
  });
  return { secret, exchangeHash, hostKey: reply.hostKey, signature: reply.signature };
}

/** Runs the server's side of `row`; `groupFor` answers a group exchange request. */
export async function agreeAsServer(
  row: KexRow,
  channel: KexChannel,
  signer: HostKeySigner,
  groupFor: (bits: GroupBits) => { p: Uint8Array; g: Uint8Array },
): Promise<KexResult> {
  const group = row.family === 'gex' ? await offerGroup(row, channel, groupFor) : undefined;
  const agreement = group?.agreement ?? row.agreement!;
  const shape = SHAPES[row.family];

  const init = decode(shape.init, await channel.receive()) as Record<string, Uint8Array>;
  const clientPublic = init[clientValue[row.family]]!;
  const { publicValue, secret: raw } = await agreement.respond(channel.random, clientPublic);
  const secret = encodeSecret(row, raw);
  const exchangeHash = hashExchange(row, channel, {
    hostKey: signer.blob,
    extra: group?.hashed,
    clientPublic,
    serverPublic: publicValue,
    secret,
  });
  const signature = signer.sign(exchangeHash);
  const reply = { hostKey: signer.blob, [serverValue[row.family]]: publicValue, signature };
  channel.send(encode(shape.reply, reply as MessageOf<MessageRow>));
  return { secret, exchangeHash, hostKey: signer.blob, signature };
}

type Reply = { hostKey: Uint8Array; signature: Uint8Array; serverPublic?: Uint8Array; f?: Uint8Array };

interface Group {
  readonly agreement: KeyAgreement;
  /** min, n, max, p and g, which the exchange hash covers (RFC 4419 section 3). */
  readonly hashed: Uint8Array;
}

async function askForGroup(row: KexRow, channel: KexChannel): Promise<Group> {
  const bits = channel.groupBits ?? groupBits();
  channel.send(encode(KEX_GEX.SSH_MSG_KEX_DH_GEX_REQUEST, { ...bits }));
  const group = decode(KEX_GEX.SSH_MSG_KEX_DH_GEX_GROUP, await channel.receive());
  checkGroup(group, bits);
  return { agreement: groupAgreement(group, row.hash), hashed: hashedGroup(bits, group) };
}

async function offerGroup(
  row: KexRow,
  channel: KexChannel,
  groupFor: (bits: GroupBits) => { p: Uint8Array; g: Uint8Array },
): Promise<Group> {
  const bits = decode(KEX_GEX.SSH_MSG_KEX_DH_GEX_REQUEST, await channel.receive());
  if (bits.min > bits.preferred || bits.preferred > bits.max) {
    throw new WherryError(
      'SSH_KEY_EXCHANGE',
      `group sizes out of order: ${bits.min} ${bits.preferred} ${bits.max}`,
    );
  }
  const group = groupFor(bits);
  channel.send(encode(KEX_GEX.SSH_MSG_KEX_DH_GEX_GROUP, group));
  return { agreement: groupAgreement(group, row.hash), hashed: hashedGroup(bits, group) };
}

export function hashedGroup(bits: GroupBits, group: { p: Uint8Array; g: Uint8Array }): Uint8Array {
  const writer = new WireWriter(1200).u32(bits.min).u32(bits.preferred).u32(bits.max);
  return writer.mpint(group.p).mpint(group.g).finish();
}

/** K as it stands in the hash; `raw` is wiped. */
export function encodeSecret(row: KexRow, raw: Uint8Array): Uint8Array {
  const writer = new WireWriter(raw.length + 5);
  const secret = (row.secret === 'mpint' ? writer.mpint(raw) : writer.string(raw)).take();
  raw.fill(0);
  return secret;
}

export interface Exchanged {
  readonly hostKey: Uint8Array;
  readonly extra: Uint8Array | undefined;
  readonly clientPublic: Uint8Array;
  readonly serverPublic: Uint8Array;
  readonly secret: Uint8Array;
}

/** H of RFC 4253 section 8, RFC 4419 section 3 and RFC 5656 section 4. */
export function hashExchange(row: KexRow, channel: KexChannel, exchanged: Exchanged): Uint8Array {
  const writer = new WireWriter(4096)
    .string(Buffer.from(channel.clientVersion, 'latin1'))
    .string(Buffer.from(channel.serverVersion, 'latin1'))
    .string(channel.clientInit)
    .string(channel.serverInit)
    .string(exchanged.hostKey);
  if (exchanged.extra !== undefined) writer.raw(exchanged.extra);
  const value = SHAPES[row.family].value;
  writer[value](exchanged.clientPublic)[value](exchanged.serverPublic);
  return createHash(row.hash).update(writer.finish()).update(exchanged.secret).digest();
}

/** A key exchange that failed says which one it was. */
export function namingExchange(error: unknown, phase: string): unknown {
  if (!isWherryError(error) || error.code !== 'SSH_KEY_EXCHANGE') return error;
  return new WherryError(error.code, error.message, { ...error.details, phase }, error.cause);
}
