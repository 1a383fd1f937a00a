import { fingerprint } from '../keys/fingerprint.ts';
import { WireWriter } from '../wire/writer.ts';
import type { AuthContext, AuthMethod, AuthOutcome } from './method.ts';
import { type Signer, signedRequest } from './public-key.ts';
import { signaturesFor } from './signature-choice.ts';

/** Who the client's host says it is, and whom it speaks for. */
export interface HostbasedClient {
  /** The client's host key. */
  readonly signer: Signer;
  /** Its name, which the server looks up. */
  readonly host: string;
  readonly user: string;
}

/** RFC 4252 section 9: the client's host vouches for its user. */
export function hostbasedMethod(client: HostbasedClient, algorithms?: readonly string[]): AuthMethod {
  const { type, blob } = client.signer.publicKey;
  const label = `hostbased (${type} ${fingerprint(blob, 'sha256')})`;
  return {
    name: 'hostbased',
    label,
    async attempt(context: AuthContext): Promise<AuthOutcome> {
      let outcome: AuthOutcome = { kind: 'failure', allowed: context.allowed, partial: false };
      for (const algorithm of signaturesFor(type, algorithms, context.signatureAlgorithms)) {
        const body = new WireWriter(1024).text(algorithm).string(blob).text(client.host).text(client.user);
        outcome = await signedRequest(context, 'hostbased', client.signer, algorithm, body);
        context.note(label, outcome, algorithm);
        if (outcome.kind === 'success' || outcome.partial || !outcome.allowed.includes('hostbased')) break;
      }
      return outcome;
    },
  };
}
