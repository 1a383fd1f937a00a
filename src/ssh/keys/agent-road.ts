/** The roads to an agent: a socket or pipe, or on Windows the window that Pageant listens by as well. */
import { connect, type Socket } from 'node:net';
import { platform } from 'node:process';
import { abortedError, Deadline, type WaitOptions } from '../../base/deadline.ts';
import { isWherryError, type WherryError } from '../../base/errors.ts';
import { sanitize } from '../../base/text.ts';
import { AgentLink, agentError } from './agent-link.ts';
import { type AgentKind, agentPath } from './agent-path.ts';

/** What the messages of the agent protocol go over. */
export interface AgentRoad {
  /** The answer to a payload. Rejects with the first cause once the road has ended. */
  request(payload: Uint8Array, phase: string, options: WaitOptions): Promise<Uint8Array>;
  /** Ends the road; what is under way fails with `why`, and so does what comes later. */
  end(why: WherryError): void;
}

/** The road to the agent at a path, or to the usual one of a kind. */
export function openAgentRoad(
  path: string | undefined,
  kind: AgentKind,
  options: WaitOptions,
): Promise<AgentRoad> {
  if (path !== undefined) return openPath(path, options);
  if (platform !== 'win32' || kind === 'openssh') return openUsual(options);
  return kind === 'pageant' ? openPageant(options) : openEither(options);
}

async function openPath(path: string, options: WaitOptions): Promise<AgentRoad> {
  return new AgentLink(await openSocket(path, options));
}

async function openUsual(options: WaitOptions): Promise<AgentRoad> {
  const path = await agentPath('openssh');
  if (path === undefined) throw agentError('there is no SSH agent: SSH_AUTH_SOCK is not set');
  return openPath(path, options);
}

async function openEither(options: WaitOptions): Promise<AgentRoad> {
  try {
    return await openPageant(options);
  } catch (error) {
    if (!isWherryError(error) || error.code !== 'AGENT_FAILED') throw error;
    return openUsual(options).catch((other: unknown) => {
      throw isNotThere(other) ? agentError("neither Pageant runs nor OpenSSH's agent", error) : other;
    });
  }
}

/** Pageant before PuTTY 0.75 has no pipe, and nor have most agents that stand in for it. */
async function openPageant(options: WaitOptions): Promise<AgentRoad> {
  const pipe = await agentPath('pageant');
  if (pipe !== undefined) {
    try {
      return await openPath(pipe, options);
    } catch (error) {
      if (!isNotThere(error)) throw error;
    }
  }
  const { openPageantWindow } = await import('./windows/pageant-window.ts');
  return openPageantWindow();
}

function isNotThere(error: unknown): boolean {
  return isWherryError(error) && error.details.errno === 'ENOENT';
}

function openSocket(path: string, options: WaitOptions): Promise<Socket> {
  const phase = 'connecting to the SSH agent';
  return new Promise((resolve, reject) => {
    if (options.signal?.aborted) throw abortedError(options.signal, phase);
    const socket = connect({ path });
    const deadline = new Deadline(options, phase, (error) => {
      socket.destroy();
      reject(error);
    });
    const failed = (cause: NodeJS.ErrnoException): void => {
      deadline.clear();
      reject(agentError(`no SSH agent answers at ${sanitize(path)}: ${cause.code ?? cause.message}`, cause));
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      deadline.clear();
      socket.off('error', failed);
      resolve(socket);
    });
  });
}
