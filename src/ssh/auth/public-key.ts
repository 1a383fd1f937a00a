import { WherryError } from '../../base/errors.ts';
import { type SignatureName, signaturesForKey } from '../crypto/signatures.ts';
import { fingerprint } from '../keys/fingerprint.ts';
import type { PrivateKey } from '../keys/private-key.ts';
import type { PublicKey } from '../keys/public-key.ts';
import { decode } from '../wire/message.ts';
import { AUTH_PUBLICKEY, USERAUTH } from '../wire/messages.ts';
import { WireWriter } from '../wire/writer.ts';
import type { AuthContext, AuthMethod, AuthOutcome } from './method.ts';

/** A key that can sign, wherever its private half lives. */
export interface Signer {
  readonly publicKey: PublicKey;
  sign(algorithm: SignatureName, data: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/**
 * RFC 4252 section 7. `probe` asks first whether the server would take the key, which spares a signature where
 * many keys are tried (an agent's, or one that a person must touch).
 */
export function publicKeyMethod(signer: Signer, probe = false): AuthMethod {
  return {
    name: 'publickey',
    label: `publickey (${signer.publicKey.type} ${fingerprint(signer.publicKey.blob, 'sha256')})`,
    async attempt(context: AuthContext): Promise<AuthOutcome> {
      let outcome: AuthOutcome = { kind: 'failure', allowed: context.allowed, partial: false };
      for (const algorithm of signaturesFor(signer.publicKey.type, context.signatureAlgorithms)) {
        outcome = await attemptWith(signer, algorithm, probe, context);
        if (outcome.kind === 'success' || outcome.partial || !outcome.allowed.includes('publickey')) break;
      }
      return outcome;
    },
  };
}

async function attemptWith(
  signer: Signer,
  algorithm: SignatureName,
  probe: boolean,
  context: AuthContext,
): Promise<AuthOutcome> {
  if (probe) {
    const reply = await context.request('publickey', specific(false, algorithm, signer.publicKey).finish());
    const outcome = context.outcome(reply);
    if (outcome !== undefined) return outcome;
    const taken = decode(AUTH_PUBLICKEY.SSH_MSG_USERAUTH_PK_OK, reply);
    if (taken.algorithm !== algorithm || Buffer.compare(taken.key, signer.publicKey.blob) !== 0) {
      throw new WherryError('SSH_PROTOCOL', 'the server accepts another key than the one it was asked about');
    }
  }
  const body = specific(true, algorithm, signer.publicKey);
  const signature = await signer.sign(algorithm, signedData(context, body.finish()));
  const reply = await context.request('publickey', body.string(signature).finish());
  const outcome = context.outcome(reply);
  if (outcome === undefined)
    throw new WherryError('SSH_PROTOCOL', `message ${reply[0]} in answer to a signed request`);
  return outcome;
}

/**
 * The algorithms to try with a key, best first: those the server says it takes (RFC 8332 section 3.3), all where
 * it does not say. OpenSSH up to 9.2 announces more than its PubkeyAcceptedAlgorithms, so one may be refused.
 */
function signaturesFor(keyType: string, known: readonly string[] | undefined): SignatureName[] {
  const names = signaturesForKey(keyType).filter((name) => name !== 'ssh-rsa');
  const taken = names.filter((name) => known === undefined || known.includes(name));
  return taken.length > 0 ? taken : names;
}

function specific(signed: boolean, algorithm: SignatureName, key: PublicKey): WireWriter {
  return new WireWriter(1024).bool(signed).text(algorithm).string(key.blob);
}

/** RFC 4252 section 7: the session identifier, then the request as it will be sent, without the signature. */
function signedData(context: AuthContext, body: Uint8Array): Uint8Array {
  return new WireWriter(1024)
    .string(context.sessionId)
    .u8(USERAUTH.SSH_MSG_USERAUTH_REQUEST.number)
    .text(context.user)
    .text('ssh-connection')
    .text('publickey')
    .raw(body)
    .finish();
}

/** A private key in memory as a signer. */
export function keySigner(key: PrivateKey): Signer {
  return { publicKey: key.publicKey, sign: (algorithm, data) => key.sign(algorithm, data) };
}
