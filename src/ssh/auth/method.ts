import type { WaitOptions } from '../../base/deadline.ts';
import type { LoginAttempt } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { GssContext } from '../crypto/gss/gss-context.ts';

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
  /** The Kerberos context of a gss-* key exchange. */
  readonly gssContext: GssContext | undefined;
  /** The server's host key and its signature over the session, for agents that ask whom they sign for. */
  readonly hostKeyProof: { readonly hostKey: Uint8Array; readonly signature: Uint8Array } | undefined;
  /** The host key blob, where the server takes publickey-hostbound-v00@openssh.com (OpenSSH PROTOCOL section 3.1). */
  readonly hostBound?: Uint8Array | undefined;
  /** What the server takes at this point. */
  readonly allowed: readonly string[];
  /** Sends a USERAUTH_REQUEST of this method and returns the reply: 51, 52 or one of 60 to 79. */
  request(method: string, specific: Uint8Array): Promise<Uint8Array>;
  /** Sends a further message of the method and returns the next reply. */
  answer(payload: Uint8Array): Promise<Uint8Array>;
  /** Sends a further message of the method that has no reply. */
  send(payload: Uint8Array): void;
  /** The next message of the server's, where it may say more than it was asked. */
  receive(): Promise<Uint8Array>;
  /** Whether `payload` is 51 or 52, and what it says. */
  outcome(payload: Uint8Array): AuthOutcome | undefined;
  /** Notes one try of a method that makes several; a method that notes none is noted once by its label. */
  note(label: string, outcome: AuthOutcome, algorithm?: string): void;
  /** Stops the inactivity clock while a person is asked. */
  askPerson<T>(ask: () => T | Promise<T>): Promise<T>;
  /** Lets it run again within `askPerson`, while the server has the turn. */
  serverTurn<T>(wait: () => Promise<T>): Promise<T>;
}

/** One way to log in, with its credentials. */
export interface AuthMethod {
  /** The name in USERAUTH_REQUEST. */
  readonly name: string;
  /** What errors call it, such as `publickey (SHA256:…)`. Never a secret. */
  readonly label: string;
  /** The server may send several messages in a row. */
  readonly chatty?: boolean;
  attempt(context: AuthContext): Promise<AuthOutcome>;
}

/** What goes into the error about an attempt that did not end the login. */
export function describeAttempt(label: string, outcome: AuthOutcome, algorithm?: string): LoginAttempt {
  const refused = outcome.kind === 'failure' && !outcome.partial;
  return {
    method: label,
    ...(algorithm === undefined ? {} : { algorithm }),
    outcome: refused ? 'refused' : 'accepted',
    allowed: outcome.kind === 'failure' ? outcome.allowed : [],
  };
}
