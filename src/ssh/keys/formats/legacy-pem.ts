/** The old way of OpenSSL to encrypt a PEM key (RFC 1421 headers): one MD5 of the passphrase, no rounds. */
import { type CipherInfo, createDecipheriv, createHash, getCipherInfo, type KeyObject } from 'node:crypto';
import { sanitize } from '../../../base/text.ts';
import type { PemBlock } from '../pem.ts';
import { damaged, passphraseRequired, passphraseWrong, unsupported } from './key-errors.ts';
import { importDecrypted } from './pkcs8.ts';

const SALT = 8;

/** The key of a block with a DEK-Info header. */
export function openLegacyPem(block: PemBlock, passphrase: Uint8Array | undefined): KeyObject {
  const [cipher = '', hex = ''] = (block.headers.get('DEK-Info') ?? '').split(',').map((part) => part.trim());
  if (!/^(?:[0-9a-f]{2}){8,16}$/i.test(hex)) throw damaged('its DEK-Info line cannot be read');
  const info = /^[\w-]+$/.test(cipher) ? getCipherInfo(cipher) : undefined;
  if (info === undefined) {
    const shown = sanitize(cipher, 64);
    throw unsupported(`the private key is encrypted with ${shown}, unknown to node:crypto`);
  }
  if (passphrase === undefined) throw passphraseRequired();
  return importDecrypted(decrypt(block.bytes!, cipher, info, Buffer.from(hex, 'hex'), passphrase));
}

function decrypt(
  data: Uint8Array,
  cipher: string,
  { keyLength, ivLength = 0 }: CipherInfo,
  iv: Uint8Array,
  passphrase: Uint8Array,
): Uint8Array {
  try {
    const key = derive(passphrase, iv.subarray(0, SALT), keyLength);
    const decipher = createDecipheriv(cipher, key, iv.subarray(0, ivLength));
    key.fill(0);
    return Buffer.concat([decipher.update(data), decipher.final()]);
  } catch (error) {
    throw passphraseWrong(false, error);
  }
}

/** EVP_BytesToKey of OpenSSL with MD5 and one round. */
function derive(passphrase: Uint8Array, salt: Uint8Array, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let have = 0; have < length; have += 16) {
    const hash = createHash('md5').update(blocks.at(-1) ?? '');
    blocks.push(hash.update(passphrase).update(salt).digest());
  }
  return Buffer.concat(blocks).subarray(0, length);
}
