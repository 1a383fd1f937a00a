import { WherryError } from '../../base/errors.ts';
import { messageName } from '../wire/messages.ts';

/**
 * Which message may arrive in which state. Everything else closes the connection: the state machine attacks of
 * the last years (libssh 2018, asyncssh 2023, Terrapin) all sent a message where it did not belong.
 */
export const STATES = {
  /** Until the first NEWKEYS, without strict key exchange. */
  firstKex: [
    [1, 4],
    [20, 21],
    [30, 49],
  ],
  /** The same under strict key exchange: nothing that could be injected or dropped unseen. */
  firstKexStrict: [
    [1, 1],
    [20, 21],
    [30, 49],
  ],
  /** The client has asked for the login service and waits for the answer. */
  clientService: [
    [1, 4],
    [6, 7],
    [20, 20],
    [192, 193],
  ],
  /** The client is logging in. EXT_INFO may come once more just before success (RFC 8308 section 2.4). */
  clientAuth: [
    [1, 4],
    [7, 7],
    [20, 20],
    [51, 53],
    [60, 79],
    [192, 193],
  ],
  serverService: [
    [1, 5],
    [7, 7],
    [20, 20],
    [192, 193],
  ],
  serverAuth: [
    [1, 5],
    [20, 20],
    [50, 50],
    [60, 79],
    [192, 193],
  ],
  /** Logged in. */
  open: [
    [1, 4],
    [20, 20],
    [80, 82],
    [90, 100],
    [192, 193],
  ],
  /** The peer's KEXINIT has come, its NEWKEYS not yet (RFC 4253 section 7.1). */
  rekey: [
    [1, 4],
    [21, 21],
    [30, 49],
  ],
} as const;
STATES satisfies Record<string, readonly (readonly [number, number])[]>;

export type TransportState = keyof typeof STATES;

export function isLegal(state: TransportState, number: number): boolean {
  return (STATES[state] as readonly (readonly [number, number])[]).some(
    ([low, high]) => number >= low && number <= high,
  );
}

/** Throws SSH_PROTOCOL when the message may not arrive in this state. */
export function checkLegal(state: TransportState, number: number): void {
  if (!isLegal(state, number)) {
    throw new WherryError('SSH_PROTOCOL', `${messageName(number)} is not legal in state ${state}`, {
      phase: state,
    });
  }
}
