import { utf8 } from '../base/bytes.ts';
import { WherryError } from '../base/errors.ts';
import { checkLimit } from '../base/limits.ts';
import { WireReader } from '../ssh/wire/reader.ts';
import { WireWriter } from '../ssh/wire/writer.ts';
import type { SftpVersion } from './versions.ts';

/**
 * Access control lists of filexfer-13 section 7.8, which are those of NFSv4 (RFC 7530 section 6.2), and their text: one
 * entry a line, `type:flags:who:rights` in the letters of nfs4_setfacl, as in `A:fd:OWNER@:rwx`. What has no letter
 * stands as `+0x...` behind the letters, and bytes of `who` that would break a line as `%0a`, so that every list comes
 * back as the same bytes. A list that is damaged is shown as `raw:` and its bytes in hex.
 */
interface Acl {
  /** Version 6 only, for instance 0x1 for "control included". */
  readonly flags: number;
  readonly entries: readonly Entry[];
}

interface Entry {
  readonly type: number;
  readonly flags: number;
  readonly mask: number;
  readonly who: Uint8Array;
}

/** Letter and number, in the order in which they are written. */
const TYPES = { A: 0, D: 1, U: 2, L: 3 } as const;
const FLAGS = { f: 0x1, d: 0x2, n: 0x4, i: 0x8, S: 0x10, F: 0x20, g: 0x40 } as const;
const RIGHTS = {
  r: 0x1,
  w: 0x2,
  a: 0x4,
  n: 0x8,
  N: 0x10,
  x: 0x20,
  D: 0x40,
  t: 0x80,
  T: 0x100,
  d: 0x1_0000,
  c: 0x2_0000,
  C: 0x4_0000,
  o: 0x8_0000,
  y: 0x10_0000,
} as const;
type Letters = Readonly<Record<string, number>>;

/** The list, or its bytes where they are no list. */
export function readAcl(bytes: Uint8Array, version: SftpVersion): Acl | Uint8Array {
  try {
    const reader = new WireReader(bytes);
    const flags = version === 6 ? reader.u32() : 0;
    const count = reader.u32();
    checkLimit('aclEntries', count);
    const entries = Array.from({ length: count }, () => ({
      type: reader.u32(),
      flags: reader.u32(),
      mask: reader.u32(),
      who: Uint8Array.from(reader.string()),
    }));
    reader.end();
    return { flags, entries };
  } catch {
    return Uint8Array.from(bytes);
  }
}

export function aclToText(acl: Acl | Uint8Array): string {
  if (acl instanceof Uint8Array) return `raw:${Buffer.from(acl).toString('hex')}`;
  const lines = acl.entries.map(({ type, flags, mask, who }) => {
    const letter = Object.entries(TYPES).find(([, number]) => number === type)?.[0] ?? String(type);
    return [letter, toLetters(flags, FLAGS), escapeWho(who), toLetters(mask, RIGHTS)].join(':');
  });
  return [...(acl.flags === 0 ? [] : [`flags:0x${acl.flags.toString(16)}`]), ...lines].join('\n');
}

/** The bytes of a list, from its text; throws INVALID_ARGUMENT with the line that is none. */
export function textToAcl(text: string, version: SftpVersion): Uint8Array {
  const raw = /^raw:((?:[0-9a-f]{2})*)$/i.exec(text.trim());
  if (raw !== null) return Buffer.from(raw[1]!, 'hex');
  const lines = text.split('\n').map((line) => line.trim());
  const flagsLine = lines.findIndex((line) => line.startsWith('flags:'));
  const flags = flagsLine < 0 ? 0 : fromLetters(`+${lines[flagsLine]!.slice(6)}`, {}, text);
  const entries = lines
    .filter((line, i) => i !== flagsLine && line !== '' && !line.startsWith('#'))
    .map(parseEntry);
  if (flags !== 0 && version < 6)
    throw new WherryError('SFTP_OP_UNSUPPORTED', `SFTP version ${version} has no flags of a whole ACL`);
  const writer = new WireWriter();
  if (version === 6) writer.u32(flags);
  writer.u32(entries.length);
  for (const { type, flags: inherit, mask, who } of entries)
    writer.u32(type).u32(inherit).u32(mask).string(who);
  return writer.finish();
}

function parseEntry(line: string): Entry {
  // `who` may hold colons; letters do not.
  const [, type, flags, who, rights] = /^([^:]+):([^:]*):(.*):([^:]*)$/.exec(line) ?? [];
  const number = type === undefined ? undefined : ((TYPES as Letters)[type] ?? wholeNumber(type));
  if (number === undefined) throw wrong(line);
  return {
    type: number,
    flags: fromLetters(flags!, FLAGS, line),
    mask: fromLetters(rights!, RIGHTS, line),
    who: unescapeWho(who!),
  };
}

function toLetters(value: number, letters: Letters): string {
  let left = value;
  let text = '';
  for (const [letter, bit] of Object.entries(letters)) {
    if ((value & bit) === 0) continue;
    text += letter;
    left -= bit;
  }
  return left === 0 ? text : `${text}+0x${left.toString(16)}`;
}

function fromLetters(text: string, letters: Letters, line: string): number {
  const [, known, more] = /^([A-Za-z]*)(?:\+(0x[0-9a-f]{1,8}))?$/i.exec(text) ?? [];
  if (known === undefined) throw wrong(line);
  let value = more === undefined ? 0 : Number(more);
  for (const letter of known) {
    const bit = letters[letter];
    if (bit === undefined) throw wrong(line);
    value = (value | bit) >>> 0;
  }
  return value;
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) && Number(text) <= 0xffff_ffff ? Number(text) : undefined;
}

function escapeWho(who: Uint8Array): string {
  const text = utf8(who);
  const valid = Buffer.from(text, 'utf8').equals(who);
  const shown = valid ? text : Buffer.from(who).toString('latin1');
  const unsafe = valid ? /[%\s\u0000-\u001f\u007f-\u009f]/g : /[%\s\u0000-\u001f\u007f-\u00ff]/g;
  return shown.replace(unsafe, (one) => {
    const code = one.charCodeAt(0);
    if (!valid || code < 0x80) return `%${code.toString(16).padStart(2, '0')}`;
    return Buffer.from(one, 'utf8').toString('hex').replace(/../g, '%$&');
  });
}

function unescapeWho(text: string): Uint8Array {
  const parts = text.split(/%([0-9a-f]{2})/i);
  return Buffer.concat(parts.map((part, i) => Buffer.from(part, i % 2 === 1 ? 'hex' : 'utf8')));
}

function wrong(line: string): WherryError {
  return new WherryError(
    'INVALID_ARGUMENT',
    `not an entry of an ACL, type:flags:who:rights: ${JSON.stringify(line)}`,
  );
}
