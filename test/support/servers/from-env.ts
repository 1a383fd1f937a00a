/** How a test file gets at the real servers `npm test` started for it. */
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { getAccount } from './account.ts';
import { isRoot } from './apt.ts';
import { isCi, readEnvironment } from './environment.ts';
import { getFixtures } from './fixtures.ts';
import { sshdPath } from './openssh.ts';
import type { ServerName } from './registry.ts';
import type { ServerInfo } from './server.ts';

/** For node:test: `test('...', requireServer('openssh'), ...)`. */
export interface Requirement {
  skip: string | false;
}

export type ServerNeed = 'password' | 'keyboard-interactive';

const NOT_STARTED = 'no real servers were started: run this file with `npm test -- <name>`';

/** Says whether a server is there, and lets in by `needs`; under CI=true it throws when not. */
export function requireServer(name: ServerName, ...needs: ServerNeed[]): Requirement {
  const environment = readEnvironment();
  if (!environment) return unmet(NOT_STARTED);
  const server = environment.servers.find((row) => row.name === name);
  if (!server) {
    const reason = environment.missing.find((row) => row.name === name)?.reason ?? 'it was not started';
    return unmet(`no ${name}: ${reason}`);
  }
  if (needs.includes('password') && server.password === undefined)
    return unmet(`${name} has no password login here`);
  if (needs.includes('keyboard-interactive') && !server.keyboardInteractive)
    return unmet(`${name} has no keyboard-interactive login here`);
  return { skip: false };
}

/** For tests that start an sshd of their own (startSshd); with `needs: 'root'` one with password login. */
export function requireSshd(needs?: 'root'): Requirement {
  if (sshdPath() === undefined) return unmet('no sshd on this machine');
  if (needs === 'root' && !isRoot()) return unmet('not root: sshd lets nobody in by password');
  return { skip: false };
}

function unmet(reason: string): Requirement {
  if (isCi()) throw new Error(reason);
  return { skip: reason };
}

/** The server by that name; throws when it is not there (guard the test with requireServer). */
export function realServer(name: ServerName): ServerInfo {
  const server = realServers().find((row) => row.name === name);
  if (!server) throw new Error(readEnvironment() ? `no ${name} was started` : NOT_STARTED);
  return server;
}

/** All servers that are there, for tests that loop over them. */
export function realServers(): ServerInfo[] {
  return readEnvironment()?.servers ?? [];
}

export interface Scratch {
  path: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A fresh folder in the account's home that the account may write in; it goes away with `await using`. */
export async function makeScratch(prefix = 'scratch-'): Promise<Scratch> {
  const account = await getAccount();
  const path = await mkdtemp(join(isRoot() ? account.home : (await getFixtures()).dir, prefix));
  if (isRoot()) await chown(path, account.uid, account.gid);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
