/** The old way of OpenSSL to encrypt a PEM key (RFC 1421 headers): one MD5 of the passphrase, no rounds. */
import { createPrivateKey, getCiphers, type KeyObject } from 'node:crypto';
import { toBase64 } from '../../../base/bytes.ts';
import { sanitize } from '../../../base/text.ts';
import type { PemBlock } from '../pem.ts';
import { damaged, passphraseRequired, passphraseWrong, unsupported } from './key-errors.ts';

/** The key of a block with a DEK-Info header, which node:crypto opens. */
export function openLegacyPem(block: PemBlock, passphrase: Uint8Array | undefined): KeyObject {
  const [cipher = '', iv = ''] = (block.headers.get('DEK-Info') ?? '').split(',').map((part) => part.trim());
  if (!/^(?:[0-9a-f]{2}){8,16}$/i.test(iv)) throw damaged('its DEK-Info line cannot be read');
  if (!getCiphers().includes(cipher.toLowerCase())) {
    const shown = sanitize(cipher, 64);
    throw unsupported(`the private key is encrypted with ${shown}, unknown to node:crypto`);
  }
  if (passphrase === undefined) throw passphraseRequired();
  const lines = toBase64(block.bytes!).match(/.{1,64}/g)!;
  const key = [
    `-----BEGIN ${block.label}-----`,
    'Proc-Type: 4,ENCRYPTED',
    `DEK-Info: ${cipher.toUpperCase()},${iv.toUpperCase()}`,
    '',
    ...lines,
    `-----END ${block.label}-----`,
    '',
  ].join('\n');
  try {
    return createPrivateKey({ key, format: 'pem', passphrase: Buffer.from(passphrase) });
  } catch (error) {
    // Which error OpenSSL gives for a wrong passphrase depends on its version and on the garbage that came out.
    throw passphraseWrong(false, error);
  }
}
