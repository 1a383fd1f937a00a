import type { WaitOptions } from '../base/deadline.ts';
import { WherryError } from '../base/errors.ts';
import { ask, replyError, subject } from '../sftp/ask.ts';
import { SFTP_PACKETS } from '../sftp/packets.ts';
import type { SftpSession } from '../sftp/session.ts';
import { WireWriter } from '../ssh/wire/writer.ts';

const CHUNK = 32_768;

/** `length` bytes of an open remote file from `offset` on, or what there is of them; all asked for together. */
export async function readRange(
  session: SftpSession,
  handle: Uint8Array,
  path: string,
  offset: number,
  length: number,
  wait: WaitOptions,
): Promise<Uint8Array> {
  const starts = Array.from({ length: Math.ceil(length / CHUNK) }, (_, i) => i * CHUNK);
  const parts = await Promise.all(
    starts.map((at) => readPart(session, handle, path, offset + at, Math.min(CHUNK, length - at), wait)),
  );
  const short = parts.findIndex((part, i) => part.length < Math.min(CHUNK, length - i * CHUNK));
  return Buffer.concat(short < 0 ? parts : parts.slice(0, short + 1));
}

async function readPart(
  session: SftpSession,
  handle: Uint8Array,
  path: string,
  offset: number,
  length: number,
  wait: WaitOptions,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let got = 0;
  while (got < length) {
    const bytes = await readOnce(session, handle, path, offset + got, length - got, wait);
    if (bytes === undefined) break;
    parts.push(bytes);
    got += bytes.length;
  }
  return Buffer.concat(parts);
}

/** What one READ gives, which may be less than `length`; undefined at the end of the file. */
export async function readOnce(
  session: SftpSession,
  handle: Uint8Array,
  path: string,
  offset: number,
  length: number,
  { signal, timeout }: WaitOptions,
): Promise<Uint8Array | undefined> {
  const about = { ...subject('read', path), offset };
  const body = new WireWriter().string(handle).u64(offset).u32(length);
  const reply = await ask(session, SFTP_PACKETS.SSH_FXP_READ, body, about, { signal, timeout });
  if (reply.type === SFTP_PACKETS.SSH_FXP_DATA) {
    const bytes = reply.body.string();
    if (bytes.length > length) {
      const text = `the server sent ${bytes.length} bytes where ${length} were asked for`;
      throw new WherryError('SFTP_PROTOCOL', text, about);
    }
    return bytes.length === 0 ? undefined : bytes;
  }
  const error = replyError(reply, SFTP_PACKETS.SSH_FXP_DATA, about);
  if (error.code === 'SFTP_EOF') return undefined;
  throw error;
}
