/** Certificates in PKCS#7 (RFC 2315), as in .p7b files: SignedData without data or signers. */
import { DerReader } from '../der.ts';
import { withLengths } from './ber.ts';
import { certificateEntry, type KeyEntry, readCertificate } from './key-entry.ts';
import { damaged, unsupported } from './key-errors.ts';
import type { WorkBudget } from './work-budget.ts';

export const SIGNED_DATA = '1.2.840.113549.1.7.2';

export function readPkcs7(bytes: Uint8Array, budget: WorkBudget): KeyEntry[] {
  const info = new DerReader(withLengths(bytes)).sequence();
  const oid = info.oid();
  if (oid !== SIGNED_DATA) throw unsupported(`PKCS#7 content ${oid}; signed data is read`);
  const signed = info.into(0xa0).sequence();
  signed.integer();
  signed.set();
  signed.sequence();
  const certificates = signed.optional(0xa0);
  const entries: KeyEntry[] = [];
  while (certificates !== undefined && certificates.remaining > 0) {
    const { tag, raw } = certificates.take();
    // Other tags are forms of certificates nobody has seen for decades (RFC 5652 section 10.2.2).
    if (tag === 0x30) entries.push(certificateEntry(readCertificate(raw, budget)));
  }
  if (entries.length === 0) throw damaged('there is no certificate in it');
  return entries;
}
