/** PKCS#1, SEC1 and PKCS#8 private keys, plain or encrypted: node:crypto reads them once they are looked over. */
import { createPrivateKey, getCiphers, type PrivateKeyInput } from 'node:crypto';
import { toBase64 } from '../../base/bytes.ts';
import { WherryError } from '../../base/errors.ts';
import { sanitize } from '../../base/text.ts';
import { makePrivateKey, type PrivateKey } from './key-pair.ts';
import type { PemBlock } from './pem.ts';
import { checkPkcs8Encryption } from './pkcs8-encryption.ts';

/** `RSA PRIVATE KEY` (RFC 8017 appendix A.1.2), plain or encrypted the old way of OpenSSL. */
export function parsePkcs1(block: PemBlock, passphrase: Uint8Array | undefined): PrivateKey {
  return parseTraditional(block, 'pkcs1', passphrase);
}

/** `EC PRIVATE KEY` (RFC 5915), plain or encrypted the old way of OpenSSL. */
export function parseSec1(block: PemBlock, passphrase: Uint8Array | undefined): PrivateKey {
  return parseTraditional(block, 'sec1', passphrase);
}

/** `PRIVATE KEY` (RFC 5208, RFC 5958). */
export function parsePkcs8(block: PemBlock): PrivateKey {
  return load({ key: body(block), format: 'der', type: 'pkcs8' }, notEncrypted);
}

/** `ENCRYPTED PRIVATE KEY` (RFC 5208 section 6). */
export function parseEncryptedPkcs8(block: PemBlock, passphrase: Uint8Array | undefined): PrivateKey {
  const key = body(block);
  checkPkcs8Encryption(key);
  return load({ key, format: 'der', type: 'pkcs8', passphrase: needed(passphrase) }, refused(passphrase));
}

function parseTraditional(
  block: PemBlock,
  type: 'pkcs1' | 'sec1',
  passphrase: Uint8Array | undefined,
): PrivateKey {
  const key = body(block);
  const dekInfo = block.headers.get('DEK-Info');
  if (dekInfo === undefined) return load({ key, format: 'der', type }, notEncrypted);
  const [cipher = '', iv = ''] = dekInfo.split(',').map((part) => part.trim());
  if (!/^(?:[0-9a-f]{2}){8,16}$/i.test(iv)) throw damaged('its DEK-Info line cannot be read');
  if (!getCiphers().includes(cipher.toLowerCase())) {
    const shown = sanitize(cipher, 64);
    throw new WherryError(
      'KEY_UNSUPPORTED',
      `the private key is encrypted with ${shown}, unknown to node:crypto`,
    );
  }
  const lines = toBase64(key).match(/.{1,64}/g)!;
  const pem = [
    `-----BEGIN ${block.label}-----`,
    'Proc-Type: 4,ENCRYPTED',
    `DEK-Info: ${cipher.toUpperCase()},${iv.toUpperCase()}`,
    '',
    ...lines,
    `-----END ${block.label}-----`,
    '',
  ].join('\n');
  return load({ key: pem, format: 'pem', passphrase: needed(passphrase) }, refused(passphrase));
}

type Refusal = (cause: unknown) => WherryError;

// Which error OpenSSL gives for a wrong passphrase depends on its version and on the garbage that came out, so
// the code is decided by whether the file is encrypted, never by the text of the error.
function load(input: PrivateKeyInput & { passphrase?: Uint8Array }, refusal: Refusal): PrivateKey {
  let key: ReturnType<typeof createPrivateKey>;
  try {
    key = createPrivateKey(input as PrivateKeyInput);
  } catch (error) {
    throw refusal(error);
  }
  return makePrivateKey(key, '');
}

function body(block: PemBlock): Buffer {
  if (block.bytes === undefined || block.bytes.length === 0) throw damaged('its body is not base64');
  return Buffer.from(block.bytes);
}

function needed(passphrase: Uint8Array | undefined): Buffer {
  if (passphrase === undefined) throw required();
  return Buffer.from(passphrase);
}

function damaged(why: string, cause?: unknown): WherryError {
  return new WherryError('KEY_FORMAT', `the private key is damaged: ${why}`, {}, cause);
}

function notEncrypted(cause: unknown): WherryError {
  return damaged('node:crypto cannot read it', cause);
}

function refused(passphrase: Uint8Array | undefined): Refusal {
  return (cause) => {
    if (passphrase?.length === 0) return required(cause);
    const text = 'the passphrase does not open the private key, or the file is damaged';
    return new WherryError('KEY_PASSPHRASE_WRONG', text, {}, cause);
  };
}

function required(cause?: unknown): WherryError {
  const text = 'the private key is encrypted: a passphrase is needed';
  return new WherryError('KEY_PASSPHRASE_REQUIRED', text, {}, cause);
}
