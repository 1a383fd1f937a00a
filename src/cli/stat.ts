import { type FileAttributes, fileType, type Sftp } from '../index.ts';
import type { CommandContext } from './commands.ts';
import { formatSize } from './format.ts';
import { permissionLetters } from './listing-line.ts';
import { byServer, locateBySftp } from './place.ts';
import { printable } from './printable.ts';
import { withSftp } from './session.ts';

/** `wherry stat URL...`. */
export async function stat(context: CommandContext): Promise<void> {
  const { args, report, signal } = context;
  for (const urls of byServer(args.map((text) => locateBySftp(context, text)))) {
    await withSftp(urls[0]!, context, async (sftp) => {
      for (const { path } of urls) {
        const attributes = await sftp.lstat(path, { signal });
        const target = await linkTarget(sftp, path, attributes, signal);
        const facts = { path, kind: fileType(attributes), ...attributes, target };
        await report.item('stat', facts, lines(path, attributes, target));
      }
    });
  }
}

async function linkTarget(
  sftp: Sftp,
  path: string,
  attributes: FileAttributes,
  signal: AbortSignal,
): Promise<string | undefined> {
  return fileType(attributes) === 'symlink' ? await sftp.readlink(path, { signal }) : undefined;
}

function lines(path: string, attributes: FileAttributes, target: string | undefined): string {
  const { size, permissions, uid, gid, accessTime, modifyTime } = attributes;
  const rows: [string, string | undefined][] = [
    ['type', `${fileType(attributes)}${target === undefined ? '' : ` to ${printable(target)}`}`],
    ['size', size === undefined ? undefined : `${size} (${formatSize(size)})`],
    [
      'permissions',
      permissions === undefined
        ? undefined
        : `${(permissions & 0o7777).toString(8).padStart(4, '0')} (${permissionLetters(permissions)})`,
    ],
    ['owner', uid === undefined ? undefined : `${uid}, group ${gid}`],
    ['changed', time(modifyTime)],
    ['read', time(accessTime)],
  ];
  const shown = rows.filter(([, value]) => value !== undefined);
  return [printable(path), ...shown.map(([name, value]) => `  ${name.padEnd(12)}${value}`)].join('\n');
}

function time(seconds: number | undefined): string | undefined {
  return seconds === undefined ? undefined : new Date(seconds * 1000).toISOString().replace('.000', '');
}
