import type { WaitOptions } from '../base/deadline.ts';
import { pathBody } from './ask.ts';
import { extendedStatus } from './extended-requests.ts';
import { isAnnounced } from './extensions.ts';
import { rename } from './requests.ts';
import type { SftpSession } from './session.ts';

/** Whether the server can rename onto what is there, in one step. */
export function canReplace(session: SftpSession): boolean {
  return session.version >= 5 || isAnnounced(session.announced, 'posix-rename@openssh.com');
}

/** posix-rename@openssh.com, or SSH_FXP_RENAME of version 5 with its flags. */
export async function replace(
  session: SftpSession,
  from: string,
  to: string,
  wait: WaitOptions = {},
): Promise<void> {
  if (session.version >= 5 && !isAnnounced(session.announced, 'posix-rename@openssh.com')) {
    const { signal, timeout } = wait;
    await rename(session, from, to, { signal, timeout, overwrite: true, atomic: true });
    return;
  }
  const body = pathBody(session, from).string(session.encodePath(to));
  await extendedStatus(session, 'posix-rename@openssh.com', body, from, wait);
}
