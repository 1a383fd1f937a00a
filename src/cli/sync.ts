import type { MirrorAction, MirrorOptions, MirrorResult, Sftp } from '../index.ts';
import type { CommandContext } from './commands.ts';
import { formatSize } from './format.ts';
import { locateBySftp } from './place.ts';
import { printable } from './printable.ts';
import { withSftp } from './session.ts';
import { isUrl } from './url.ts';
import { UsageError } from './usage-error.ts';

/** `wherry sync FROM TO`. */
export async function sync(context: CommandContext): Promise<void> {
  const [from = '', to = ''] = context.args;
  if (isUrl(from) === isUrl(to)) throw new UsageError('sync takes a local folder and a URL, in either order');
  const url = locateBySftp(context, isUrl(from) ? from : to);
  const { options, report } = context;
  const actions: MirrorAction[] = [];
  const mirror = mirrorOptions(context, (action) => actions.push(action));
  const result = await withSftp(url, context, (sftp: Sftp) =>
    isUrl(from) ? sftp.mirrorDown(url.path, to, mirror) : sftp.mirrorUp(from, url.path, mirror),
  );
  for (const { action, path, size, reason } of actions) {
    const removes = action.startsWith('delete');
    if (options.dryRun !== true && !removes && options.json !== true) continue;
    const why = reason === undefined ? '' : ` (${reason})`;
    const bytes = size === undefined ? '' : ` ${formatSize(size)}`;
    await report.item(
      'action',
      { action, path, size, reason },
      printable(`${action} ${path || '.'}${bytes}${why}`),
    );
  }
  report.done(summary(result));
}

function mirrorOptions(
  { options, report, signal }: CommandContext,
  onAction: (action: MirrorAction) => void,
): MirrorOptions {
  return {
    signal,
    delete: options.delete === true,
    dryRun: options.dryRun === true,
    preserve: options.preserve === true,
    ...(options.compare === undefined ? {} : { compare: options.compare }),
    ...(options.include === undefined ? {} : { include: options.include }),
    ...(options.exclude === undefined ? {} : { exclude: options.exclude }),
    onAction,
    onFile: (file) => report.file(file),
    onProgress: (progress) => report.progress(progress),
  };
}

function summary(result: MirrorResult): Parameters<CommandContext['report']['done']>[0] {
  const { files, folders, bytes, duration, skipped, unchanged, deleted } = result;
  return {
    command: 'sync',
    files,
    folders,
    bytes,
    unchanged,
    deleted,
    duration: Math.round(duration),
    skipped,
  };
}
