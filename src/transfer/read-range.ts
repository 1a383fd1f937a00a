import type { WaitOptions } from '../base/deadline.ts';
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
    const about = { ...subject('read', path), offset: offset + got };
    const body = new WireWriter()
      .string(handle)
      .u64(offset + got)
      .u32(length - got);
    const reply = await ask(session, SFTP_PACKETS.SSH_FXP_READ, body, about, wait);
    if (reply.type !== SFTP_PACKETS.SSH_FXP_DATA) {
      const error = replyError(reply, SFTP_PACKETS.SSH_FXP_DATA, about);
      if (error.code === 'SFTP_EOF') break;
      throw error;
    }
    const data = Uint8Array.from(reply.body.string().subarray(0, length - got));
    if (data.length === 0) break;
    parts.push(data);
    got += data.length;
  }
  return Buffer.concat(parts);
}
