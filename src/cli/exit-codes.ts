import { ERROR_CODES, isWherryError } from '../index.ts';
import { UsageError } from './usage-error.ts';

/** Exit codes that stand for themselves; those of errors are in the table of error codes. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** The exit code for an error: the `exit` column of its code. */
export function exitCode(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage;
  return isWherryError(error) ? ERROR_CODES[error.code].exit : EXIT.failed;
}
