import { fingerprint } from '../keys.ts';

/** A fingerprint in hex with colons, as the reference shows it. */
export function hexFingerprint(blob: Uint8Array, algorithm: 'md5' | 'sha1' | 'sha256'): string {
  const text = fingerprint(blob, algorithm).replace(/^[^:]+:/, '');
  if (algorithm === 'md5') return text;
  return Buffer.from(text, 'base64').toString('hex').match(/../g)!.join(':');
}
