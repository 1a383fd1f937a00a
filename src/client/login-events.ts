import type { CustomLoginHandler, PromptHandler } from '../index.ts';
import { maskTest } from './mask.ts';
import type { ClientState } from './state.ts';

/** Asks `sshKeyboardInteractive` handlers, once for each question; PasswordPrompt answers in advance. */
export function promptHandler(state: ClientState): PromptHandler {
  return async ({ name, instruction, prompts }) => {
    const mask = state.settings.get('PasswordPrompt');
    const asksForPassword = mask === '' ? () => false : maskTest(mask, false);
    const answers: string[] = [];
    for (const { text, echo } of prompts) {
      const event = {
        name,
        instructions: instruction,
        prompt: text,
        response: asksForPassword(text) || asksForPassword(text.trim()) ? state.main.view.sshPassword : '',
        echoResponse: echo,
      };
      await state.emitter.emit('sshKeyboardInteractive', event);
      answers.push(String(event.response));
    }
    return answers;
  };
}

const SSH_MSG_USERAUTH_SUCCESS = 52;

/** Shows each message of the server to `sshCustomAuth` handlers and sends what they make of it; no change gives up. */
export function customLogin(state: ClientState): CustomLoginHandler {
  return async (login) => {
    for (;;) {
      const shown = Buffer.from(login.last).toString('hex').toUpperCase();
      const event = { packet: shown };
      await state.emitter.emit('sshCustomAuth', event);
      if (event.packet === shown || event.packet === '') return;
      login.send(Buffer.from(event.packet, 'hex'));
      const answer = await login.receive();
      if (answer[0] === SSH_MSG_USERAUTH_SUCCESS) return;
    }
  };
}
