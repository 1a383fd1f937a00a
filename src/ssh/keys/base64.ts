import { toBase64 } from '../../base/bytes.ts';

/** The bytes of canonical base64, with or without padding; undefined for any other text. */
export function strictBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  // Buffer skips what is no base64 digit and takes the URL alphabet: coming out the same proves the text.
  const canonical = toBase64(bytes);
  return text !== '' && (text === canonical || text === stripPadding(canonical)) ? bytes : undefined;
}

/** base64 as fingerprints write it, without the `=` at the end. */
export function unpaddedBase64(bytes: Uint8Array): string {
  return stripPadding(toBase64(bytes));
}

function stripPadding(text: string): string {
  if (text.endsWith('==')) return text.slice(0, -2);
  return text.endsWith('=') ? text.slice(0, -1) : text;
}
