import { WherryError } from '../base/errors.ts';
import { entryLine, timesLine } from './control-line.ts';
import type { ScpLink } from './link.ts';
import type { Times } from './receive.ts';

/** What is sent: files and folders in the order of a walk. */
export type Outgoing =
  | {
      readonly kind: 'folder';
      readonly name: string;
      readonly mode: number;
      readonly times: Times | undefined;
    }
  | { readonly kind: 'leave' }
  | {
      readonly kind: 'file';
      readonly name: string;
      readonly mode: number;
      readonly size: number;
      readonly times: Times | undefined;
      /** The bytes: `size` of them exactly. */
      open(): Promise<OutgoingFile>;
    };

export interface OutgoingFile {
  next(): Promise<Uint8Array | undefined>;
  release(bytes: Uint8Array): void;
  close(): Promise<void>;
}

/** The source's side of `scp -t`. `sent` hears of every piece of file data. */
export async function send(
  link: ScpLink,
  items: AsyncIterable<Outgoing>,
  sent: (bytes: number) => void,
  warn: (message: string) => void,
): Promise<void> {
  await link.acknowledgement();
  for await (const item of items) {
    if (item.kind === 'leave') {
      await say(link, 'E\n');
      continue;
    }
    if (item.times !== undefined) await say(link, timesLine(item.times.modifyTime, item.times.accessTime));
    if (item.kind === 'folder') await say(link, entryLine('D', item.mode, 0, item.name));
    else {
      await say(link, entryLine('C', item.mode, item.size, item.name));
      await sendFile(link, item.size, await item.open(), sent);
      await link.acknowledgement(warn);
    }
  }
}

async function say(link: ScpLink, line: string): Promise<void> {
  await link.send(Buffer.from(line, 'utf8'));
  await link.acknowledgement();
}

/** A source that ends early is filled up with zeros, as the protocol has no way back, and then reported. */
async function sendFile(
  link: ScpLink,
  size: number,
  file: OutgoingFile,
  sent: (bytes: number) => void,
): Promise<void> {
  let left = size;
  try {
    while (left > 0) {
      const bytes = await file.next();
      if (bytes === undefined) break;
      const part = bytes.length > left ? bytes.subarray(0, left) : bytes;
      await link.send(part);
      left -= part.length;
      sent(part.length);
      file.release(bytes);
    }
    if (left > 0 || (await file.next()) !== undefined) {
      const text = left > 0 ? `${left} bytes short` : 'longer than before';
      throw new WherryError('TRANSFER_SIZE_CHANGED', `the file changed while it was sent: it is ${text}`, {
        expected: size,
        actual: size - left,
      });
    }
    await link.acknowledge();
  } finally {
    await file.close();
  }
}
