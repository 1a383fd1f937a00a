import { isWherryError, WherryError } from '../../base/errors.ts';
import type { Agent, AgentIdentity } from '../keys/agent.ts';
import { type PublicKey, samePublicKey } from '../keys/public-key.ts';
import type { SshCertificateLine } from '../keys/ssh-certificate.ts';
import { chosenAlgorithm, plainAlgorithm } from './certified-key.ts';
import type { AuthContext, AuthMethod, AuthOutcome } from './method.ts';
import { isSettled, publicKeyMethod, type Signer } from './public-key.ts';

/** How an agent is used. */
export interface AgentUse {
  /**
   * An agent that cannot be reached, or holds nothing to try, ends the login; otherwise that counts as a method that
   * failed, for another one may still be left.
   */
  readonly required: boolean;
  /** Only these of its keys. */
  readonly keys?: readonly PublicKey[] | undefined;
  /** Certificates the caller has for keys of the agent. */
  readonly certificates?: readonly SshCertificateLine[] | undefined;
  readonly algorithms?: readonly string[] | undefined;
}

/** Tries an agent's certificates and keys one after the other; the agent is asked when their turn comes. */
export function agentMethod(reach: () => Promise<Agent>, use: AgentUse): AuthMethod {
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
        await bind(agent, context);
        const identities = await agent.identities(context);
        label = `agent (${identities.length} ${identities.length === 1 ? 'key' : 'keys'})`;
        const signers = signersOf(agent, identities, use, context);
        if (signers.length === 0 && use.keys !== undefined && use.required)
          throw new WherryError('AGENT_FAILED', 'the SSH agent does not hold the key it is asked for');
        // Servers count refused tries (MaxAuthTries of OpenSSH is 6): each key has its first before any has its second.
        for (const pass of ['best', 'others'] as const) {
          for (const signer of signers) {
            const { algorithms } = use;
            outcome = await publicKeyMethod(signer, { probe: true, algorithms, pass }).attempt(context);
            if (isSettled(outcome)) return outcome;
          }
        }
      } catch (error) {
        if (use.required || !isWherryError(error) || error.code !== 'AGENT_FAILED') throw error;
        label = `agent (${error.message})`;
        context.log.event({ kind: 'auth', method: 'agent', outcome: error.message });
      }
      return outcome;
    },
  };
}

/** Best effort: only keys that are bound to hosts need it, and the agent refuses those by itself. */
async function bind(agent: Agent, context: AuthContext): Promise<void> {
  const { hostKeyProof, sessionId } = context;
  if (hostKeyProof !== undefined) await agent.bindSession({ ...hostKeyProof, sessionId }, context);
}

function signersOf(
  agent: Agent,
  identities: readonly AgentIdentity[],
  { keys, certificates = [] }: AgentUse,
  context: AuthContext,
): Signer[] {
  const fitting = identities.filter(
    ({ publicKey }) => keys === undefined || keys.some((one) => samePublicKey(one, publicKey)),
  );
  const signer = (shown: Signer['publicKey'], by: Signer['publicKey'], algorithm?: string): Signer => ({
    publicKey: shown,
    algorithm,
    sign: (name, data) =>
      context.askPerson(() => agent.sign(by, data, by === shown ? name : plainAlgorithm(name))),
  });
  return fitting.flatMap(({ publicKey, certificate }) => {
    if (certificate !== undefined) return [signer(certificate, certificate)];
    const own = certificates.filter((one) => samePublicKey(one.certificate.publicKey, publicKey));
    const certified = own.map((one) => signer(one.certificate, publicKey, chosenAlgorithm(one)));
    return [...certified, signer(publicKey, publicKey)];
  });
}
