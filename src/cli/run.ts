import {
  type ExecutionEvent,
  isEngineError,
  parseInputPairs,
  type RunOutcome,
  readInputFile,
  runFile,
} from '../connectors/index.ts';
import type { CommandContext } from './commands.ts';
import { jsonLine, printable } from './printable.ts';
import { RunFailed } from './run-failed.ts';
import { UsageError } from './usage-error.ts';

/** `wherry run FILE`: streams the log, tells the outcome, fails unless it is a success. */
export async function run({ args, options, stdout, stderr, signal }: CommandContext): Promise<void> {
  const [file = ''] = args;
  const log = options.json ? stderr : stdout;
  const onEvent = (event: ExecutionEvent): void => {
    if (options.quiet || event.kind !== 'log') return;
    const { level, text } = event.line;
    log.write(`${printable(event.name)}: ${level === 'info' ? '' : `${level}: `}${printable(text)}\n`);
  };
  let outcome: RunOutcome;
  try {
    const given = options.inputFile === undefined ? {} : await readInputFile(options.inputFile);
    const inputs = { ...given, ...parseInputPairs(options.input ?? []) };
    outcome = await runFile(file, { inputs, store: options.store, onEvent, signal });
  } catch (error) {
    if (isEngineError(error)) throw new UsageError(error.message);
    throw error;
  }
  if (options.json) stdout.write(jsonLine(outcome));
  else tell(outcome, options.quiet === true, (text) => stdout.write(text));
  if (outcome.status !== 'success') throw new RunFailed(outcome.status, outcome.message);
}

function tell(
  { execution_id, status, message, outputs }: RunOutcome,
  quiet: boolean,
  say: (text: string) => void,
): void {
  if (quiet || status !== 'success') return;
  say(`execution ${execution_id}: ${status}${message === '' ? '' : `: ${printable(message)}`}\n`);
  for (const [name, value] of Object.entries(outputs))
    say(`${printable(name)} = ${jsonLine({ value }).slice(9, -2)}\n`);
}
