/** SFTP packets written and read by hand, on purpose without the code under test. */

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

export function u64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

export function str(value: string | Uint8Array): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : Buffer.from(value);
  return Buffer.concat([u32(bytes.length), bytes]);
}

/** uint32 length, byte type, and the rest. */
export function packet(type: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat([Buffer.from([type]), ...parts]);
  return Buffer.concat([u32(body.length), body]);
}

/** ATTRS of filexfer-02 section 5. */
export interface WireAttributes {
  size?: number | bigint;
  uid?: number;
  gid?: number;
  permissions?: number;
  atime?: number;
  mtime?: number;
}

/** Reads what a client sent; throws on bytes that are not there, as a server's parser would. */
export class Cursor {
  readonly bytes: Buffer;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  u32(): number {
    const value = this.bytes.readUInt32BE(this.at);
    this.at += 4;
    return value;
  }

  u64(): number {
    const value = this.bytes.readBigUInt64BE(this.at);
    this.at += 8;
    return Number(value);
  }

  raw(): Buffer {
    const length = this.u32();
    if (length > this.left) throw new RangeError(`string of ${length} bytes, ${this.left} left`);
    const value = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return value;
  }

  text(): string {
    return this.raw().toString('utf8');
  }

  attrs(): WireAttributes {
    const flags = this.u32();
    const read: WireAttributes = {};
    if ((flags & 1) !== 0) read.size = this.u64();
    if ((flags & 2) !== 0) {
      read.uid = this.u32();
      read.gid = this.u32();
    }
    if ((flags & 4) !== 0) read.permissions = this.u32();
    if ((flags & 8) !== 0) {
      read.atime = this.u32();
      read.mtime = this.u32();
    }
    return read;
  }
}
