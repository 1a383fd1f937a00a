import type { DirectoryEntry, FileType } from '../index.ts';
import { paint } from './paint.ts';
import { printable } from './printable.ts';

const TYPE_LETTERS: Readonly<Record<FileType, string>> = {
  file: '-',
  directory: 'd',
  symlink: 'l',
  socket: 's',
  character: 'c',
  block: 'b',
  fifo: 'p',
  special: '?',
  unknown: '?',
};

const COLOURS: Partial<Record<FileType, 'blue' | 'cyan'>> = { directory: 'blue', symlink: 'cyan' };
const SIZE_COLUMNS = 12;

/** An entry as `ls -l` shows it: type and permissions, bytes, local time, name. What the server did not tell is `?`. */
export function listingLine({ name, type, attributes }: DirectoryEntry, colours = false): string {
  const { permissions, size, modifyTime } = attributes;
  const mode =
    TYPE_LETTERS[type] + (permissions === undefined ? '?????????' : permissionLetters(permissions));
  const bytes = (size === undefined ? '?' : String(size)).padStart(SIZE_COLUMNS);
  return `${mode} ${bytes} ${timeText(modifyTime)} ${paint(printable(name), COLOURS[type] ?? 'plain', colours)}`;
}

/** `rwxr-xr-x`, with `s` and `t` for the setuid, setgid and sticky bits. */
export function permissionLetters(permissions: number): string {
  const letters = [...'rwxrwxrwx'].map((letter, i) => ((permissions >> (8 - i)) & 1 ? letter : '-'));
  for (const [bit, at, letter] of [
    [0o4000, 2, 's'],
    [0o2000, 5, 's'],
    [0o1000, 8, 't'],
  ] as const) {
    if ((permissions & bit) !== 0) letters[at] = letters[at] === 'x' ? letter : letter.toUpperCase();
  }
  return letters.join('');
}

function timeText(seconds: number | undefined): string {
  if (seconds === undefined) return '?'.padEnd(16);
  const time = new Date(seconds * 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${date} ${two(time.getHours())}:${two(time.getMinutes())}`;
}
