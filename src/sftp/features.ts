import { utf8 } from '../base/bytes.ts';
import { sanitize } from '../base/text.ts';
import { WireReader } from '../ssh/wire/reader.ts';

/** Who made the server: `vendor-id`, filexfer-13 section 5.6. */
export interface VendorId {
  readonly vendor: string;
  readonly product: string;
  readonly version: string;
  readonly build: bigint;
}

/** What the server can do: `supported` (filexfer-05 section 4.5) or `supported2` (filexfer-13 section 5.4). */
export interface SupportedFeatures {
  readonly attributeMask: number;
  readonly attributeBits: number;
  readonly openFlags: number;
  readonly accessMask: number;
  /** Bytes that one READ is answered with at most; 0 where the server names no limit. */
  readonly maxReadSize: number;
  /** Combinations of locks: `supported2` only. */
  readonly openBlockVector?: number;
  readonly blockVector?: number;
  readonly attributeExtensions: readonly string[];
  readonly extensions: readonly string[];
}

/** What the data of the announced extensions say. A field that was not announced, or cannot be read, is absent. */
export interface ServerFeatures {
  /** SFTP versions of `versions`. */
  readonly versions: readonly number[];
  /** How lines end in text files on the server: `newline`. */
  readonly newline?: string;
  readonly vendor?: VendorId;
  readonly supported?: SupportedFeatures;
  /** What `acl-supported` says: 1 allow, 2 deny, 4 audit, 8 alarm, 0x10 and 0x20 inheritance. */
  readonly aclSupport?: number;
  /** The encoding of names on the server itself: `filename-charset`. */
  readonly nameCharset?: string;
}

/** Reads one announcement; what cannot be read throws, and counts as not said. */
const READERS: Readonly<Record<string, (data: Uint8Array) => Partial<ServerFeatures>>> = {
  versions: (data) => ({ versions: utf8(data).split(',').map(Number).filter(Number.isInteger) }),
  newline: (data) => (/^(?:\r|\n){1,2}$/.test(utf8(data)) ? { newline: utf8(data) } : {}),
  'filename-charset': (data) => ({ nameCharset: sanitize(utf8(data), 64) }),
  'acl-supported': (data) => ({ aclSupport: new WireReader(data).u32() }),
  'vendor-id': (data) => {
    const reader = new WireReader(data);
    const text = (): string => sanitize(reader.text(), 128);
    return { vendor: { vendor: text(), product: text(), version: text(), build: reader.u64() } };
  },
  supported: (data) => {
    const reader = new WireReader(data);
    const masks = readMasks(reader);
    const extensions: string[] = [];
    while (reader.remaining > 0 && extensions.length < MOST_NAMES) extensions.push(readName(reader));
    return { supported: { ...masks, attributeExtensions: [], extensions } };
  },
  supported2: (data) => {
    const reader = new WireReader(data);
    const masks = readMasks(reader);
    const openBlockVector = readU16(reader);
    const blockVector = readU16(reader);
    const attributeExtensions = readNames(reader);
    const extensions = readNames(reader);
    return { supported: { ...masks, openBlockVector, blockVector, attributeExtensions, extensions } };
  },
};

const MOST_NAMES = 128;

/** `version` decides between `supported` and `supported2`, where a server sends both. */
export function readFeatures(announced: ReadonlyMap<string, Uint8Array>, version: number): ServerFeatures {
  const features: ServerFeatures = { versions: [] };
  for (const [name, data] of announced) {
    if (name === 'supported' && version >= 6 && announced.has('supported2')) continue;
    if (name === 'supported2' && version < 6 && announced.has('supported')) continue;
    try {
      Object.assign(features, READERS[name]?.(data));
    } catch {
      // Damaged data say nothing; the session does not depend on them.
    }
  }
  return features;
}

function readMasks(reader: WireReader): Omit<SupportedFeatures, 'attributeExtensions' | 'extensions'> {
  return {
    attributeMask: reader.u32(),
    attributeBits: reader.u32(),
    openFlags: reader.u32(),
    accessMask: reader.u32(),
    maxReadSize: reader.u32(),
  };
}

function readU16(reader: WireReader): number {
  return reader.u8() * 0x100 + reader.u8();
}

function readNames(reader: WireReader): string[] {
  const count = Math.min(reader.u32(), MOST_NAMES);
  return Array.from({ length: count }, () => readName(reader));
}

function readName(reader: WireReader): string {
  return sanitize(reader.text(), 128);
}
