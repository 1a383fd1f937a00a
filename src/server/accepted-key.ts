import { sameBytes } from '../base/bytes.ts';
import type { PublicKey } from '../ssh/keys/public-key.ts';
import { isCertificateType, parseSshCertificate } from '../ssh/keys/ssh-certificate.ts';
import { checkSshCertificate, verifySshCertificate } from '../ssh/keys/ssh-certificate-check.ts';
import { WireReader } from '../ssh/wire/reader.ts';
import type { ServerUser } from './login-policy.ts';

/**
 * The key a user may log in with, by the blob of a login request: one of the user's own, or that of a user certificate
 * that is signed by one of the user's CAs, in its time, and good for this name. Undefined for any other.
 */
export function acceptedKey(name: string, user: ServerUser, blob: Uint8Array): PublicKey | undefined {
  const own = user.publicKeys?.find((one) => sameBytes(one.blob, blob));
  const { authorities = [] } = user;
  if (own !== undefined || authorities.length === 0) return own;
  if (!isCertificateType(new WireReader(blob).text())) return undefined;
  const certificate = parseSshCertificate(blob);
  const problem = checkSshCertificate(certificate, { kind: 'user', principal: name });
  if (problem !== undefined || !authorities.some((ca) => verifySshCertificate(certificate, ca)))
    return undefined;
  return certificate.publicKey;
}
