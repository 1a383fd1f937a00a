import { connect, type Socket } from 'node:net';
import { platform } from 'node:process';
import { abortedError, Deadline, type WaitOptions } from '../../base/deadline.ts';
import { isWherryError, WherryError } from '../../base/errors.ts';
import { sanitize } from '../../base/text.ts';
import { type SignatureName, signaturesForKey } from '../crypto/signatures.ts';
import { decode, encode, type MessageOf, type MessageRow } from '../wire/message.ts';
import { WireReader } from '../wire/reader.ts';
import { AgentLink, agentError } from './agent-link.ts';
import { AGENT, SIGN_FLAGS } from './agent-protocol.ts';
import { type PublicKey, parsePublicKey } from './public-key.ts';

/** A key an agent holds. */
export interface AgentIdentity {
  readonly publicKey: PublicKey;
  /** The agent's words, made fit for display. */
  readonly comment: string;
}

/**
 * A connection to an SSH agent. It keeps the process alive only while a request is under way. Every method
 * fails with AGENT_FAILED when the agent refuses or goes away, with CLOSED after `close()`, and takes a signal
 * and a timeout in milliseconds; a person may have to confirm a signature, so there is no timeout by default.
 */
export interface Agent {
  /** The keys of the agent; those of types not known here are left out. */
  identities(options?: WaitOptions): Promise<AgentIdentity[]>;
  /** The signature blob of `data` (RFC 4253 section 6.6), of exactly that algorithm. */
  sign(
    publicKey: PublicKey,
    data: Uint8Array,
    algorithm: SignatureName,
    options?: WaitOptions,
  ): Promise<Uint8Array>;
  /** Ends the connection; what is under way fails. May be called more than once. */
  close(): void;
  [Symbol.dispose](): void;
}

/** The pipe of the OpenSSH agent that comes with Windows; there is no SSH_AUTH_SOCK there. */
const WINDOWS_PIPE = '\\\\.\\pipe\\openssh-ssh-agent';

/**
 * Connects to an SSH agent (draft-miller-ssh-agent) by its Unix socket or, on Windows, its named pipe. Without a
 * path it is the one SSH_AUTH_SOCK names. AGENT_FAILED when there is none; `options` bound the connecting.
 *
 * @example
 * ```ts
 * import { connectAgent } from 'wherry/keys';
 *
 * const agent = await connectAgent();
 * for (const { publicKey, comment } of await agent.identities()) console.log(publicKey.type, comment);
 * agent.close();
 * ```
 */
export async function connectAgent(path?: string, options: WaitOptions = {}): Promise<Agent> {
  const target = path ?? process.env.SSH_AUTH_SOCK ?? (platform === 'win32' ? WINDOWS_PIPE : '');
  if (target === '') throw agentError('there is no SSH agent: SSH_AUTH_SOCK is not set');
  const link = new AgentLink(await openSocket(target, options));
  return new AgentClient(link);
}

class AgentClient implements Agent {
  readonly #link: AgentLink;

  constructor(link: AgentLink) {
    this.#link = link;
  }

  async identities(options: WaitOptions = {}): Promise<AgentIdentity[]> {
    const request = encode(AGENT.SSH_AGENTC_REQUEST_IDENTITIES, {});
    const answer = await this.#ask(request, AGENT.SSH_AGENT_IDENTITIES_ANSWER, 'listing the keys', options);
    return inAgentTerms(() => readIdentities(answer.count, answer.keys));
  }

  async sign(
    publicKey: PublicKey,
    data: Uint8Array,
    algorithm: SignatureName,
    options: WaitOptions = {},
  ): Promise<Uint8Array> {
    if (!signaturesForKey(publicKey.type).includes(algorithm)) {
      const text = `a key of type ${publicKey.type} cannot make ${algorithm} signatures`;
      throw new WherryError('INVALID_ARGUMENT', text, { keyType: publicKey.type });
    }
    const request = encode(AGENT.SSH_AGENTC_SIGN_REQUEST, {
      key: publicKey.blob,
      data,
      flags: SIGN_FLAGS[algorithm] ?? 0,
    });
    const answer = await this.#ask(request, AGENT.SSH_AGENT_SIGN_RESPONSE, 'signing', options);
    const made = inAgentTerms(() => new WireReader(answer.signature, 0, 'signature').text());
    // Agents older than OpenSSH 7.2, and some others still, ignore the flags and sign with SHA-1.
    if (made !== algorithm) {
      throw agentError(`the SSH agent made a signature of kind ${sanitize(made, 64)}, not ${algorithm}`);
    }
    return answer.signature;
  }

  close(): void {
    this.#link.end(new WherryError('CLOSED', 'the connection to the SSH agent was closed'));
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #ask<R extends MessageRow>(
    request: Uint8Array,
    expected: R,
    what: string,
    options: WaitOptions,
  ): Promise<MessageOf<R>> {
    const answer = await this.#link.request(request, `${what} by the SSH agent`, options);
    if (answer[0] === AGENT.SSH_AGENT_FAILURE.number) throw agentError(`the SSH agent refused ${what}`);
    return inAgentTerms(() => decode(expected, answer));
  }
}

function readIdentities(count: number, keys: Uint8Array): AgentIdentity[] {
  const reader = new WireReader(keys, 0, 'list of keys');
  const identities: AgentIdentity[] = [];
  for (let i = 0; i < count; i++) {
    const blob = reader.string();
    const comment = sanitize(reader.text());
    const publicKey = knownKey(blob);
    if (publicKey !== undefined) identities.push({ publicKey, comment });
  }
  return identities;
}

function knownKey(blob: Uint8Array): PublicKey | undefined {
  try {
    return parsePublicKey(blob);
  } catch {
    return undefined;
  }
}

function inAgentTerms<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const why = isWherryError(error) ? error.message : String(error);
    throw agentError(`the SSH agent sent something unreadable: ${why}`, error);
  }
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
