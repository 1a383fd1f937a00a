import { connectorNames, connectorSchema, isEngineError } from '../connectors/index.ts';
import type { CommandContext } from './commands.ts';
import { UsageError } from './usage-error.ts';

/** `wherry connectors [schema NAME]`. */
export async function connectors({ args, stdout }: CommandContext): Promise<void> {
  const [what, name] = args;
  if (what === undefined) {
    for (const one of connectorNames()) await stdout.writeSlowly(`${one}\n`);
    return;
  }
  if (what !== 'schema' || name === undefined) throw new UsageError('wherry connectors schema NAME');
  try {
    await stdout.writeSlowly(`${JSON.stringify(connectorSchema(name), null, 2)}\n`);
  } catch (error) {
    throw isEngineError(error) ? new UsageError(error.message) : error;
  }
}
