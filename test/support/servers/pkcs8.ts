/** Turns an unencrypted Ed25519 key file of ssh-keygen into PKCS#8, which ssh-keygen itself writes only since 9.6. */
import { createPrivateKey } from 'node:crypto';

/** PrivateKeyInfo { version 0, { 1.3.101.112 }, OCTET STRING { OCTET STRING (32 bytes) } }, RFC 8410 section 7. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

export function ed25519ToPkcs8(openssh: string, passphrase?: string): string {
  const body = Buffer.from(openssh.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  // The private half holds string(32) public key, then string(64) seed + public key; it is the only string of 64 here.
  const marker = Buffer.from([0, 0, 0, 64]);
  const at = body.indexOf(marker, body.lastIndexOf('ssh-ed25519'));
  if (at < 0) throw new Error('not an unencrypted Ed25519 key in OpenSSH format');
  const seed = body.subarray(at + 4, at + 36);
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const encryption = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  return key.export({ type: 'pkcs8', format: 'pem', ...encryption }) as string;
}
