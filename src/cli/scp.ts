import { type ScpOptions, type ScpResult, scpDownload, scpUpload, WherryError } from '../index.ts';
import type { CommandContext } from './commands.ts';
import { withConnection } from './session.ts';
import type { Totals } from './tree-reporting.ts';
import type { RemoteUrl } from './url.ts';

/** `wherry get scp://…`. */
export async function getByScp(
  url: RemoteUrl,
  local: string,
  context: CommandContext,
  totals: Totals,
): Promise<void> {
  await withConnection(url, context, async (ssh) => {
    const result = await scpDownload(ssh, url.path, local, scpOptions(local, context));
    add(result, local, context, totals);
    checkComplete(result.warnings.length);
  });
}

/** `wherry put … scp://…`: one after the other, over one connection. */
export async function putByScp(
  paths: readonly string[],
  url: RemoteUrl,
  context: CommandContext,
  totals: Totals,
): Promise<void> {
  await withConnection(url, context, async (ssh) => {
    let warnings = 0;
    for (const path of paths) {
      const options = { ...scpOptions(path, context), intoFolder: paths.length > 1 || url.folder };
      const result = await scpUpload(ssh, path, url.path, options);
      add(result, path, context, totals);
      warnings += result.warnings.length;
    }
    checkComplete(warnings);
  });
}

function scpOptions(path: string, { options, report, signal }: CommandContext): ScpOptions {
  return {
    signal,
    recursive: options.recursive === true,
    preserve: options.preserve === true,
    onProgress: (progress) => report.progress({ path, ...progress }),
  };
}

function add(result: ScpResult, path: string, context: CommandContext, totals: Totals): void {
  const { report } = context;
  if (result.protocol === 'sftp') report.warn('the server does not run scp: copied by SFTP');
  for (const warning of result.warnings) report.warn(warning);
  if (result.folders > 0) totals.addTree(result);
  else {
    totals.addFile(result.bytes);
    report.file({ path, bytes: result.bytes, size: result.bytes, duration: result.duration });
  }
}

/** What was left out, or not done as asked, is no success. */
function checkComplete(warnings: number): void {
  if (warnings > 0) throw new WherryError('SCP_FAILED', 'not all was copied as asked: see above');
}
