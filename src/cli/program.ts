import { Command, CommanderError } from 'commander';
import { addArguments } from './arguments.ts';
import { COMMANDS, type CommandName, type CommandRow } from './commands.ts';
import type { CliOptions } from './options.ts';
import { jsonLine, printable } from './printable.ts';
import { UsageError } from './usage-error.ts';
import { packageVersion } from './version.ts';

const USAGE_EXIT = 2;

const EPILOGUE = `
Exit codes: 0 done, 1 transfer failed, 2 wrong use, 3 connection or login, 4 host key;
128 and the number of the signal when interrupted.`;

const EXAMPLES = `
Examples:
  wherry get sftp://me@host.example/~/report.pdf
  wherry put -r photos sftp://host.example:2222/srv/inbox/
  wherry ls --json sftp://host.example/srv | jq .name
  wherry run nightly.flow.ts --input day=monday
`;

interface Invocation {
  readonly name: CommandName;
  readonly args: readonly string[];
  readonly options: CliOptions;
}

/** The command line: takes the arguments apart and runs what they ask for. Resolves with the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  let invocation: Invocation | undefined;
  const program = buildProgram((chosen) => {
    invocation = chosen;
  });
  try {
    program.parse(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    if (!(error instanceof CommanderError) && !(error instanceof UsageError)) throw error;
    return refuse(error, program, argv);
  }
  if (invocation === undefined) return 0;
  const { runCommand } = await import('./run-command.ts');
  return await runCommand(invocation.name, invocation.args, invocation.options);
}

function buildProgram(run: (invocation: Invocation) => void): Command {
  const program = new Command('wherry')
    .description('File transfer over SSH.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .addHelpText('after', EXAMPLES + EPILOGUE);
  for (const [name, row] of Object.entries(COMMANDS) as [CommandName, CommandRow][]) {
    const command = program.command(name).description(row.doc).usage(row.usage);
    addArguments(command, row, row.options);
    command.action(() => run({ name, args: command.args, options: command.opts<CliOptions>() }));
  }
  return program;
}

/** Tells what is wrong with the arguments; nothing they hold that may be a secret is repeated. */
function refuse(error: Error, program: Command, argv: readonly string[]): number {
  const command = argv.find((text) => Object.hasOwn(COMMANDS, text));
  const help = `see wherry ${command === undefined ? '' : `${command} `}--help`;
  const message = `${error instanceof CommanderError ? complaint(error, program, argv) : error.message}; ${help}`;
  if (argv.includes('--json')) {
    process.stdout.write(jsonLine({ type: 'error', code: 'INVALID_ARGUMENT', message, details: {} }));
  }
  process.stderr.write(`wherry: ${printable(message)}\n`);
  return USAGE_EXIT;
}

/** What commander found, in one line. A wrong option may have a secret behind its name, a URL one inside. */
function complaint(error: CommanderError, program: Command, argv: readonly string[]): string {
  if (error.code === 'commander.help') return `which command? ${Object.keys(COMMANDS).join(', ')}`;
  const text = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
  const [, flag] = /^unknown option '(--[^=]*|-.)/s.exec(text) ?? [];
  if (flag !== undefined) {
    const name = flag.replace(/'.*$/s, '');
    const meansPassword =
      /^--pass(word|phrase)?$|^-P$/.test(name) || argv.some((text) => /^-p[^-]/.test(text));
    const hint = meansPassword ? ' (passwords: --password-env NAME)' : '';
    return `unknown option ${name}${hint || suggestion(text)}`;
  }
  if (error.code === 'commander.unknownCommand') {
    const [word = ''] = program.args;
    if (/^\w+$/.test(word)) return `unknown command ${word}${suggestion(text)}`;
    return `the command comes first: ${Object.keys(COMMANDS).join(', ')}`;
  }
  return text;
}

/** Commander's guess at what was meant. */
function suggestion(text: string): string {
  return / \(Did you mean [^()']*\)$/.exec(text)?.[0] ?? '';
}
