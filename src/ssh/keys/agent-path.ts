import { readdirSync } from 'node:fs';
import { userInfo } from 'node:os';

/** Whose agent it is, which decides where it is found on Windows. */
export type AgentKind = 'openssh' | 'pageant';

/** What an agent's place depends on. */
export interface AgentSurroundings {
  readonly platform: string;
  readonly socket: string | undefined;
  readonly user: () => string;
  /** The names of the pipes there are, on Windows. */
  readonly pipes: () => readonly string[];
}

const PIPES = '\\\\.\\pipe\\';
/** The agent that comes with Windows; there is no SSH_AUTH_SOCK there as a rule. */
const OPENSSH_PIPE = 'openssh-ssh-agent';

/**
 * Where the usual agent listens; undefined where there is none. PuTTY's agent on Windows has a pipe called
 * `pageant.<user>.<hash>`, whose hash depends on the login session (PuTTY 0.75 and later); elsewhere it is found by
 * SSH_AUTH_SOCK as any other.
 */
export function agentPath(kind: AgentKind, around: AgentSurroundings = here): string | undefined {
  if (around.platform !== 'win32') return around.socket || undefined;
  if (kind === 'openssh') return around.socket || PIPES + OPENSSH_PIPE;
  const prefix = `pageant.${around.user()}.`.toLowerCase();
  const name = around.pipes().find((one) => one.toLowerCase().startsWith(prefix));
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
      return [];
    }
  },
};
