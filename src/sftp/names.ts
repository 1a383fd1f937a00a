import { isUtf8 } from 'node:buffer';
import { utf8, view } from '../base/bytes.ts';
import { WherryError } from '../base/errors.ts';

/** How names of files become bytes on the wire and back. No name is lost on the way: see `withEscapes`. */
export interface NameCodec {
  decode(bytes: Uint8Array): string;
  encode(name: string): Uint8Array;
}

/** A surrogate that is not one of a pair. */
const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const FIRST_ESCAPE = 0xdc80;
const LAST_ESCAPE = 0xdcff;

/**
 * UTF-8, where a byte that is none stands as the surrogate U+DC00 plus its value: no valid text has one alone, so the
 * name leads back to the same bytes. Python's os.fsdecode does the same.
 */
export const UTF8_NAMES: NameCodec = {
  decode: (bytes) => (isUtf8(bytes) ? utf8(bytes) : decodeDamaged(bytes)),
  encode: (name) => withEscapes(name, (text) => Buffer.from(text, 'utf8')),
};

/** Bytes that are not UTF-8: what is, as text, each other byte by itself. */
function decodeDamaged(bytes: Uint8Array): string {
  // Put together in one piece: a text that is added to, letter by letter, takes 32 bytes for each.
  const text = Buffer.alloc(2 * bytes.length);
  let end = 0;
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at]!;
    const length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    const part = length === 0 ? undefined : bytes.subarray(at, at + length);
    if (part?.length === length && isUtf8(part)) {
      end += text.write(utf8(part), end, 'utf16le');
      at += length;
    } else {
      text[end++] = lead;
      text[end++] = lead < 0x80 ? 0 : FIRST_ESCAPE >> 8;
      at++;
    }
  }
  return text.toString('utf16le', 0, end);
}

/** Writes a name piece by piece: what lies between escaped bytes by `encode`, those as they are. */
function withEscapes(name: string, encode: (text: string) => Uint8Array): Uint8Array {
  if (!LONE.test(name)) return encode(name);
  const parts: Uint8Array[] = [];
  let rest = name;
  for (let found = LONE.exec(rest); found !== null; found = LONE.exec(rest)) {
    const unit = rest.charCodeAt(found.index);
    if (unit < FIRST_ESCAPE || unit > LAST_ESCAPE) {
      throw new WherryError('INVALID_ARGUMENT', 'a file name holds half a surrogate pair');
    }
    parts.push(encode(rest.slice(0, found.index)), Uint8Array.of(unit & 0xff));
    rest = rest.slice(found.index + 1);
  }
  return Buffer.concat([...parts, encode(rest)]);
}

/**
 * Names in a code page, such as `windows-1251` or `shift_jis`, by iconv-lite, which is loaded for it. A name that does not
 * come back as the same bytes is shown with its bytes above 127 escaped, as in UTF8_NAMES.
 */
export async function codePageNames(label: string): Promise<NameCodec> {
  if (/^utf-?8$/i.test(label)) return UTF8_NAMES;
  const { default: iconv } = await import('iconv-lite');
  if (!iconv.encodingExists(label)) {
    throw new WherryError('INVALID_ARGUMENT', `there is no text encoding ${JSON.stringify(label)}`);
  }
  const encode = (text: string): Uint8Array => {
    const bytes = iconv.encode(text, label);
    if (iconv.decode(bytes, label) === text) return bytes;
    throw new WherryError('INVALID_ARGUMENT', `${JSON.stringify(text)} cannot be written in ${label}`, {
      phase: 'name encoding',
    });
  };
  return {
    decode: (bytes) => {
      const text = iconv.decode(view(bytes), label);
      return iconv.encode(text, label).equals(bytes) && !LONE.test(text) ? text : escapeHigh(bytes);
    },
    encode: (name) => withEscapes(name, encode),
  };
}

function escapeHigh(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte)).join('');
}
