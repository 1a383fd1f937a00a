import type { Sftp } from '../index.ts';
import type { CommandContext } from './commands.ts';
import { locateBySftp } from './place.ts';
import { withSftp } from './session.ts';

/** Bytes that are looked through for the lines at the end, at a time. */
const PIECE = 65_536;
const NEWLINE = 10;

/** `wherry tail URL`. */
export async function tail(context: CommandContext): Promise<void> {
  const url = locateBySftp(context, context.args[0] ?? '');
  const { options, signal, stdout } = context;
  await withSftp(url, context, async (sftp) => {
    const { size = 0 } = await sftp.stat(url.path, { signal });
    const start = await startOfLines(sftp, url.path, size, options.lines ?? 10, signal);
    if (options.follow !== true) {
      await sftp.download(url.path, stdout.asStream(), { start, signal });
      return;
    }
    const stream = stdout.asStream();
    for await (const bytes of sftp.follow(url.path, { start, signal, interval: 500 })) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => stream.write(bytes, () => resolve()));
    }
  });
}

/** Where the last `lines` lines begin, looked for from the end backwards. */
async function startOfLines(
  sftp: Sftp,
  path: string,
  size: number,
  lines: number,
  signal: AbortSignal,
): Promise<number> {
  if (lines === 0) return size;
  let left = lines;
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - PIECE);
    const bytes = await sftp.readFile(path, { start, length: end - start, signal });
    for (let at = bytes.length - 1; at >= 0; at--) {
      // The line end at the very end closes the last line and begins none.
      if (bytes[at] !== NEWLINE || start + at === size - 1) continue;
      if (--left === 0) return start + at + 1;
    }
    end = start;
  }
  return 0;
}
