import { toWherryError, WherryError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { certificateAlgorithms, HOST_KEY_ALGORITHMS } from '../ssh/crypto/certificate-algorithms.ts';
import { hostKeyAlgorithms } from '../ssh/crypto/signatures.ts';
import type { PresentedHostKey } from '../ssh/transport/options.ts';
import type { HostKeyVerifier } from '../ssh/trust/host-key-verifier.ts';

const WHAT_TO_DO =
  'compare it with what the owner of the server tells you, then pass trust: fingerprints([…]), ' +
  'or record it in known_hosts and pass trust: knownHosts()';

/** Asks the trust source about a host key whose signature is verified; rejects with HOST_KEY_* when it says no. */
export async function checkHostKey(
  trust: HostKeyVerifier | undefined,
  host: string,
  port: number,
  presented: PresentedHostKey,
  log: Log,
): Promise<void> {
  const { key, fingerprint } = presented;
  const details = { host, port, fingerprint, keyType: key.type };
  const shown = `host key of ${host} port ${port} is ${key.type} ${fingerprint}`;
  if (trust === undefined) {
    log.event({
      kind: 'hostKey',
      keyType: key.type,
      fingerprint,
      accepted: false,
      reason: 'no trust source',
    });
    throw new WherryError(
      'HOST_KEY_UNKNOWN',
      `the ${shown}, and no trust source was given: ${WHAT_TO_DO}`,
      details,
    );
  }
  let decision: Awaited<ReturnType<HostKeyVerifier['verify']>>;
  try {
    decision = await trust.verify({ host, port, ...presented });
  } catch (error) {
    throw toWherryError(error, 'HOST_KEY_REJECTED', details);
  }
  const accepted = decision.accept === true;
  log.event({ kind: 'hostKey', keyType: key.type, fingerprint, accepted, reason: decision.reason });
  if (decision.accept !== true) {
    const advice = decision.code === 'HOST_KEY_UNKNOWN' ? `; ${WHAT_TO_DO}` : '';
    throw new WherryError(decision.code, `the ${shown}: ${decision.reason}${advice}`, details);
  }
}

/**
 * The host key algorithms to offer: certificates first, of the kinds the trust source can judge; then the key types it
 * has recorded, so that a server with several keys shows the one that can be checked; then the others.
 */
export async function orderHostKeyAlgorithms(
  trust: HostKeyVerifier | undefined,
  host: string,
  port: number,
): Promise<readonly string[]> {
  const kinds = (await trust?.certificates?.(host, port)) ?? [];
  const recorded = (await trust?.keyTypes?.(host, port)) ?? [];
  const isRecorded = (name: string): boolean =>
    recorded.includes(HOST_KEY_ALGORITHMS.get(name)?.blobType ?? '');
  return [
    ...kinds.flatMap(certificateAlgorithms),
    ...hostKeyAlgorithms.filter(isRecorded),
    ...hostKeyAlgorithms.filter((name) => !isRecorded(name)),
  ];
}
