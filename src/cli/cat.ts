import type { CommandContext } from './commands.ts';
import { byServer, locateBySftp } from './place.ts';
import { withSftp } from './session.ts';

/** `wherry cat URL...`. */
export async function cat(context: CommandContext): Promise<void> {
  const { args, signal, stdout } = context;
  for (const urls of byServer(args.map((text) => locateBySftp(context, text)))) {
    await withSftp(urls[0]!, context, async (sftp) => {
      for (const { path } of urls) await sftp.download(path, stdout.asStream(), { signal });
    });
  }
}
