/** The manual page and the completions of the shells, from the table of commands, into the folder that is shipped. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VERSION } from '../src/base/version.ts';
import { COMMANDS } from '../src/cli/commands.ts';
import { COMPLETIONS } from '../src/cli/completion.ts';
import { manualPage } from '../src/cli/manual.ts';

const dist = resolve(dirname(fileURLToPath(import.meta.url)), '..', process.argv[2] ?? 'dist');

/** The names under which the shells look for them. */
const NAMES: Readonly<Record<string, string>> = { bash: 'wherry', zsh: '_wherry', fish: 'wherry.fish' };

write('man/wherry.1', manualPage(COMMANDS, VERSION));
for (const [shell, completion] of Object.entries(COMPLETIONS))
  write(`completions/${shell}/${NAMES[shell]}`, completion(COMMANDS));

function write(name: string, text: string): void {
  const file = join(dist, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
