import type { CommandContext } from './commands.ts';
import { locate, locateBySftp } from './place.ts';
import { withSftp } from './session.ts';
import { isUrl } from './url.ts';
import { UsageError } from './usage-error.ts';

/** `wherry ln [-s] TARGET URL`. */
export async function ln(context: CommandContext): Promise<void> {
  const [target = '', text = ''] = context.args;
  const { options, report, signal, shell } = context;
  const began = performance.now();
  if (isUrl(target)) throw new UsageError('the target of a link is a path on the server, not a URL');
  const { path, ...url } = locateBySftp(context, text);
  await withSftp({ ...url, path }, context, async (sftp) => {
    if (options.symbolic) await sftp.symlink(target, path, { signal });
    else await sftp.hardlink(shell === undefined ? target : locate(context, target).path, path, { signal });
  });
  report.done({ command: 'ln', path, duration: Math.round(performance.now() - began) });
}
