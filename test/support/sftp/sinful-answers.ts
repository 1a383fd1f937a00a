/** What the public server answers (src/server), bent to the sins of a test, one request at a time. */
import { type MemoryNode, resize } from '../../../src/server/files/memory-node.ts';
import type { ServedSession } from '../../../src/server/sftp/served-session.ts';
import { SFTP_PACKETS } from '../../../src/sftp/packets.ts';
import type { MemoryFs } from './memory-fs.ts';
import { type Sins, WINDOWS_READ_BYTES } from './sins.ts';
import { Cursor, str, u32, u64 } from './wire.ts';

export interface Answer {
  type: number;
  body: Buffer;
}

/** One request as it arrived: `body` begins behind the id. */
export interface Received {
  type: number;
  id: number;
  body: Buffer;
}

/** The honest answer to a request with this body. */
export type Ask = (body: Buffer) => Answer;

const P = SFTP_PACKETS;
const FAILURE = 4;
/** A statvfs reply in which no number can be taken for another. */
const SPACE: readonly number[] = [4096, 1024, 1000, 900, 800, 70, 60, 50, 7, 3, 255];
/** Flags, size, owner, permissions, times: what the server tells of every file in version 3. */
const ATTRIBUTE_BYTES = 32;

export class SinfulAnswers {
  reads = 0;
  readonly #session: ServedSession;
  readonly #fs: MemoryFs;
  readonly #sins: Sins;
  readonly #written = new Set<string>();
  readonly #listed = new Set<string>();

  constructor(session: ServedSession, fs: MemoryFs, sins: Sins) {
    this.#session = session;
    this.#fs = fs;
    this.#sins = sins;
  }

  answer({ type, body }: Received, ask: Ask): Answer {
    const sins = this.#sins;
    const id = (): string => new Cursor(body).raw().toString('hex');
    switch (type) {
      case P.SSH_FXP_READ:
        return this.#read(body, ask);
      case P.SSH_FXP_WRITE:
        return this.#write(id(), body, ask);
      case P.SSH_FXP_CLOSE: {
        const answer = ask(body);
        const fails = sins.failClose !== undefined && this.#written.delete(id());
        return fails ? status(sins.failClose!, 'Disk quota exceeded') : answer;
      }
      case P.SSH_FXP_READDIR:
        return this.#readDirectory(id(), body, ask);
      case P.SSH_FXP_EXTENDED: {
        const answer = ask(body);
        if (answer.type !== P.SSH_FXP_EXTENDED_REPLY) return answer;
        const name = new Cursor(body).text();
        const numbers =
          name === 'limits@openssh.com' ? sins.limits : name.includes('vfs@') ? SPACE : undefined;
        return numbers === undefined
          ? answer
          : { ...answer, body: Buffer.concat(numbers.map((n) => u64(n))) };
      }
      default: {
        const answer = ask(body);
        return answer.type === P.SSH_FXP_ATTRS ? { ...answer, body: this.#lie(answer.body) } : answer;
      }
    }
  }

  #read(body: Buffer, ask: Ask): Answer {
    const sins = this.#sins;
    const c = new Cursor(body);
    const [handle, offset, length] = [c.raw(), c.u64(), c.u32()];
    const node = this.#node(handle);
    if (node?.type !== 'file') return ask(body);
    const number = this.reads++;
    const { truncateWhileReading: cut, growWhileReading: grow, zeroLengthData: zero } = sins;
    if (cut?.afterReads === number) resize(node, Math.min(node.size, cut.size));
    if (grow?.afterReads === number) append(node, Buffer.alloc(grow.bytes, 0xab));
    if (zero !== undefined && offset >= zero.offset && zero.times-- > 0) return data(Buffer.alloc(0));
    const { largestRead, pastEnd } = sins;
    if (largestRead !== undefined && length > largestRead.bytes)
      return status(largestRead.status, 'too much');
    const reach = pastEnd?.crossing ? offset + length : offset + 1;
    if (pastEnd !== undefined && reach > node.size) return status(pastEnd.status, 'Failure');
    if (offset >= node.size) return ask(body);
    let most = Math.min(length, node.size - offset, sins.shortReads ?? length);
    if (sins.windowsOpenssh) most = Math.min(most, WINDOWS_READ_BYTES);
    const short = sins.shortReadAt;
    if (short !== undefined && short.length > 0 && offset <= short.offset && offset + most > short.offset) {
      most = Math.min(most, short.length);
      sins.shortReadAt = { offset: short.offset, length: 0 };
    }
    const over = sins.overlongData;
    if (over !== undefined && offset >= over.offset) {
      const bytes = Buffer.alloc(length + over.bytes, 0xee);
      bytes.set(node.data.subarray(offset, Math.min(node.size, offset + bytes.length)));
      return data(bytes);
    }
    const answer = ask(Buffer.concat([str(handle), u64(offset), u32(most)]));
    const { trailingBytes = 0, wrongByteAt: wrong } = sins;
    if (wrong !== undefined && !wrong.told && offset <= wrong.offset && offset + most > wrong.offset) {
      wrong.told = true;
      answer.body[4 + wrong.offset - offset]! ^= 1;
    }
    return { ...answer, body: Buffer.concat([answer.body, Buffer.alloc(trailingBytes, 0xcc)]) };
  }

  #write(id: string, body: Buffer, ask: Ask): Answer {
    const c = new Cursor(body);
    c.raw();
    const [offset, length] = [c.u64(), c.u32()];
    const { windowsOpenssh, largestWrite, failWriteAt: fail } = this.#sins;
    if (windowsOpenssh && length > WINDOWS_READ_BYTES) return status(FAILURE, 'Failure');
    if (largestWrite !== undefined && largestWrite.status !== 'close' && length > largestWrite.bytes)
      return status(largestWrite.status, 'too much');
    if (fail !== undefined) {
      const hit = offset <= fail.offset && offset + length > fail.offset;
      if (hit || (fail.always && offset > fail.offset)) return status(fail.status, 'no space left');
    }
    this.#written.add(id);
    const { loseWriteAt: lose } = this.#sins;
    if (lose !== undefined && offset <= lose.offset && offset + length > lose.offset) {
      const part = new Cursor(body);
      const [handle] = [part.raw(), part.u64()];
      return ask(Buffer.concat([str(handle), u64(offset), str(part.raw().subarray(0, lose.stored))]));
    }
    return ask(body);
  }

  #readDirectory(id: string, body: Buffer, ask: Ask): Answer {
    const { listedNames = [], neverEndingListing, hugeNameCount } = this.#sins;
    if (neverEndingListing === 'empty') return { type: P.SSH_FXP_NAME, body: u32(0) };
    const honest = ask(body);
    const entries = honest.type === P.SSH_FXP_NAME ? this.#entries(honest.body) : [];
    if (honest.type !== P.SSH_FXP_NAME || entries.length < 100) {
      const more = this.#listed.has(id) ? [] : listedNames;
      this.#listed.add(id);
      entries.push(...more.map((name) => this.#entry(name)));
    }
    if (neverEndingListing === 'entries') entries.push(this.#entry('again'));
    if (entries.length === 0) return honest;
    const count = hugeNameCount ?? entries.length;
    return { type: P.SSH_FXP_NAME, body: Buffer.concat([u32(count), ...entries]) };
  }

  #entries(body: Buffer): Buffer[] {
    const c = new Cursor(body);
    return Array.from({ length: c.u32() }, () => {
      const names = [str(c.raw()), str(c.raw())];
      const attributes = c.bytes.subarray(c.at, c.at + ATTRIBUTE_BYTES);
      c.at += ATTRIBUTE_BYTES;
      return Buffer.concat([...names, this.#lie(attributes)]);
    });
  }

  #entry(name: string | Uint8Array): Buffer {
    const file = Buffer.concat([u32(0xd), u64(0), u32(0o100644), u32(0), u32(0)]);
    return Buffer.concat([str(name), str(`-rw-r--r-- ${String(name)}`), this.#lie(file)]);
  }

  /** Attributes as they are told: flags and size come first. */
  #lie(attributes: Buffer): Buffer {
    const { noAttributes, lyingSize } = this.#sins;
    if (noAttributes) return u32(0);
    if (lyingSize === undefined) return attributes;
    const rest = attributes.subarray(12);
    if (lyingSize !== 'none') return Buffer.concat([attributes.subarray(0, 4), u64(lyingSize), rest]);
    return Buffer.concat([u32(attributes.readUInt32BE(0) - 1), rest]);
  }

  #node(handle: Buffer): MemoryNode | undefined {
    try {
      return this.#fs.node(this.#session.handles.get(handle).path);
    } catch {
      return undefined;
    }
  }
}

/** Grows a file behind a client's back. */
export function append(node: MemoryNode, bytes: Uint8Array): void {
  const at = node.size;
  resize(node, at + bytes.length);
  node.data.set(bytes, at);
}

export function status(number: number, message: string | Uint8Array): Answer {
  return { type: P.SSH_FXP_STATUS, body: Buffer.concat([u32(number), str(message), str('en')]) };
}

function data(bytes: Buffer): Answer {
  return { type: P.SSH_FXP_DATA, body: str(bytes) };
}
