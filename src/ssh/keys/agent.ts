import type { WaitOptions } from '../../base/deadline.ts';
import { isWherryError, WherryError } from '../../base/errors.ts';
import { sanitize } from '../../base/text.ts';
import { algorithmsForBlob } from '../crypto/certificate-algorithms.ts';
import { decode, encode, type MessageOf, type MessageRow } from '../wire/message.ts';
import { WireReader } from '../wire/reader.ts';
import { WireWriter } from '../wire/writer.ts';
import { agentError } from './agent-link.ts';
import type { AgentKind } from './agent-path.ts';
import { AGENT, SIGN_FLAGS } from './agent-protocol.ts';
import { type AgentRoad, openAgentRoad } from './agent-road.ts';
import { blobType, type PublicKey, parsePublicKey } from './public-key.ts';
import { isCertificateType, parseSshCertificate, type SshCertificate } from './ssh-certificate.ts';

/** A key an agent holds. */
export interface AgentIdentity {
  /** The plain key, also where the agent holds it in a certificate. */
  readonly publicKey: PublicKey;
  readonly certificate?: SshCertificate;
  /** The agent's words, made fit for display. */
  readonly comment: string;
}

/** A connection an agent is used for: the host key, the session, and the host's signature over it. */
export interface AgentSession {
  readonly hostKey: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * A connection to an SSH agent. It keeps the process alive only while a request is under way. Every method
 * fails with AGENT_FAILED when the agent refuses or goes away, with CLOSED after `close()`, and takes a signal
 * and a timeout in milliseconds; a person may have to confirm a signature, so there is no timeout by default.
 */
export interface Agent {
  /** The keys and OpenSSH certificates of the agent; those of types not known here are left out. */
  identities(options?: WaitOptions): Promise<AgentIdentity[]>;
  /** The signature blob of `data` (RFC 4253 section 6.6), of exactly that algorithm, by a key or a certificate's key. */
  sign(
    key: Pick<PublicKey, 'type' | 'blob'>,
    data: Uint8Array,
    algorithm: string,
    options?: WaitOptions,
  ): Promise<Uint8Array>;
  /**
   * Tells the agent whom it signs for (session-bind@openssh.com, OpenSSH PROTOCOL.agent), which keys that are bound to
   * hosts need. False where the agent does not know this, or refuses.
   */
  bindSession(session: AgentSession, options?: WaitOptions): Promise<boolean>;
  /** Ends the connection; what is under way fails. May be called more than once. */
  close(): void;
  [Symbol.dispose](): void;
}

export interface ConnectAgentOptions extends WaitOptions {
  /** `pageant` finds PuTTY's agent on Windows, `any` OpenSSH's where that is not there; elsewhere there is no difference. Default `openssh`. */
  readonly kind?: AgentKind;
}

/**
 * Connects to an SSH agent (draft-miller-ssh-agent) by its Unix socket or, on Windows, its named pipe. Without a
 * path it is the one SSH_AUTH_SOCK names. A Pageant without a pipe is spoken to by messages to its window, which needs the
 * optional package `koffi`. AGENT_FAILED when there is none; `options` bound the connecting.
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
export async function connectAgent(path?: string, options: ConnectAgentOptions = {}): Promise<Agent> {
  return new AgentClient(await openAgentRoad(path, options.kind ?? 'openssh', options));
}

class AgentClient implements Agent {
  readonly #road: AgentRoad;

  constructor(road: AgentRoad) {
    this.#road = road;
  }

  async identities(options: WaitOptions = {}): Promise<AgentIdentity[]> {
    const request = encode(AGENT.SSH_AGENTC_REQUEST_IDENTITIES, {});
    const answer = await this.#ask(request, AGENT.SSH_AGENT_IDENTITIES_ANSWER, 'listing the keys', options);
    return inAgentTerms(() => readIdentities(answer.count, answer.keys));
  }

  async sign(
    key: Pick<PublicKey, 'type' | 'blob'>,
    data: Uint8Array,
    algorithm: string,
    options: WaitOptions = {},
  ): Promise<Uint8Array> {
    const row = algorithmsForBlob(key.type).find(({ name }) => name === algorithm);
    if (row === undefined) {
      const text = `a key of type ${key.type} cannot make ${algorithm} signatures`;
      throw new WherryError('INVALID_ARGUMENT', text, { keyType: key.type });
    }
    const flags = SIGN_FLAGS[row.signature] ?? 0;
    const request = encode(AGENT.SSH_AGENTC_SIGN_REQUEST, { key: key.blob, data, flags });
    const answer = await this.#ask(request, AGENT.SSH_AGENT_SIGN_RESPONSE, 'signing', options);
    const made = inAgentTerms(() => new WireReader(answer.signature, 0, 'signature').text());
    // Agents older than OpenSSH 7.2, and some others still, ignore the flags and sign with SHA-1.
    if (made !== row.signature) {
      throw agentError(`the SSH agent made a signature of kind ${sanitize(made, 64)}, not ${algorithm}`);
    }
    return answer.signature;
  }

  async bindSession(session: AgentSession, options: WaitOptions = {}): Promise<boolean> {
    const contents = new WireWriter(1024).string(session.hostKey).string(session.sessionId);
    contents.string(session.signature).bool(false);
    const name = 'session-bind@openssh.com';
    const request = encode(AGENT.SSH_AGENTC_EXTENSION, { name, contents: contents.finish() });
    const answer = await this.#road.request(request, 'session binding by the SSH agent', options);
    return answer[0] === AGENT.SSH_AGENT_SUCCESS.number;
  }

  close(): void {
    this.#road.end(new WherryError('CLOSED', 'the connection to the SSH agent was closed'));
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
    const answer = await this.#road.request(request, `${what} by the SSH agent`, options);
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
    const known = knownKey(blob);
    if (known !== undefined) identities.push({ ...known, comment });
  }
  return identities;
}

function knownKey(blob: Uint8Array): Omit<AgentIdentity, 'comment'> | undefined {
  try {
    if (!isCertificateType(blobType(blob) ?? '')) return { publicKey: parsePublicKey(blob) };
    const certificate = parseSshCertificate(blob);
    return { publicKey: certificate.publicKey, certificate };
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
