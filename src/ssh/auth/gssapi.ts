/** Login by Kerberos (RFC 4462 sections 3 and 4). */
import { sameBytes } from '../../base/bytes.ts';
import { isWherryError, WherryError } from '../../base/errors.ts';
import { checkLimit } from '../../base/limits.ts';
import { sanitize } from '../../base/text.ts';
import { type GssContext, KRB5_OID } from '../crypto/gss/gss-context.ts';
import { decode, encode } from '../wire/message.ts';
import { AUTH_GSSAPI, USERAUTH } from '../wire/messages.ts';
import { WireWriter } from '../wire/writer.ts';
import type { AuthContext, AuthMethod, AuthOutcome } from './method.ts';

/**
 * gssapi-with-mic. A failure of Kerberos itself, such as for want of a ticket, is a method that failed unless it is
 * `required`, for another one may still be left.
 */
export function gssapiWithMicMethod(open: () => Promise<GssContext>, required: boolean): AuthMethod {
  let label = 'gssapi-with-mic';
  return {
    name: 'gssapi-with-mic',
    get label() {
      return label;
    },
    chatty: true,
    async attempt(context: AuthContext): Promise<AuthOutcome> {
      let gss: GssContext | undefined;
      try {
        gss = await open();
        return await establish(gss, context);
      } catch (error) {
        if (required || !isWherryError(error) || error.code !== 'GSSAPI_FAILED') throw error;
        label = `gssapi-with-mic (${error.message})`;
        return { kind: 'failure', allowed: context.allowed, partial: false };
      } finally {
        gss?.release();
      }
    },
  };
}

async function establish(gss: GssContext, context: AuthContext): Promise<AuthOutcome> {
  // The ticket comes first: where there is none, the server need not hear of it.
  let step = await gss.step();
  const mechs = new WireWriter().u32(1).string(KRB5_OID).finish();
  let reply = await context.request('gssapi-with-mic', mechs);
  const early = context.outcome(reply);
  if (early !== undefined) return early;
  const { mech } = decode(AUTH_GSSAPI.SSH_MSG_USERAUTH_GSSAPI_RESPONSE, reply);
  if (!sameBytes(mech, KRB5_OID)) throw new WherryError('SSH_PROTOCOL', 'the server chose another mechanism');
  for (let round = 1; ; round++) {
    checkLimit('authAttempts', round);
    if (step.token !== undefined)
      context.send(encode(AUTH_GSSAPI.SSH_MSG_USERAUTH_GSSAPI_TOKEN, { token: step.token }));
    if (step.complete) break;
    reply = await nextToken(context);
    const outcome = context.outcome(reply);
    if (outcome !== undefined) return outcome;
    step = await gss.step(decode(AUTH_GSSAPI.SSH_MSG_USERAUTH_GSSAPI_TOKEN, reply).token);
  }
  context.send(closing(gss, context));
  return context.outcome(await nextToken(context)) ?? unexpected(reply);
}

function closing(gss: GssContext, context: AuthContext): Uint8Array {
  if (!gss.hasIntegrity) return encode(AUTH_GSSAPI.SSH_MSG_USERAUTH_GSSAPI_EXCHANGE_COMPLETE, {});
  return encode(AUTH_GSSAPI.SSH_MSG_USERAUTH_GSSAPI_MIC, {
    mic: gss.mic(micData(context, 'gssapi-with-mic')),
  });
}

/** The server's next message but for what it says of its errors, which the FAILURE behind them sums up. */
async function nextToken(context: AuthContext): Promise<Uint8Array> {
  for (let skipped = 1; ; skipped++) {
    checkLimit('authAttempts', skipped);
    const message = await context.receive();
    const number = message[0]!;
    if (number === AUTH_GSSAPI.SSH_MSG_USERAUTH_GSSAPI_ERROR.number) {
      const { text } = decode(AUTH_GSSAPI.SSH_MSG_USERAUTH_GSSAPI_ERROR, message);
      context.log.event({ kind: 'auth', method: 'gssapi-with-mic', outcome: sanitize(text) });
    } else if (number !== AUTH_GSSAPI.SSH_MSG_USERAUTH_GSSAPI_ERRTOK.number) return message;
  }
}

function unexpected(message: Uint8Array): never {
  throw new WherryError('SSH_PROTOCOL', `message ${message[0]} in a login by gssapi-with-mic`);
}

/** gssapi-keyex: the context of a gss-* key exchange vouches for the user too. Without one there is nothing to try. */
export function gssapiKeyexMethod(): AuthMethod {
  return {
    name: 'gssapi-keyex',
    label: 'gssapi-keyex',
    async attempt(context: AuthContext): Promise<AuthOutcome> {
      const { gssContext } = context;
      if (gssContext === undefined) return { kind: 'failure', allowed: context.allowed, partial: false };
      const mic = gssContext.mic(micData(context, 'gssapi-keyex'));
      const reply = await context.request('gssapi-keyex', new WireWriter().string(mic).finish());
      return context.outcome(reply) ?? unexpected(reply);
    },
  };
}

/** RFC 4462 section 3.5. */
function micData(context: AuthContext, method: string): Uint8Array {
  return new WireWriter(512)
    .string(context.sessionId)
    .u8(USERAUTH.SSH_MSG_USERAUTH_REQUEST.number)
    .text(context.user)
    .text('ssh-connection')
    .text(method)
    .finish();
}
