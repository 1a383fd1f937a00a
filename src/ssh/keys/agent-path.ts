import { readdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { pageantHash } from './windows/pageant-hash.ts';

/** Whose agent it is, which decides where it is found on Windows. */
export type AgentMaker = 'openssh' | 'pageant';
/** `any`: Pageant where it runs, else OpenSSH's. */
export type AgentKind = AgentMaker | 'any';

/** What an agent's place depends on. */
export interface AgentSurroundings {
  readonly platform: string;
  readonly socket: string | undefined;
  readonly user: () => string;
  /** The names of the pipes there are, on Windows; undefined where they cannot be listed. */
  readonly pipes: () => readonly string[] | undefined;
  /** What the name of Pageant's pipe ends with; undefined where it cannot be told. */
  readonly pageantHash: () => Promise<string | undefined>;
}

const PIPES = '\\\\.\\pipe\\';
/** The agent that comes with Windows; there is no SSH_AUTH_SOCK there as a rule. */
const OPENSSH_PIPE = 'openssh-ssh-agent';

/**
 * Where the usual agent listens; undefined where there is none. PuTTY's agent on Windows has a pipe called
 * `pageant.<user>.<hash>` (PuTTY 0.75 and later). The hash finds it whatever PuTTY calls the user, who in a domain may
 * have another name; without it, or a pipe with it, the user's name must do. Elsewhere it is found by SSH_AUTH_SOCK as any other.
 */
export async function agentPath(
  kind: AgentMaker,
  around: AgentSurroundings = here,
): Promise<string | undefined> {
  if (around.platform !== 'win32') return around.socket || undefined;
  if (kind === 'openssh') return around.socket || PIPES + OPENSSH_PIPE;
  const hash = await around.pageantHash();
  const mine = `pageant.${around.user()}.`;
  const pipes = around.pipes() ?? (hash === undefined ? [] : [mine + hash]);
  const byHash = pipes.find(
    (one) => hash !== undefined && /^pageant\./i.test(one) && one.endsWith(`.${hash}`),
  );
  const name = byHash ?? pipes.find((one) => one.toLowerCase().startsWith(mine.toLowerCase()));
  return name === undefined ? undefined : PIPES + name;
}

const here: AgentSurroundings = {
  platform: process.platform,
  get socket() {
    return process.env.SSH_AUTH_SOCK;
  },
  user: () => userInfo().username,
  pipes() {
    try {
      return readdirSync(PIPES);
    } catch {
      return undefined;
    }
  },
  pageantHash,
};
