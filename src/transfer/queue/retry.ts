import { isWherryError } from '../../base/errors.ts';

/** Failures after which a new connection may fare better. */
const PASSING: ReadonlySet<string> = new Set([
  'CHANNEL_CLOSED',
  'CHANNEL_OPEN_FAILED',
  'CLOSED',
  'CONNECTION_LOST',
  'CONNECT_FAILED',
  'CONNECT_REFUSED',
  'CONNECT_TIMEOUT',
  'SFTP_CONNECTION_LOST',
  'SFTP_NO_CONNECTION',
  'SSH_DISCONNECTED',
  'SSH_MAC',
  // A server at its limit (MaxStartups) closes before it has said who it is.
  'SSH_VERSION_EXCHANGE',
  'TIMEOUT',
]);

export function mayPass(error: unknown): boolean {
  return isWherryError(error) && PASSING.has(error.code);
}

const LONGEST_MS = 30_000;

/** Milliseconds before the attempt of that number, from 1: doubled each time, and half of it by chance. */
export function backOff(attempt: number, first: number, random: () => number = Math.random): number {
  const whole = Math.min(LONGEST_MS, first * 2 ** (attempt - 1));
  return whole / 2 + (random() * whole) / 2;
}

/** Waits so long, or until the signal fires. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
