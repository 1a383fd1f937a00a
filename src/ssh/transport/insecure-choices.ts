import { HOST_KEY_ALGORITHMS } from '../crypto/certificate-algorithms.ts';
import type { Security } from '../crypto/security.ts';
import type { Negotiated } from './negotiate.ts';

/** What was agreed on and is insecure, each name once per use. */
export function insecureChoices(negotiated: Negotiated): { use: string; name: string }[] {
  const { kexName, kex, hostKey, clientToServer, serverToClient } = negotiated;
  const chosen: (readonly [use: string, name: string, row: { security: Security } | undefined])[] = [
    ['key exchange', kexName, kex],
    ['host key algorithm', hostKey, HOST_KEY_ALGORITHMS.get(hostKey)],
  ];
  for (const { cipherName, cipher, macName, mac } of [clientToServer, serverToClient]) {
    chosen.push(['cipher', cipherName, cipher]);
    if (macName !== undefined) chosen.push(['MAC', macName, mac]);
  }
  const insecure = new Map<string, { use: string; name: string }>();
  for (const [use, name, row] of chosen) {
    if (row?.security === 'insecure') insecure.set(`${use} ${name}`, { use, name });
  }
  return [...insecure.values()];
}
