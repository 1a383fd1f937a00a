import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { entryPoints, importCost } from './import-cost.ts';

/** What the packed and the installed package may weigh, in bytes. */
const MAX_PACKED = 970_000;
const MAX_UNPACKED = 4_000_000;

/** What an import may load at once: files, and KiB of source, dependencies included. `npm run imports` shows what it is. */
const IMPORTS: Readonly<Record<string, readonly [files: number, kib: number]>> = {
  wherry: [310, 1000],
  'wherry/keys': [95, 290],
  'wherry/connectors': [450, 2050],
  'wherry/server': [195, 620],
  'wherry/compat/ssh2-sftp-client': [320, 1050],
  'wherry/client': [370, 1230],
  'the command `wherry`': [20, 170],
};

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const run = (command: string, args: string[]): string =>
  execFileSync(command, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

const complaints: string[] = [];

if (!existsSync(join(root, 'dist/index.js'))) {
  console.log('package: there is no dist to check: npm run build comes first');
  process.exit(1);
}

run('npx', ['--no-install', 'publint', '--strict']);

const [packed] = JSON.parse(run('npm', ['pack', '--json', '--silent'])) as [
  { filename: string; size: number; unpackedSize: number; files: { path: string }[] },
];
try {
  run('npx', ['--no-install', 'attw', packed.filename, '--profile', 'esm-only']);
} finally {
  rmSync(join(root, packed.filename), { force: true });
}
if (packed.size > MAX_PACKED) complaints.push(`packed ${packed.size} bytes, over ${MAX_PACKED}`);
if (packed.unpackedSize > MAX_UNPACKED)
  complaints.push(`unpacked ${packed.unpackedSize} bytes, over ${MAX_UNPACKED}`);

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};
for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) {
  if (scripts[name] !== undefined) complaints.push(`package.json has a ${name} script`);
}

const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, { dev?: boolean; hasInstallScript?: boolean; resolved?: string }>;
};
for (const [name, entry] of Object.entries(lock.packages)) {
  if (entry.resolved !== undefined) complaints.push(`package-lock.json says where ${name} came from`);
  if (entry.hasInstallScript === true && entry.dev !== true)
    complaints.push(`${name} runs a script at install`);
}

for (const [name, file] of entryPoints()) {
  const [maxFiles = 0, maxKib = 0] = IMPORTS[name] ?? [];
  const { files, bytes } = await importCost(file);
  if (files > maxFiles || bytes > maxKib * 1024)
    complaints.push(`${name} loads ${files} files with ${bytes} bytes, over ${maxFiles} and ${maxKib} KiB`);
}

for (const name of ['dist/man/wherry.1', 'dist/completions/bash/wherry']) {
  if (!packed.files.some(({ path }) => path === name)) complaints.push(`${name} is not in the package`);
}

const shebang = readFileSync(join(root, 'dist/bin/wherry.js'), 'utf8').startsWith('#!/usr/bin/env node');
if (!shebang) complaints.push('dist/bin/wherry.js does not start with #!/usr/bin/env node');

const built = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' })
  .map((file) => join(root, 'dist', file))
  .filter((file) => statSync(file).isFile() && file.endsWith('.js'));
for (const complaint of complaints) console.log(complaint);
console.log(`package: ${built.length} modules, ${packed.size} bytes packed, ${complaints.length} complaints`);
process.exitCode = complaints.length === 0 ? 0 : 1;
