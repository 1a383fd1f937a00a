import type { WaitOptions } from '../../base/deadline.ts';
import type { Log } from '../../base/log.ts';

/** How the server answered an attempt. */
export type AuthOutcome =
  | { readonly kind: 'success' }
  | { readonly kind: 'failure'; readonly allowed: readonly string[]; readonly partial: boolean };

/** What a method may use while it tries. */
export interface AuthContext extends WaitOptions {
  readonly user: string;
  /** The first exchange hash, which signatures cover (RFC 4252 section 7). */
  readonly sessionId: Uint8Array;
  /** `server-sig-algs`; undefined where the server did not say. */
  readonly signatureAlgorithms: readonly string[] | undefined;
  readonly log: Log;
  /** What the server takes at this point. */
  readonly allowed: readonly string[];
  /** Sends a USERAUTH_REQUEST of this method and returns the reply: 51, 52 or one of 60 to 79. */
  request(method: string, specific: Uint8Array): Promise<Uint8Array>;
  /** Sends a further message of the method and returns the next reply. */
  answer(payload: Uint8Array): Promise<Uint8Array>;
  /** Whether `payload` is 51 or 52, and what it says. */
  outcome(payload: Uint8Array): AuthOutcome | undefined;
  /** Stops the inactivity clock while a person is asked. */
  askPerson<T>(ask: () => T | Promise<T>): Promise<T>;
}

/** One way to log in, with its credentials. */
export interface AuthMethod {
  /** The name in USERAUTH_REQUEST. */
  readonly name: string;
  /** What errors call it, such as `publickey (SHA256:…)`. Never a secret. */
  readonly label: string;
  attempt(context: AuthContext): Promise<AuthOutcome>;
}
