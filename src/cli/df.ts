import type { CommandContext } from './commands.ts';
import { formatSize } from './format.ts';
import { byServer, locateBySftp } from './place.ts';
import { printable } from './printable.ts';
import { withSftp } from './session.ts';

const COLUMNS = 12;
const HEAD: string = `${['size', 'used', 'available'].map((word) => word.padStart(COLUMNS)).join('')}  use  path\n`;

/** `wherry df URL...`. */
export async function df(context: CommandContext): Promise<void> {
  const { args, report, signal, options } = context;
  let headed = options.json === true || options.quiet === true;
  for (const urls of byServer(args.map((text) => locateBySftp(context, text)))) {
    await withSftp(urls[0]!, context, async (sftp) => {
      for (const { path } of urls) {
        const space = await sftp.space(path, { signal });
        const bytes = (blocks: bigint): number => Number(blocks * space.fragmentSize);
        const facts = {
          path,
          size: bytes(space.blocks),
          used: bytes(space.blocks - space.blocksFree),
          available: bytes(space.blocksAvailable),
          files: Number(space.files),
          filesFree: Number(space.filesFree),
          readOnly: space.readOnly,
        };
        if (!headed) await context.stdout.writeSlowly(HEAD);
        headed = true;
        const { size, used, available } = facts;
        const sizes = [size, used, available].map((number) => formatSize(number).padStart(COLUMNS)).join('');
        const share = used + available === 0 ? 0 : Math.ceil((used / (used + available)) * 100);
        await report.item('space', facts, `${sizes} ${`${share}%`.padStart(4)}  ${printable(path)}`);
      }
    });
  }
}
