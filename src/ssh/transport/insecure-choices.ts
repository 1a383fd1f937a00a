import { CIPHERS } from '../crypto/ciphers.ts';
import { KEX_ALGORITHMS } from '../crypto/key-exchanges.ts';
import { MACS } from '../crypto/macs.ts';
import type { AlgorithmRow } from '../crypto/security.ts';
import { SIGNATURE_ALGORITHMS } from '../crypto/signatures.ts';
import type { Negotiated } from './negotiate.ts';

/** What was agreed on and is insecure, each name once per use. */
export function insecureChoices(negotiated: Negotiated): { use: string; name: string }[] {
  const { kexName, hostKey, clientToServer: out, serverToClient: into } = negotiated;
  const chosen: readonly (readonly [string, Readonly<Record<string, AlgorithmRow>>, string | undefined])[] = [
    ['key exchange', KEX_ALGORITHMS, kexName],
    ['host key algorithm', SIGNATURE_ALGORITHMS, hostKey],
    ['cipher', CIPHERS, out.cipherName],
    ['cipher', CIPHERS, into.cipherName === out.cipherName ? undefined : into.cipherName],
    ['MAC', MACS, out.macName],
    ['MAC', MACS, into.macName === out.macName ? undefined : into.macName],
  ];
  return chosen.flatMap(([use, table, name]) =>
    name !== undefined && table[name]?.security === 'insecure' ? [{ use, name }] : [],
  );
}
