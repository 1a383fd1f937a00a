import { type Command, Option } from 'commander';
import type { CommandRow } from './commands.ts';
import { type CliOptions, OPTIONS, type OptionRow } from './options.ts';

/** What a command takes, from its row. */
export function addArguments(command: Command, row: CommandRow, options: CommandRow['options']): void {
  for (const [argument, doc] of row.args) command.argument(argument, doc);
  for (const [key, option] of Object.entries(OPTIONS) as [keyof CliOptions, OptionRow][]) {
    if (!options.includes(key)) continue;
    const parse = option.parse ?? ((text: string) => text);
    command.option(option.flags, option.doc, parse, option.default);
    if (option.negated !== undefined) command.addOption(new Option(`--no-${key}`, option.negated));
  }
}
