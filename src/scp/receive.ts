import { WherryError } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import { sanitize } from '../base/text.ts';
import { type ControlLine, parseControlLine } from './control-line.ts';
import type { ScpLink } from './link.ts';

export interface Times {
  readonly modifyTime: number;
  readonly accessTime: number;
}

/** What the server sends; `path` is relative to what was asked for, `''` for that itself. */
export interface Incoming {
  readonly path: string;
  readonly name: string;
  /** Permission bits without setuid, setgid and sticky: OpenSSH 487e8ac14. */
  readonly mode: number;
  readonly size: number;
  readonly times: Times | undefined;
}

/** Takes what comes. Each may throw to end the transfer. */
export interface Receiver {
  folder(incoming: Incoming): Promise<void>;
  leave(path: string, times: Times | undefined): Promise<void>;
  file(incoming: Incoming): Promise<FileReceiver>;
  warning(message: string): void;
}

export interface FileReceiver {
  /** Takes the next bytes; resolves when more may come. */
  write(bytes: Uint8Array): void | Promise<void>;
  finish(): Promise<void>;
  fail(): Promise<void>;
}

/** Checks a name that the server chose; throws TRANSFER_UNSAFE_NAME. */
export type NameCheck = (name: string, depth: number) => void;

interface Folder {
  readonly path: string;
  readonly times: Times | undefined;
}

/** The sink's side of `scp -f` (the protocol of rcp, as OpenSSH's scp.c speaks it). `many`: several may come, or none. */
export async function receive(
  link: ScpLink,
  receiver: Receiver,
  recursive: boolean,
  checkName: NameCheck,
  { many = false }: { readonly many?: boolean } = {},
): Promise<void> {
  const folders: Folder[] = [];
  let times: Times | undefined;
  let came = false;
  let first = true;
  await link.acknowledge();
  for (;;) {
    const text = await link.line();
    if (text === undefined) break;
    const line = first ? firstLine(link, text) : parseControlLine(text);
    first = false;
    if (line.kind === 'trouble') {
      if (line.fatal || (folders.length === 0 && !came)) throw link.refused(line.message);
      receiver.warning(line.message);
      continue;
    }
    if (folders.length === 0 && came && !many) throw unasked(line, 'more than was asked for');
    if (line.kind === 'times') {
      times = line;
      await link.acknowledge();
      continue;
    }
    if (line.kind === 'leave') {
      const folder = folders.pop();
      if (folder === undefined) throw unasked(line, 'the end of a folder that was not begun');
      await receiver.leave(folder.path, folder.times);
      came ||= folders.length === 0;
      await link.acknowledge();
      continue;
    }
    checkName(line.name, folders.length);
    const above = folders.at(-1);
    const path = above === undefined ? '' : above.path === '' ? line.name : `${above.path}/${line.name}`;
    const incoming = {
      path,
      name: line.name,
      mode: line.mode & 0o777,
      times,
      size: line.kind === 'file' ? line.size : 0,
    };
    if (line.kind === 'folder') {
      if (!recursive) throw unasked(line, 'a folder where a file was asked for');
      if (folders.length >= LIMITS.scpDepth.value)
        throw unasked(line, `folders more than ${LIMITS.scpDepth.value} deep`);
      await receiver.folder(incoming);
      folders.push({ path, times });
      await link.acknowledge();
    } else {
      await receiveFile(link, receiver, incoming);
      came ||= folders.length === 0;
    }
    times = undefined;
  }
  if (first && many) return;
  if (first) throw link.endedEarly();
  if (folders.length > 0 || !came) {
    throw new WherryError('SCP_FAILED', `the remote scp ended early: ${link.stderr || 'no reason given'}`);
  }
}

function firstLine(link: ScpLink, text: string): ControlLine {
  try {
    return parseControlLine(text);
  } catch {
    throw link.unavailable(text);
  }
}

async function receiveFile(link: ScpLink, receiver: Receiver, incoming: Incoming): Promise<void> {
  const file = await receiver.file(incoming);
  try {
    await link.acknowledge();
    let left = incoming.size;
    while (left > 0) {
      const bytes = await link.take(left);
      left -= bytes.length;
      const wait = file.write(bytes);
      if (wait !== undefined) await wait;
    }
    await link.acknowledgement();
    await file.finish();
  } catch (error) {
    await file.fail();
    throw error;
  }
  await link.acknowledge();
}

function unasked(line: ControlLine, why: string): WherryError {
  const name = 'name' in line ? ` "${sanitize(line.name, 200)}"` : '';
  return new WherryError('TRANSFER_UNSAFE_NAME', `the server sent${name} ${why}`);
}
