import { WherryError } from '../../base/errors.ts';
import { HOST_KEY_ALGORITHMS } from '../crypto/certificate-algorithms.ts';
import { fingerprint } from '../keys/fingerprint.ts';
import type { PrivateKey } from '../keys/private-key.ts';
import { decode } from '../wire/message.ts';
import { AUTH_PUBLICKEY, USERAUTH } from '../wire/messages.ts';
import { WireWriter } from '../wire/writer.ts';
import type { AuthContext, AuthMethod, AuthOutcome } from './method.ts';
import { signaturesFor } from './signature-choice.ts';

/** A key that can sign, wherever its private half lives. */
export interface Signer {
  /** A plain key, or an OpenSSH certificate of one. */
  readonly publicKey: { readonly type: string; readonly blob: Uint8Array };
  /** The one algorithm a certificate was given to be used with; without it all the key can make are tried. */
  readonly algorithm?: string | undefined;
  sign(algorithm: string, data: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /** The same key under its X.509 chain, which goes first: for the algorithms of the caller, and of the server. */
  readonly inX509?: (
    allowed: readonly string[] | undefined,
    announced: readonly string[] | undefined,
  ) => readonly Signer[];
}

export interface PublicKeyRules {
  /**
   * Asks first whether the server would take the key, which spares a signature where many keys are tried (an agent's,
   * or one that a person must touch).
   */
  readonly probe?: boolean;
  /** The signature algorithms the caller allows, best first. */
  readonly algorithms?: readonly string[] | undefined;
  /** Of several algorithms for the key, only the best one, or only the others. Default all. */
  readonly pass?: 'best' | 'others';
}

/** RFC 4252 section 7. */
export function publicKeyMethod(signer: Signer, rules: PublicKeyRules = {}): AuthMethod {
  const { type, blob } = signer.publicKey;
  const label = `publickey (${type} ${fingerprint(blob, 'sha256')})`;
  return {
    name: 'publickey',
    label,
    async attempt(context: AuthContext): Promise<AuthOutcome> {
      let outcome: AuthOutcome = { kind: 'failure', allowed: context.allowed, partial: false };
      for (const one of signer.inX509?.(rules.algorithms, context.signatureAlgorithms) ?? []) {
        outcome = await publicKeyMethod(one, { ...rules, probe: true }).attempt(context);
        if (isSettled(outcome)) return outcome;
      }
      const allowed = signer.algorithm === undefined ? rules.algorithms : [signer.algorithm];
      const names = signaturesFor(type, allowed, context.signatureAlgorithms);
      for (const algorithm of ofPass(names, rules.pass)) {
        outcome = await attemptWith(signer, algorithm, rules.probe === true, context);
        context.note(label, outcome, algorithm);
        if (isSettled(outcome)) break;
      }
      return outcome;
    },
  };
}

function ofPass(names: readonly string[], pass: PublicKeyRules['pass']): readonly string[] {
  if (pass === undefined) return names;
  return pass === 'best' ? names.slice(0, 1) : names.slice(1);
}

/** Whether there is nothing more to try with public keys for now. */
export function isSettled(outcome: AuthOutcome): boolean {
  return outcome.kind === 'success' || outcome.partial || !outcome.allowed.includes('publickey');
}

async function attemptWith(
  signer: Signer,
  algorithm: string,
  probe: boolean,
  context: AuthContext,
): Promise<AuthOutcome> {
  const { blob } = signer.publicKey;
  const method = context.hostBound === undefined ? 'publickey' : 'publickey-hostbound-v00@openssh.com';
  const specific = (signed: boolean): WireWriter => {
    const writer = new WireWriter(1024).bool(signed).text(algorithm).string(blob);
    return context.hostBound === undefined ? writer : writer.string(context.hostBound);
  };
  if (probe) {
    const reply = await context.request(method, specific(false).finish());
    const outcome = context.outcome(reply);
    if (outcome !== undefined) return outcome;
    const taken = decode(AUTH_PUBLICKEY.SSH_MSG_USERAUTH_PK_OK, reply);
    if (taken.algorithm !== algorithm || Buffer.compare(taken.key, blob) !== 0) {
      throw new WherryError('SSH_PROTOCOL', 'the server accepts another key than the one it was asked about');
    }
  }
  return await signedRequest(context, method, signer, algorithm, specific(true));
}

/** Asks with a signature over the request `body`, which has none yet (RFC 4252 section 7); what the server makes of it. */
export async function signedRequest(
  context: AuthContext,
  method: string,
  signer: Signer,
  algorithm: string,
  body: WireWriter,
): Promise<AuthOutcome> {
  if (HOST_KEY_ALGORITHMS.get(algorithm)?.security === 'insecure')
    context.log.event({ kind: 'insecureAlgorithm', use: 'signature algorithm', name: algorithm });
  const signature = await signer.sign(algorithm, signedData(context, method, body.finish()));
  const reply = await context.request(method, body.string(signature).finish());
  const outcome = context.outcome(reply);
  if (outcome === undefined)
    throw new WherryError('SSH_PROTOCOL', `message ${reply[0]} in answer to a signed request`);
  return outcome;
}

/** RFC 4252 section 7: the session identifier, then the request as it will be sent, without the signature. */
function signedData(context: AuthContext, method: string, body: Uint8Array): Uint8Array {
  return new WireWriter(1024)
    .string(context.sessionId)
    .u8(USERAUTH.SSH_MSG_USERAUTH_REQUEST.number)
    .text(context.user)
    .text('ssh-connection')
    .text(method)
    .raw(body)
    .finish();
}

/** A private key in memory as a signer. */
export function keySigner(key: PrivateKey): Signer {
  return { publicKey: key.publicKey, sign: (algorithm, data) => key.sign(algorithm as never, data) };
}
