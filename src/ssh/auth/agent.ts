import { isWherryError } from '../../base/errors.ts';
import type { SignatureName } from '../crypto/signatures.ts';
import type { Agent } from '../keys/agent.ts';
import type { AuthContext, AuthMethod, AuthOutcome } from './method.ts';
import { publicKeyMethod } from './public-key.ts';

/**
 * Tries an agent's keys one after the other; the agent is asked when their turn comes. An agent that cannot be
 * reached counts as a method that failed where `required` is false, for another one may still be left.
 */
export function agentMethod(
  reach: () => Promise<Agent>,
  required: boolean,
  algorithms?: readonly string[],
): AuthMethod {
  let label = 'agent';
  return {
    name: 'publickey',
    get label() {
      return label;
    },
    async attempt(context: AuthContext): Promise<AuthOutcome> {
      let outcome: AuthOutcome = { kind: 'failure', allowed: context.allowed, partial: false };
      try {
        const agent = await reach();
        const identities = await agent.identities(context);
        label = `agent (${identities.length} ${identities.length === 1 ? 'key' : 'keys'})`;
        for (const { publicKey } of identities) {
          const sign = publicKeyMethod(
            {
              publicKey,
              sign: (algorithm, data) =>
                context.askPerson(() => agent.sign(publicKey, data, algorithm as SignatureName)),
            },
            { probe: true, algorithms },
          );
          outcome = await sign.attempt(context);
          if (outcome.kind === 'success' || outcome.partial || !outcome.allowed.includes('publickey'))
            return outcome;
        }
      } catch (error) {
        if (required || !isWherryError(error) || error.code !== 'AGENT_FAILED') throw error;
        label = `agent (${error.message})`;
        context.log.event({ kind: 'auth', method: 'agent', outcome: error.message });
      }
      return outcome;
    },
  };
}
