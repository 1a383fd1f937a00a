import { timingSafeEqual } from 'node:crypto';
import {
  caKeys,
  fingerprints,
  type HostKeyContext,
  type HostKeyDecision,
  type HostKeyVerifier,
} from '../index.ts';
import { parseX509 } from '../keys.ts';
import { SFTPClientError, toClientError } from './client-error.ts';
import { hexFingerprint } from './hex-fingerprint.ts';
import type { ClientState } from './state.ts';

const HASHES = { MD5: 'md5', SHA1: 'sha1', SHA256: 'sha256' } as const;

/** Accepts the host key that the settings, the properties or a handler of `sshServerAuthentication` accept. */
export function hostKeyVerifier(state: ClientState): HostKeyVerifier {
  return {
    async verify(context) {
      const { key, algorithm } = context;
      const raw = context.x509?.certificates[0]?.raw;
      const x509 = raw === undefined ? undefined : parseX509(raw);
      state.shownHostKey = key.blob;
      const hash = HASHES[state.settings.get('SSHFingerprintHashAlgorithm') as keyof typeof HASHES];
      const event = {
        hostKey: Buffer.from(key.blob),
        fingerprint: hexFingerprint(key.blob, hash),
        keyAlgorithm: algorithm,
        certSubject: x509?.subject ?? '',
        certIssuer: x509?.issuer ?? '',
        status: '',
        accept: await isAccepted(state, context),
      };
      await state.emitter.emit('sshServerAuthentication', event);
      return decision(event.accept === true);
    },
    certificates: () => certificateKinds(state),
  };
}

/** The kinds of certificates the server is asked for: those that can be judged here. */
function certificateKinds({ settings, hostKey }: ClientState): ('openssh' | 'x509')[] {
  return [
    ...(settings.get('SSHAcceptServerCAKey') === '' ? [] : (['openssh'] as const)),
    ...(hostKey.pick()?.certificate === undefined ? [] : (['x509'] as const)),
  ];
}

function decision(accept: boolean): HostKeyDecision {
  if (accept) return { accept, reason: 'accepted by the client' };
  const reason =
    'it is neither the accepted one nor was it accepted in sshServerAuthentication; compare its fingerprint with what the ' +
    'owner of the server tells you, then set SSHAcceptServerHostKeyFingerPrint';
  return { accept, code: 'HOST_KEY_REJECTED', reason };
}

async function isAccepted(state: ClientState, context: HostKeyContext): Promise<boolean> {
  const { settings } = state;
  if (settings.get('SSHAcceptAnyServerHostKey')) return true;
  const { blob } = context.key;
  const known = state.hostKey.pick()?.publicKey?.blob;
  if (known?.length === blob.length && timingSafeEqual(known, blob)) return true;
  const ca = settings.get('SSHAcceptServerCAKey');
  if (ca !== '' && (await caKeys(ca).verify(context)).accept === true) return true;
  const pinned = settings.get('SSHAcceptServerHostKeyFingerPrint');
  return pinned.length > 0 && (await fingerprints(pinned).verify(context)).accept === true;
}

/** Fingerprints that are no fingerprints are found when they are set, not when a server is there. */
export function checkFingerprints(texts: readonly string[]): void {
  try {
    fingerprints(texts);
  } catch (error) {
    throw new SFTPClientError(10022, error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

/** The same for the key of an authority. */
export function checkCaKey(line: string): void {
  try {
    if (line !== '') caKeys(line);
  } catch (error) {
    throw toClientError(error);
  }
}
