import type { Log } from '../../base/log.ts';
import { insecureChoices } from './insecure-choices.ts';
import type { Negotiated } from './negotiate.ts';

/** Tells the log what was agreed on, and warns of each algorithm of it that is insecure. */
export function logNegotiated(log: Log, negotiated: Negotiated, strict: boolean): void {
  const { kexName, hostKey, clientToServer, serverToClient } = negotiated;
  log.event({
    kind: 'negotiated',
    strict,
    algorithms: {
      kex: kexName,
      hostKey,
      cipherOut: clientToServer.cipherName,
      cipherIn: serverToClient.cipherName,
      macOut: clientToServer.macName ?? '',
      macIn: serverToClient.macName ?? '',
    },
  });
  for (const { use, name } of insecureChoices(negotiated))
    log.event({ kind: 'insecureAlgorithm', use, name });
}
