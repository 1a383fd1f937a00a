import { type RandomSource, randomBytes } from '../../base/random.ts';
import { TRANSPORT } from '../wire/messages.ts';
import { WireReader } from '../wire/reader.ts';
import { WireWriter } from '../wire/writer.ts';

/** The ten lists of SSH_MSG_KEXINIT, in wire order, RFC 4253 section 7.1. */
export const KEXINIT_LISTS = [
  'kex',
  'hostKey',
  'cipherOut',
  'cipherIn',
  'macOut',
  'macIn',
  'compressionOut',
  'compressionIn',
  'languageOut',
  'languageIn',
] as const;

/** `Out` is client to server, `In` server to client. */
export type KexInitLists = Record<(typeof KEXINIT_LISTS)[number], readonly string[]>;

export interface KexInit {
  readonly lists: KexInitLists;
  readonly firstKexPacketFollows: boolean;
  /** The whole message, for the exchange hash. */
  readonly payload: Uint8Array;
}

export function encodeKexInit(lists: KexInitLists, random: RandomSource): KexInit {
  const writer = new WireWriter(1024).u8(TRANSPORT.SSH_MSG_KEXINIT.number).raw(randomBytes(16, random));
  for (const name of KEXINIT_LISTS) writer.nameList(lists[name]);
  return { lists, firstKexPacketFollows: false, payload: writer.bool(false).u32(0).finish() };
}

export function decodeKexInit(payload: Uint8Array): KexInit {
  const reader = new WireReader(payload, 1, 'KEXINIT');
  reader.raw(16);
  const lists = {} as Record<string, readonly string[]>;
  for (const name of KEXINIT_LISTS) lists[name] = reader.nameList();
  const firstKexPacketFollows = reader.bool();
  reader.u32();
  return { lists: lists as KexInitLists, firstKexPacketFollows, payload: Uint8Array.from(payload) };
}
