import { COMMANDS, type CommandName } from './commands.ts';
import { HumanReport } from './human-report.ts';
import { Interrupt } from './interrupt.ts';
import { JsonReport } from './json-report.ts';
import type { CliOptions } from './options.ts';
import { Output } from './output.ts';
import type { Report } from './report.ts';

/** Runs a command to its end; resolves with the exit code, never rejects. */
export async function runCommand(
  name: CommandName,
  args: readonly string[],
  options: CliOptions,
): Promise<number> {
  const interrupt = new Interrupt();
  let outputError: Error | undefined;
  const stdout = new Output(process.stdout, (error) => {
    if (error.code === 'EPIPE') interrupt.stopByPipe();
    else outputError = error;
    interrupt.stop(1, '');
  });
  const stderr = new Output(process.stderr, () => {});
  const report = makeReport(name, args, options, stdout, stderr);
  interrupt.listen();
  try {
    const command = await COMMANDS[name].load();
    await command({
      args,
      options,
      report,
      stdout,
      stderr,
      signal: interrupt.signal,
      commands: COMMANDS,
    });
    await stdout.flush();
    if (outputError !== undefined) throw outputError;
    return interrupt.exit ?? 0;
  } catch (error) {
    return await tell(outputError ?? error, interrupt, options, report, name);
  } finally {
    await Promise.all([stdout.flush(), stderr.flush()]);
  }
}

/** Says what went wrong; gives the exit code for it. */
async function tell(
  error: unknown,
  interrupt: Interrupt,
  options: CliOptions,
  report: Report,
  command: CommandName,
): Promise<number> {
  const { explain } = await import('./explain.ts');
  const { exitCode } = await import('./exit-codes.ts');
  if (interrupt.exit === undefined || interrupt.exit < 128) {
    report.failed(explain(error, options, { command }));
    return exitCode(error);
  }
  if (interrupt.reason !== '') report.failed(explain(error, options, { interruption: interrupt.reason }));
  return interrupt.exit;
}

function makeReport(
  name: CommandName,
  args: readonly string[],
  options: CliOptions,
  stdout: Output,
  stderr: Output,
): Report {
  const carriesFile = name === 'cat' || name === 'tail' || (name === 'get' && args[1] === '-');
  // What is told would get into the file where both go to the same terminal.
  const quiet = options.quiet === true || (carriesFile && stdout.isTerminal);
  const look = { quiet, verbose: options.verbose === true };
  if (options.json !== true) return new HumanReport(stdout, stderr, look);
  // Where stdout carries the file, the objects go to stderr, and nothing else does.
  return carriesFile ? new JsonReport(stderr, undefined, look) : new JsonReport(stdout, stderr, look);
}
