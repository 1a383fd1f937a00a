import type { WaitOptions } from '../base/deadline.ts';
import { WireWriter } from '../ssh/wire/writer.ts';
import { pathBody } from './ask.ts';
import { extendedStatus } from './extended-requests.ts';
import type { SftpSession } from './session.ts';

/** copy-file: draft-ietf-secsh-filexfer-extensions-00 section 6. */
export async function copyFile(
  session: SftpSession,
  from: string,
  to: string,
  overwrite: boolean,
  wait: WaitOptions = {},
): Promise<void> {
  const body = pathBody(session, from).string(session.encodePath(to)).bool(overwrite);
  await extendedStatus(session, 'copy-file', body, from, wait);
}

/** What copy-data copies; a `length` of 0 reaches to the end of the file. */
export interface CopyRange {
  readonly from: Uint8Array;
  readonly fromOffset: number;
  readonly length: number;
  readonly to: Uint8Array;
  readonly toOffset: number;
}

/** copy-data: draft-ietf-secsh-filexfer-extensions-00 section 7. */
export function copyData(
  session: SftpSession,
  range: CopyRange,
  path: string,
  wait: WaitOptions = {},
): Promise<void> {
  const { from, fromOffset, length, to, toOffset } = range;
  const body = new WireWriter().string(from).u64(fromOffset).u64(length).string(to).u64(toOffset);
  return extendedStatus(session, 'copy-data', body, path, wait);
}
