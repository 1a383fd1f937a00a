import { LIMITS } from './limits.ts';

/**
 * The peer's words made fit for a message, a log or a terminal: control characters, bidirectional
 * overrides and line breaks become `?`, and what is too long is cut.
 */
export function sanitize(text: string, max: number = LIMITS.peerTextChars.value): string {
  const cut = text.length > max ? `${text.slice(0, max)}…` : text;
  return cut.replace(
    /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g,
    '?',
  );
}
