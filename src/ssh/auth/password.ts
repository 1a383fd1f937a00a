import { WherryError } from '../../base/errors.ts';
import { checkLimit } from '../../base/limits.ts';
import { sanitize } from '../../base/text.ts';
import { decode } from '../wire/message.ts';
import { AUTH_PASSWORD } from '../wire/messages.ts';
import { SECRET_BYTES, WireWriter } from '../wire/writer.ts';
import type { AuthContext, AuthMethod, AuthOutcome } from './method.ts';

/** A server that wants the password changed before it lets the user in. */
export interface NewPasswordRequest {
  /** The server's words, free of control characters. */
  readonly prompt: string;
  /** 1 the first time; more when the server did not like the last one. */
  readonly round: number;
}

/** Gives the new password, or undefined to give up. */
export type NewPasswordHandler = (
  request: NewPasswordRequest,
) => string | undefined | Promise<string | undefined>;

/**
 * RFC 4252 section 8. Where the server wants the password changed and there is no new one, that ends the login, saying
 * so.
 */
export function passwordMethod(password: string, newPassword?: NewPasswordHandler): AuthMethod {
  return {
    name: 'password',
    label: 'password',
    async attempt(context: AuthContext): Promise<AuthOutcome> {
      let reply = await requestBy(context, new WireWriter(SECRET_BYTES).bool(false).secret(password));
      for (let round = 1; ; round++) {
        const outcome = context.outcome(reply);
        if (outcome !== undefined) return outcome;
        checkLimit('authAttempts', round);
        const { prompt } = decode(AUTH_PASSWORD.SSH_MSG_USERAUTH_PASSWD_CHANGEREQ, reply);
        const request = { prompt: sanitize(prompt), round };
        const next = await context.askPerson(() => newPassword?.(request));
        if (next === undefined) throw mustChange(request.prompt);
        reply = await requestBy(
          context,
          new WireWriter(SECRET_BYTES).bool(true).secret(password).secret(next),
        );
      }
    },
  };
}

/** What is sent is copied and sealed at once; the password is not left in memory that is given up. */
function requestBy(context: AuthContext, writer: WireWriter): Promise<Uint8Array> {
  const specific = writer.take();
  const reply = context.request('password', specific);
  specific.fill(0);
  return reply;
}

function mustChange(serverMessage: string): WherryError {
  const text = `the server wants the password changed first: ${serverMessage}`;
  return new WherryError('AUTH_FAILED', text, { phase: 'login', tried: ['password'], serverMessage });
}

/** RFC 4252 section 5.2: asks which methods there are; now and then it is itself enough. */
export function noneMethod(): AuthMethod {
  return {
    name: 'none',
    label: 'none',
    async attempt(context: AuthContext): Promise<AuthOutcome> {
      const reply = await context.request('none', new Uint8Array(0));
      const outcome = context.outcome(reply);
      if (outcome === undefined)
        throw new WherryError('SSH_PROTOCOL', `message ${reply[0]} in answer to method none`);
      return outcome;
    },
  };
}
