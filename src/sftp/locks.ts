import type { WaitOptions } from '../base/deadline.ts';
import { WireWriter } from '../ssh/wire/writer.ts';
import { askStatus, subject, unsupported } from './ask.ts';
import { OPEN_FLAGS_5, SFTP_PACKETS } from './packets.ts';
import type { SftpSession } from './session.ts';

/** What a lock keeps others from doing; `advisory` locks bind only those who ask. */
export interface LockMask {
  readonly read?: boolean | undefined;
  readonly write?: boolean | undefined;
  readonly delete?: boolean | undefined;
  readonly advisory?: boolean | undefined;
}

export function lockBits({ read, write, delete: remove, advisory }: LockMask): number {
  const { SSH_FXF_BLOCK_READ, SSH_FXF_BLOCK_WRITE, SSH_FXF_BLOCK_DELETE, SSH_FXF_BLOCK_ADVISORY } =
    OPEN_FLAGS_5;
  return (
    (read ? SSH_FXF_BLOCK_READ : 0) |
    (write ? SSH_FXF_BLOCK_WRITE : 0) |
    (remove ? SSH_FXF_BLOCK_DELETE : 0) |
    (advisory ? SSH_FXF_BLOCK_ADVISORY : 0)
  );
}

/** SSH_FXP_BLOCK, filexfer-13 section 8.3.1; a length of 0 reaches to the end, however far that is. */
export async function block(
  session: SftpSession,
  handle: Uint8Array,
  range: { readonly offset: number; readonly length: number },
  mask: LockMask,
  path?: string,
  wait: WaitOptions = {},
): Promise<void> {
  const about = subject('block', path);
  if (session.version < 6) throw unsupported(about, 'SFTP has locks since version 6');
  const body = new WireWriter().string(handle).u64(range.offset).u64(range.length).u32(lockBits(mask));
  await askStatus(session, SFTP_PACKETS.SSH_FXP_BLOCK, body, about, wait);
}

/** SSH_FXP_UNBLOCK, filexfer-13 section 8.3.2. */
export async function unblock(
  session: SftpSession,
  handle: Uint8Array,
  range: { readonly offset: number; readonly length: number },
  path?: string,
  wait: WaitOptions = {},
): Promise<void> {
  const about = subject('unblock', path);
  if (session.version < 6) throw unsupported(about, 'SFTP has locks since version 6');
  const body = new WireWriter().string(handle).u64(range.offset).u64(range.length);
  await askStatus(session, SFTP_PACKETS.SSH_FXP_UNBLOCK, body, about, wait);
}
