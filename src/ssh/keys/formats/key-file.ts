/** A key file as bytes and as text, whatever it is. */
import { fromUtf8, view } from '../../../base/bytes.ts';
import { WherryError } from '../../../base/errors.ts';
import { LIMITS } from '../../../base/limits.ts';
import { type PemBlock, pemBlocks } from '../pem.ts';

export interface KeyFile {
  readonly bytes: Uint8Array;
  /** One character a byte, or what UTF-16 said; without a byte order mark. */
  readonly text: string;
  readonly blocks: readonly PemBlock[];
}

/** Takes a file, or its contents as text; a text whose characters are bytes of DER is taken for those bytes. */
export function keyFile(input: Uint8Array | string): KeyFile {
  checkSize(input.length);
  const bytes = typeof input === 'string' ? bytesOf(input) : input;
  const text = keyFileText(bytes);
  return { bytes, text, blocks: pemBlocks(text) };
}

/** The text of a key file: UTF-16 as PowerShell redirects it, else one character a byte. */
function keyFileText(input: Uint8Array): string {
  const bytes = view(input);
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString('utf16le', 2);
  return bytes.toString('latin1', bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0);
}

/** Text of one character a byte as the UTF-8 it mostly is. */
export function asUtf8(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1');
  const text = bytes.toString('utf8');
  return text.includes('\ufffd') ? latin1 : text;
}

function bytesOf(text: string): Uint8Array {
  const binary = /^(?:0[\x80-\x84]|\xfe\xed\xfe\xed|\0\0\0)/.test(text) && !/[^\0-\xff]/.test(text);
  return binary ? Buffer.from(text, 'latin1') : fromUtf8(text);
}

function checkSize(length: number): void {
  const max = LIMITS.keyFileBytes.value;
  if (length <= max) return;
  throw new WherryError('KEY_FORMAT', `no key file is larger than ${max} bytes`, {
    limit: 'keyFileBytes',
    expected: max,
    actual: length,
  });
}
