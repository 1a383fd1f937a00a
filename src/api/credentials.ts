import { WherryError } from '../base/errors.ts';
import { agentMethod } from '../ssh/auth/agent.ts';
import { keyboardInteractiveMethod, passwordAsAnswer } from '../ssh/auth/keyboard-interactive.ts';
import type { AuthMethod } from '../ssh/auth/method.ts';
import { passwordMethod } from '../ssh/auth/password.ts';
import { keySigner, publicKeyMethod } from '../ssh/auth/public-key.ts';
import { type Agent, connectAgent } from '../ssh/keys/agent.ts';
import { type PrivateKey, parsePrivateKey } from '../ssh/keys/private-key.ts';
import type { ConnectOptions, PrivateKeyInput } from './options.ts';

/** The ways to log in that the options allow, in the order they are tried. */
export interface Credentials {
  methods(): readonly AuthMethod[];
  /**
   * One key or a password stands first and may be tried without asking what the server takes: a round trip saved.
   * Several keys, or an agent's, are asked about instead, since servers count refused attempts.
   */
  readonly atOnce: boolean;
  /** Lets go of the agent. */
  dispose(): void;
}

/** Keys first, then the agent's, then what a person would type. Key files are parsed here, so that a bad one fails early. */
export function credentialsFrom(options: ConnectOptions): Credentials {
  const keys = inputs(options.privateKey).map((input) => readKey(input, options.passphrase));
  let agent: Agent | undefined;
  const reachAgent = async (): Promise<Agent> => {
    agent ??= await connectAgent(options.agent === true ? undefined : (options.agent as string));
    return agent;
  };

  const useAgent = options.agent !== undefined && options.agent !== false;
  const passwordFirst = keys.length === 0 && !useAgent && options.password !== undefined;

  return {
    atOnce: options.askMethods !== true && (keys.length === 1 || passwordFirst),
    methods() {
      const methods = keys.map((key) => publicKeyMethod(keySigner(key), keys.length > 1));
      if (useAgent) {
        const only =
          keys.length === 0 && options.password === undefined && options.keyboardInteractive === undefined;
        methods.push(agentMethod(reachAgent, only));
      }
      if (options.password !== undefined) methods.push(passwordMethod(options.password));
      const answer =
        options.keyboardInteractive ??
        (options.password === undefined ? undefined : passwordAsAnswer(options.password));
      if (answer !== undefined) methods.push(keyboardInteractiveMethod(answer));
      return methods;
    },
    dispose: () => agent?.close(),
  };
}

function inputs(given: ConnectOptions['privateKey']): readonly PrivateKeyInput[] {
  if (given === undefined) return [];
  return Array.isArray(given) ? given : [given as PrivateKeyInput];
}

function readKey(input: PrivateKeyInput, passphrase: string | undefined): PrivateKey {
  if (typeof input !== 'string' && !(input instanceof Uint8Array)) return input;
  if (typeof input === 'string' && !input.includes('-----') && input.length < 1024 && !input.includes('\n')) {
    const text = 'privateKey takes the contents of a key file, not its path: use loadPrivateKey(path)';
    throw new WherryError('INVALID_ARGUMENT', text);
  }
  return parsePrivateKey(input, passphrase);
}
