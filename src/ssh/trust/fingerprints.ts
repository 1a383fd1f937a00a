import { createHash } from 'node:crypto';
import { sameBytes } from '../../base/bytes.ts';
import { type Fingerprint, matchesFingerprint, parseFingerprint } from '../keys/fingerprint.ts';
import { type HostKeyContext, type HostKeyVerifier, refuse } from './host-key-verifier.ts';

interface Pinned extends Fingerprint {
  /** The type of the key, where it was given. */
  readonly keyType: string | undefined;
}

/**
 * Accepts the host keys with one of these fingerprints, in any form `parseFingerprint` reads; another key is
 * HOST_KEY_REJECTED. For a host key in an X.509 certificate the certificate's own fingerprint will do as well. A server
 * with several keys shows the type that stands first in what is offered: put the type before the fingerprint, as in
 * `ssh-rsa SHA256:…`, to have that key shown. A text that is no fingerprint is INVALID_ARGUMENT at once, not when
 * connecting.
 *
 * @example
 * ```ts
 * import { fingerprints } from 'wherry';
 *
 * const trust = fingerprints(['ssh-ed25519 SHA256:uNiVztksCsDhcc0u9e8BrHiyN6LGCFjDDC5hxaCmJ6Q']);
 * ```
 */
export function fingerprints(texts: readonly string[]): HostKeyVerifier {
  const pinned = texts.map(readPinned);
  return {
    verify(context) {
      if (pinned.some((one) => fits(context, one))) {
        return { accept: true, reason: `${context.fingerprint} is pinned` };
      }
      const shown = `${context.key.type} ${context.fingerprint}`;
      const typed = pinned.some(({ keyType }) => keyType !== undefined);
      const hint = typed ? '' : ' (for a key of another type, put its type before the fingerprint)';
      return refuse(
        'HOST_KEY_REJECTED',
        `${shown} is none of the ${pinned.length} pinned fingerprints${hint}`,
      );
    },
    keyTypes: () => pinned.flatMap(({ keyType }) => keyType ?? []),
  };
}

function readPinned(text: string): Pinned {
  const [first = '', second, ...more] = text.trim().split(/[ \t]+/);
  if (second === undefined || more.length > 0 || !/^[a-z][^:]*-/.test(first))
    return { ...parseFingerprint(text), keyType: undefined };
  return { ...parseFingerprint(second), keyType: first };
}

function fits({ key, x509 }: HostKeyContext, pinned: Pinned): boolean {
  if (pinned.keyType !== undefined && pinned.keyType !== key.type) return false;
  if (matchesFingerprint(key.blob, pinned)) return true;
  const der = x509?.certificates[0]?.raw;
  return der !== undefined && sameBytes(createHash(pinned.algorithm).update(der).digest(), pinned.digest);
}
