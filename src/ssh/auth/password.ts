import { WherryError } from '../../base/errors.ts';
import { sanitize } from '../../base/text.ts';
import { decode } from '../wire/message.ts';
import { AUTH_PASSWORD } from '../wire/messages.ts';
import { WireWriter } from '../wire/writer.ts';
import type { AuthContext, AuthMethod, AuthOutcome } from './method.ts';

/** RFC 4252 section 8. A server that wants the password changed gets no new one: that ends the login, saying so. */
export function passwordMethod(password: string): AuthMethod {
  return {
    name: 'password',
    label: 'password',
    async attempt(context: AuthContext): Promise<AuthOutcome> {
      const specific = new WireWriter().bool(false).text(password).finish();
      const reply = await context.request('password', specific);
      const outcome = context.outcome(reply);
      if (outcome !== undefined) return outcome;
      const { prompt } = decode(AUTH_PASSWORD.SSH_MSG_USERAUTH_PASSWD_CHANGEREQ, reply);
      const serverMessage = sanitize(prompt);
      throw new WherryError('AUTH_FAILED', `the server wants the password changed first: ${serverMessage}`, {
        phase: 'login',
        tried: ['password'],
        serverMessage,
      });
    },
  };
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
