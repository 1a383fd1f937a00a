import { randomUUID } from 'node:crypto';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { sameBytes } from '../../base/bytes.ts';
import { renameOver } from '../../base/rename-over.ts';
import type { PublicKey } from '../keys/public-key.ts';
import {
  formatKnownHostsLine,
  type HostNames,
  matchesHost,
  parseKnownHostsLine,
} from './known-hosts-line.ts';

/**
 * Makes a file record exactly these keys of a host it knows, as OpenSSH's UpdateHostKeys: keys that are missing are
 * added, and lines for this host alone whose keys are gone are taken out. A line for several hosts stays as it is; a
 * host the file has no key of is not added. True when the file has changed.
 */
export async function updateKnownHosts(
  path: string,
  target: string,
  keys: readonly PublicKey[],
  newSalt: () => Uint8Array,
): Promise<boolean> {
  const rows = (await readFile(path, 'utf8')).split('\n');
  const lines = rows.map((row) => {
    const parsed = parseKnownHostsLine(row.endsWith('\r') ? row.slice(0, -1) : row);
    return parsed.kind === 'entry' && matchesHost(parsed.names, target) ? parsed : undefined;
  });
  const recorded = lines.filter((line) => line?.marker === 'none');
  const unfit = lines.some((line) => line !== undefined && line.marker !== 'none');
  if (recorded.length === 0 || unfit || keys.length === 0) return false;
  const has = (blob: Uint8Array): boolean => keys.some((key) => sameBytes(key.blob, blob));
  const kept = rows.filter((_, i) => {
    const line = lines[i];
    return line === undefined || !isAlone(line.names, target) || has(line.blob);
  });
  const hashed = recorded.some((line) => line?.names.kind === 'hashed');
  const added = keys
    .filter((key) => !recorded.some((line) => sameBytes(line!.blob, key.blob)))
    .map((key) => formatKnownHostsLine(target, key.type, key.blob, hashed ? newSalt() : undefined));
  if (added.length === 0 && kept.length === rows.length) return false;
  const ended = kept.at(-1) === '' ? kept.slice(0, -1) : kept;
  await replaceFile(path, `${[...ended, ...added].join('\n')}\n`);
  return true;
}

function isAlone(names: HostNames, target: string): boolean {
  return names.kind === 'hashed' || (names.patterns.length === 1 && names.patterns[0] === target);
}

/** Whole or not at all, with the mode the file had. */
async function replaceFile(path: string, text: string): Promise<void> {
  const { mode } = await stat(path);
  const fresh = `${path}.${randomUUID()}`;
  await writeFile(fresh, text, { mode: 0o600, flag: 'wx' });
  await chmod(fresh, mode & 0o777);
  await renameOver(fresh, path);
}
