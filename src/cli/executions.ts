import { type ExecutionRecord, getExecution, isEngineError, listExecutions } from '../connectors/index.ts';
import type { CommandContext } from './commands.ts';
import { jsonLine, printable } from './printable.ts';
import { UsageError } from './usage-error.ts';

/** `wherry executions [ID]`. */
export async function executions({ args, options, stdout }: CommandContext): Promise<void> {
  const [text] = args;
  if (text === undefined) {
    for (const record of await listExecutions(options.store)) {
      await stdout.writeSlowly(options.json ? jsonLine(record) : `${line(record)}\n`);
    }
    return;
  }
  const id = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (id < 1) throw new UsageError('an execution is named by its number');
  try {
    const details = await getExecution(id, options.store);
    if (options.json) await stdout.writeSlowly(jsonLine(details));
    else {
      await stdout.writeSlowly(`${line(details)}\n`);
      for (const { time, level, text: said } of details.log) {
        await stdout.writeSlowly(`${time} ${level.padEnd(7)} ${printable(said)}\n`);
      }
    }
  } catch (error) {
    throw isEngineError(error) ? new UsageError(error.message) : error;
  }
}

function line({ id, status, start, name, connector_type, message }: ExecutionRecord): string {
  const what = connector_type === null ? name : `${connector_type} ${name}`;
  return printable(
    `${String(id).padStart(5)}  ${status.padEnd(11)}  ${start}  ${what}${message === '' ? '' : `: ${message}`}`,
  );
}
