import { Deadline } from '../base/deadline.ts';
import { type ErrorDetails, isWherryError, WherryError, withDetails } from '../base/errors.ts';
import { sanitize } from '../base/text.ts';
import type { TransferOptions } from './options.ts';

/** A pipeline that can be ended from outside. */
export interface Stoppable {
  stop(error: WherryError): void;
  /** Requests are out that the server owes an answer to. */
  readonly waiting: boolean;
  readonly safeLength: number;
}

/** Runs `work` under one inactivity clock and one signal; `touch` marks activity. */
export async function underDeadline<T>(
  options: TransferOptions,
  defaultTimeout: number,
  phase: string,
  pipeline: Stoppable,
  work: (touch: () => void) => Promise<T>,
): Promise<T> {
  const wait = { signal: options.signal, timeout: options.timeout ?? defaultTimeout };
  let giveUp: (error: WherryError) => void = () => {};
  const givenUp = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  const expired = (error: WherryError): void => {
    pipeline.stop(error);
    giveUp(error);
  };
  const deadline = new Deadline(wait, phase, expired, () => pipeline.waiting);
  try {
    return await Promise.race([work(() => deadline.touch()), givenUp]);
  } finally {
    deadline.clear();
  }
}

/** A failure of the local side as TRANSFER_LOCAL_FILE; what is a WherryError already gets the details. */
export function transferError(error: unknown, operation: string, details: ErrorDetails): WherryError {
  if (isWherryError(error)) return withDetails(error, details);
  const errno = (error as NodeJS.ErrnoException | undefined)?.code;
  const text = error instanceof Error ? error.message : String(error);
  const more = errno === undefined ? details : { ...details, errno };
  return new WherryError(
    'TRANSFER_LOCAL_FILE',
    `${operation}: ${sanitize(text)}`,
    { operation, ...more },
    error,
  );
}

/** A byte count given by the user: a whole number from 0 to 2^53 - 1. */
export function checkCount(name: string, value: number | undefined): void {
  if (value !== undefined && (!Number.isSafeInteger(value) || value < 0)) {
    throw new WherryError('INVALID_ARGUMENT', `${name} must be a whole number of bytes from 0, not ${value}`);
  }
}

/** What a sink that cannot store the bytes of a download failed with. */
export function sinkError(cause: unknown, path: string): WherryError {
  if (cause instanceof WherryError) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  const errno = (cause as NodeJS.ErrnoException | undefined)?.code;
  return new WherryError(
    'TRANSFER_LOCAL_FILE',
    `cannot write what was downloaded: ${text}`,
    { operation: 'download', path: sanitize(path), ...(errno === undefined ? {} : { errno }) },
    cause,
  );
}
