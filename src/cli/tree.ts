import type { DirectoryEntry, Sftp } from '../index.ts';
import type { CommandContext } from './commands.ts';
import { count, formatSize } from './format.ts';
import { paint } from './paint.ts';
import { locateBySftp } from './place.ts';
import { printable } from './printable.ts';
import { pathInFolder } from './remote-folder.ts';
import { HeldNames, sortedEntries } from './remote-walk.ts';
import { withSftp } from './session.ts';

const DEEPEST = 64;

interface Seen {
  files: number;
  folders: number;
  bytes: number;
  readonly held: HeldNames;
}

/** `wherry tree URL`. */
export async function tree(context: CommandContext): Promise<void> {
  const url = locateBySftp(context, context.args[0] ?? '');
  const { report, options, stdout } = context;
  const began = performance.now();
  const seen: Seen = { files: 0, folders: 0, bytes: 0, held: new HeldNames() };
  await withSftp(url, context, async (sftp) => {
    if (options.json !== true) await stdout.writeSlowly(`${printable(url.path)}\n`);
    await show(sftp, url.path, '', 1, context, seen);
  });
  const { files, folders, bytes } = seen;
  if (options.json !== true && options.quiet !== true) {
    await stdout.writeSlowly(
      `\n${count(folders, 'folder')}, ${count(files, 'file')}, ${formatSize(bytes)}\n`,
    );
  }
  if (options.json)
    report.done({ command: 'tree', files, folders, bytes, duration: Math.round(performance.now() - began) });
}

async function show(
  sftp: Sftp,
  path: string,
  indent: string,
  depth: number,
  context: CommandContext,
  seen: Seen,
): Promise<void> {
  const { signal, report, stdout } = context;
  const entries = await sortedEntries(sftp, path, signal, seen.held);
  for (const [i, entry] of entries.entries()) {
    signal.throwIfAborted();
    const last = i === entries.length - 1;
    const below = pathInFolder(path, entry.name);
    const { size, permissions, modifyTime } = entry.attributes;
    const facts = { path: below, kind: entry.type, size, permissions, modifyTime };
    await report.item('entry', facts, `${indent}${last ? '└── ' : '├── '}${shown(entry, stdout.hasColours)}`);
    if (entry.type !== 'directory') {
      seen.files++;
      seen.bytes += size ?? 0;
      continue;
    }
    seen.folders++;
    if (depth < (context.options.depth ?? DEEPEST))
      await show(sftp, below, `${indent}${last ? '    ' : '│   '}`, depth + 1, context, seen);
  }
  seen.held.give(entries);
}

function shown({ name, type }: DirectoryEntry, colours: boolean): string {
  return paint(
    printable(name),
    type === 'directory' ? 'blue' : type === 'symlink' ? 'cyan' : 'plain',
    colours,
  );
}
