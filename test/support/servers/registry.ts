/** The real servers the tests and the bench run against, and how they are had. */
import { type Account, getAccount } from './account.ts';
import { ensurePackages, isRoot, missingPackages } from './apt.ts';
import { startDropbear } from './dropbear.ts';
import type { MissingServer, ServersEnvironment } from './environment.ts';
import { type Fixtures, getFixtures } from './fixtures.ts';
import { startSshd } from './openssh.ts';
import { findOpenssh10 } from './openssh10.ts';
import type { RealServer, ServerInfo } from './server.ts';
import { startTinysshd } from './tinysshd.ts';

export interface StartContext {
  account: Account;
  fixtures: Fixtures;
  log: (line: string) => void;
}

export interface ServerRow {
  /** What it is there for. */
  doc: string;
  /** Debian packages it needs; elsewhere the programs only have to be there. */
  packages: readonly string[];
  needsRoot: boolean;
  start(context: StartContext): Promise<RealServer>;
}

export type ServerName = 'openssh' | 'openssh10' | 'dropbear' | 'tinysshd';

export const SERVERS: Record<ServerName, ServerRow> = {
  openssh: {
    doc: "the system's sshd with its default algorithms",
    packages: ['openssh-server', 'openssh-client', 'openssh-sftp-server'],
    needsRoot: false,
    start: ({ account, fixtures }) => startSshd({ account, fixtures }),
  },
  openssh10: {
    doc: 'OpenSSH 10 or newer: mlkem768x25519-sha256',
    // The system's package brings the PAM service, the sshd account and libwrap0, which the unpacked one needs too.
    packages: ['openssh-server', 'openssh-client'],
    needsRoot: false,
    start: async ({ account, fixtures, log }) =>
      startSshd({ name: 'openssh10', program: await findOpenssh10(log), account, fixtures }),
  },
  dropbear: {
    doc: 'a small second implementation',
    packages: ['dropbear-bin', 'openssh-sftp-server', 'openssh-client'],
    needsRoot: true,
    start: ({ account, fixtures }) => startDropbear({ account, fixtures }),
  },
  tinysshd: {
    doc: 'Ed25519 and chacha20-poly1305 only, public keys only',
    packages: ['tinysshd', 'ucspi-tcp', 'openssh-sftp-server', 'openssh-client'],
    needsRoot: true,
    start: ({ account, fixtures }) => startTinysshd({ account, fixtures }),
  },
};

export const SERVER_NAMES: readonly ServerName[] = Object.keys(SERVERS) as ServerName[];

export interface StartedServers {
  servers: RealServer[];
  missing: MissingServer[];
  /** For WHERRY_TEST_SERVERS, see environment.ts; undefined when not even keys could be made. */
  environment: ServersEnvironment | undefined;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Installs what is missing and starts `names`; what cannot be had is in `missing`, with the reason. */
export async function startServers(
  names: readonly ServerName[] = SERVER_NAMES,
  log: (line: string) => void = () => {},
): Promise<StartedServers> {
  const servers: RealServer[] = [];
  const missing: MissingServer[] = [];
  let environment: ServersEnvironment | undefined;
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  const miss = (name: string, error: unknown): void => {
    const reason = error instanceof Error ? error.message : String(error);
    missing.push({ name, reason });
  };
  try {
    if (process.platform === 'win32') throw new Error('real servers are started on Linux and macOS only');
    const packageTrouble = await install(names, log);
    const context: StartContext = { account: await getAccount(), fixtures: await getFixtures(), log };
    await Promise.all(
      names.map(async (name) => {
        try {
          const row = SERVERS[name];
          if (row.needsRoot && !isRoot()) throw new Error('needs root');
          const lacking = packageTrouble && (await missingPackages(row.packages));
          if (lacking && lacking.length > 0) throw new Error(packageTrouble.message);
          servers.push(await row.start(context));
        } catch (error) {
          miss(name, error);
        }
      }),
    );
    environment = {
      fixturesDir: context.fixtures.dir,
      account: context.account,
      servers: servers.map(infoOf),
      missing,
    };
  } catch (error) {
    for (const name of names) miss(name, error);
  }
  return { servers, missing, environment, stop, [Symbol.asyncDispose]: stop };
}

/** Undefined when all packages are there; a mirror that is down costs only the servers that lack something. */
async function install(
  names: readonly ServerName[],
  log: (line: string) => void,
): Promise<Error | undefined> {
  const wanted = names.filter((name) => isRoot() || !SERVERS[name].needsRoot);
  try {
    await ensurePackages(
      wanted.flatMap((name) => SERVERS[name].packages),
      log,
    );
    return undefined;
  } catch (error) {
    log((error as Error).message);
    return error as Error;
  }
}

/** The part of a server that can be told to another process. */
export function infoOf(server: RealServer): ServerInfo {
  return JSON.parse(JSON.stringify(server)) as ServerInfo;
}
