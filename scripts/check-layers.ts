import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The house, floor by floor from the ground up: a file may import from its own room and from floors below, never
 * from above, and rooms on one floor do not know each other. ARCHITECTURE.md tells what lives where.
 */
const FLOORS: readonly (readonly string[])[] = [
  ['base'],
  ['net'],
  ['ssh/wire'],
  ['ssh/crypto'],
  ['ssh/keys'],
  ['ssh/transport'],
  ['ssh/trust'],
  ['ssh/auth'],
  ['ssh/connection'],
  ['sftp', 'scp'],
  ['transfer'],
  ['api', 'server'],
  ['index.ts', 'keys.ts'],
  ['client', 'compat', 'connectors', 'cli'],
];

/** Rooms that live on the public interface alone: these are the only files they may import from below. */
const PUBLIC_ONLY: Readonly<Record<string, readonly string[]>> = {
  client: ['index.ts', 'keys.ts'],
  compat: ['index.ts'],
  connectors: ['index.ts'],
  cli: ['index.ts', 'keys.ts', 'connectors'],
};

/** More lines than this in one source file need a reason in the list below. */
const MAX_LINES = 400;
const LONG_FILES: Readonly<Record<string, string>> = {};

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const source = join(root, 'src');

interface Import {
  readonly from: string;
  readonly to: string;
}

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .map((file) => file.split(sep).join('/'))
  .filter((file) => file.endsWith('.ts') && !file.includes('/assembly/'));

const complaints = [...files.flatMap(importsOf).flatMap(checkImport), ...files.flatMap(checkLength)];
for (const complaint of complaints) console.log(complaint);
console.log(`layers: ${files.length} files, ${complaints.length} complaints`);
process.exitCode = complaints.length === 0 ? 0 : 1;

function importsOf(file: string): Import[] {
  const text = readFileSync(join(source, file), 'utf8');
  const specifiers = text.matchAll(/(?:from|import\()\s*'(\.[^']+)'|^import '(\.[^']+)'/gm);
  return [...specifiers].map(([, from, bare]) => ({
    from: file,
    to: relative(source, resolve(dirname(join(source, file)), from ?? bare ?? ''))
      .split(sep)
      .join('/'),
  }));
}

/** The room a file is in, and its floor; undefined for what no floor lists. */
function roomOf(file: string): { name: string; floor: number } | undefined {
  for (const [floor, rooms] of FLOORS.entries()) {
    const name = rooms.find((room) => file === room || file.startsWith(`${room}/`));
    if (name !== undefined) return { name, floor };
  }
  return undefined;
}

function checkImport({ from, to }: Import): string[] {
  if (to.startsWith('..')) return [];
  const here = roomOf(from);
  const there = roomOf(to);
  if (here === undefined) return [`${from}: in no room of the table of floors`];
  if (there === undefined) return [`${from}: imports ${to}, which is in no room`];
  if (here.name === there.name) return [];
  const only = PUBLIC_ONLY[here.name];
  if (only !== undefined && !only.includes(there.name)) {
    return [`${from}: ${here.name} uses the public interface only, but imports ${to}`];
  }
  if (only === undefined && there.floor >= here.floor) return [`${from}: imports up, from ${to}`];
  return [];
}

function checkLength(file: string): string[] {
  const lines = readFileSync(join(source, file), 'utf8').split('\n').length;
  return lines > MAX_LINES && LONG_FILES[file] === undefined
    ? [`${file}: ${lines} lines, over ${MAX_LINES}`]
    : [];
}
