/** What the runner tells the test files, as JSON in one environment variable. */
import type { Account } from './account.ts';
import type { ServerInfo } from './server.ts';

export const SERVERS_VARIABLE = 'WHERRY_TEST_SERVERS';

export interface MissingServer {
  name: string;
  reason: string;
}

export interface ServersEnvironment {
  fixturesDir: string;
  account: Account;
  servers: ServerInfo[];
  missing: MissingServer[];
}

export function readEnvironment(): ServersEnvironment | undefined {
  const text = process.env[SERVERS_VARIABLE];
  return text ? (JSON.parse(text) as ServersEnvironment) : undefined;
}

export function isCi(): boolean {
  return process.env.CI === 'true';
}
