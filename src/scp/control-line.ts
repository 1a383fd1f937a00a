import { WherryError } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import { sanitize } from '../base/text.ts';

/** A line of the scp protocol that announces something; sizes in bytes, times in seconds since 1970. */
export type ControlLine =
  | { readonly kind: 'file'; readonly mode: number; readonly size: number; readonly name: string }
  | { readonly kind: 'folder'; readonly mode: number; readonly name: string }
  | { readonly kind: 'leave' }
  | { readonly kind: 'times'; readonly modifyTime: number; readonly accessTime: number }
  /** 1: something was left out and the copy goes on; 2: it ends. */
  | { readonly kind: 'trouble'; readonly fatal: boolean; readonly message: string };

/** Reads a line without its line end. Anything that is not exactly of a known form throws SSH_MALFORMED. */
export function parseControlLine(line: string): ControlLine {
  const type = line[0];
  if (type === '\x01' || type === '\x02') {
    return { kind: 'trouble', fatal: type === '\x02', message: sanitize(line.slice(1)) };
  }
  if (line === 'E') return { kind: 'leave' };
  const entry = /^([CD])([0-7]{4}) (\d{1,16}) ([^\n]+)$/.exec(line);
  if (entry !== null) {
    const [, letter, octal, digits, name] = entry;
    const mode = Number.parseInt(octal!, 8);
    const size = Number(digits);
    if (!Number.isSafeInteger(size)) throw malformed(line);
    return letter === 'C' ? { kind: 'file', mode, size, name: name! } : { kind: 'folder', mode, name: name! };
  }
  const times = /^T(\d{1,12}) \d{1,6} (\d{1,12}) \d{1,6}$/.exec(line);
  if (times !== null) return { kind: 'times', modifyTime: Number(times[1]), accessTime: Number(times[2]) };
  throw malformed(line);
}

/** The line that announces a file or a folder. */
export function entryLine(type: 'C' | 'D', mode: number, size: number, name: string): string {
  if (name === '' || /[/\n\0]/.test(name)) {
    throw new WherryError('INVALID_ARGUMENT', `"${sanitize(name, 200)}" cannot be sent by scp`);
  }
  return `${type}${(mode & 0o7777).toString(8).padStart(4, '0')} ${size} ${name}\n`;
}

export function timesLine(modifyTime: number, accessTime: number): string {
  return `T${Math.max(0, Math.trunc(modifyTime))} 0 ${Math.max(0, Math.trunc(accessTime))} 0\n`;
}

function malformed(line: string): WherryError {
  const shown = sanitize(line, Math.min(120, LIMITS.scpControlLine.value));
  return new WherryError('SSH_MALFORMED', `not a line of the scp protocol: "${shown}"`);
}
