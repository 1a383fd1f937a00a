import { WherryError } from '../../base/errors.ts';
import { checkLimit } from '../../base/limits.ts';
import { sanitize } from '../../base/text.ts';
import { decode, encode } from '../wire/message.ts';
import { AUTH_KEYBOARD } from '../wire/messages.ts';
import { WireReader } from '../wire/reader.ts';
import { SECRET_BYTES, WireWriter } from '../wire/writer.ts';
import type { AuthContext, AuthMethod, AuthOutcome } from './method.ts';

/** One question of the server; `echo` says whether the answer may be shown while it is typed. */
export interface Prompt {
  readonly text: string;
  readonly echo: boolean;
}

/** A round of questions (RFC 4256 section 3.2), free of control characters. */
export interface PromptRequest {
  readonly name: string;
  readonly instruction: string;
  readonly prompts: readonly Prompt[];
}

/** Answers a round: one string a prompt, in order. */
export type PromptHandler = (request: PromptRequest) => readonly string[] | Promise<readonly string[]>;

/** RFC 4256. Rounds without a prompt are answered without asking, as section 3.4 wants it. */
export function keyboardInteractiveMethod(answer: PromptHandler): AuthMethod {
  return {
    name: 'keyboard-interactive',
    label: 'keyboard-interactive',
    async attempt(context: AuthContext): Promise<AuthOutcome> {
      let reply = await context.request('keyboard-interactive', new WireWriter().text('').text('').finish());
      for (let round = 1; ; round++) {
        const outcome = context.outcome(reply);
        if (outcome !== undefined) return outcome;
        checkLimit('authAttempts', round);
        const request = readRequest(reply);
        const answers = request.prompts.length === 0 ? [] : await context.askPerson(() => answer(request));
        if (answers.length !== request.prompts.length) {
          const text = `${request.prompts.length} answers wanted, ${answers.length} given`;
          throw new WherryError('INVALID_ARGUMENT', `keyboard-interactive: ${text}`, { phase: 'login' });
        }
        reply = await context.answer(encodeAnswers(answers));
      }
    },
  };
}

/** Where only a password is known: it answers each round that has exactly one prompt that must not be echoed, once. */
export function passwordAsAnswer(password: string): PromptHandler {
  let used = false;
  return (request) => {
    const hidden = request.prompts.filter((prompt) => !prompt.echo);
    if (used || request.prompts.length !== 1 || hidden.length !== 1) {
      const texts = request.prompts.map((prompt) => prompt.text).join(' ');
      throw new WherryError('AUTH_FAILED', `the server asks for more than the password: ${sanitize(texts)}`, {
        phase: 'login',
        tried: ['keyboard-interactive'],
        serverMessage: sanitize(texts),
      });
    }
    used = true;
    return [password];
  };
}

function readRequest(payload: Uint8Array): PromptRequest {
  const message = decode(AUTH_KEYBOARD.SSH_MSG_USERAUTH_INFO_REQUEST, payload);
  checkLimit('authPrompts', message.count);
  const reader = new WireReader(message.prompts, 0, 'INFO_REQUEST');
  const prompts: Prompt[] = [];
  for (let i = 0; i < message.count; i++)
    prompts.push({ text: sanitize(reader.text()), echo: reader.bool() });
  return { name: sanitize(message.name), instruction: sanitize(message.instruction), prompts };
}

function encodeAnswers(answers: readonly string[]): Uint8Array {
  const responses = new WireWriter(SECRET_BYTES);
  for (const one of answers) responses.secret(one);
  const count = answers.length;
  const encoded = responses.take();
  const message = encode(AUTH_KEYBOARD.SSH_MSG_USERAUTH_INFO_RESPONSE, { count, responses: encoded });
  encoded.fill(0);
  return message;
}
