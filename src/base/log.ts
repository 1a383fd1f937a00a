import { channel } from 'node:diagnostics_channel';
import { debuglog } from 'node:util';

/** What Wherry reports while it works. No event carries a secret or file contents, unless `logDetail` asks for payloads. */
export type LogEvent =
  | { kind: 'connect'; host: string; port: number; through?: string }
  | { kind: 'version'; ours: string; theirs: string }
  | { kind: 'packet'; direction: 'in' | 'out'; message: string; bytes: number; payload?: Uint8Array }
  | { kind: 'negotiated'; algorithms: Readonly<Record<string, string>>; strict: boolean }
  | { kind: 'insecureAlgorithm'; use: string; name: string }
  | { kind: 'rekey'; reason: string }
  | { kind: 'hostKey'; keyType: string; fingerprint: string; accepted: boolean; reason: string }
  | { kind: 'hostKeys'; outcome: string }
  | { kind: 'auth'; method: string; outcome: string }
  | { kind: 'banner'; text: string }
  | { kind: 'sftp'; text: string }
  | { kind: 'closed'; reason: string };

export type Logger = (event: LogEvent) => void;

/**
 * How much a logger hears: `events` without the packets; `packets` with the name and length of each; `bytes` with the
 * payload of each as well, file contents included, but not of what the login sends; `secrets` with that too.
 */
export type LogDetail = 'events' | 'packets' | 'bytes' | 'secrets';

const FORMATTERS: { [K in LogEvent['kind']]: (e: Extract<LogEvent, { kind: K }>) => string } = {
  connect: (e) =>
    `connecting to ${e.host} port ${e.port}${e.through === undefined ? '' : ` through ${e.through}`}`,
  version: (e) => `version ours ${e.ours} theirs ${e.theirs}`,
  packet: (e) => `${e.direction === 'in' ? '<' : '>'} ${e.message} ${e.bytes}`,
  negotiated: (e) => `negotiated ${Object.values(e.algorithms).join(' ')}${e.strict ? ' strict' : ''}`,
  insecureAlgorithm: (e) => `warning: ${e.use} ${e.name} is insecure; it is used because it was asked for`,
  rekey: (e) => `re-key: ${e.reason}`,
  hostKey: (e) =>
    `host key ${e.keyType} ${e.fingerprint}: ${e.accepted ? 'accepted' : 'refused'}, ${e.reason}`,
  hostKeys: (e) => `host keys: ${e.outcome}`,
  auth: (e) => `login by ${e.method}: ${e.outcome}`,
  banner: (e) => `banner: ${e.text}`,
  sftp: (e) => `sftp: ${e.text}`,
  closed: (e) => `closed: ${e.reason}`,
};

/**
 * One line for an event.
 *
 * @example
 * ```ts
 * import { connect, formatLog } from 'wherry';
 *
 * const log = (event) => console.log(formatLog(event));
 * await using ssh = await connect({ host, port, username, privateKey, trust, log });
 * ```
 */
export function formatLog(event: LogEvent): string {
  return (FORMATTERS[event.kind] as (e: LogEvent) => string)(event);
}

const debug = debuglog('wherry');
const diagnostics = channel('wherry:log');

/** Sends events to the caller's logger, to NODE_DEBUG=wherry and to the `wherry:log` diagnostics channel. */
export class Log {
  readonly #logger: Logger | undefined;
  readonly #detail: LogDetail;

  constructor(logger?: Logger, detail: LogDetail = 'packets') {
    this.#logger = logger;
    this.#detail = detail;
  }

  /** Whether anybody wants to hear of a packet. */
  get wantsPackets(): boolean {
    return (
      (this.#logger !== undefined && this.#detail !== 'events') || debug.enabled || diagnostics.hasSubscribers
    );
  }

  /** Tells of a packet. Its payload goes to the caller's logger only, where that wants it. */
  packet(
    direction: 'in' | 'out',
    message: string,
    bytes: number,
    payload: () => Uint8Array,
    secret: boolean,
  ): void {
    const event: LogEvent = { kind: 'packet', direction, message, bytes };
    if (debug.enabled) debug('%s', formatLog(event));
    if (diagnostics.hasSubscribers) diagnostics.publish(event);
    if (this.#logger === undefined || this.#detail === 'events') return;
    const shown = this.#detail === 'secrets' || (this.#detail === 'bytes' && !secret);
    this.#logger(shown ? { ...event, payload: Uint8Array.from(payload()) } : event);
  }

  /** False when nobody listens: check it before building an event on a busy path. */
  get enabled(): boolean {
    return this.#logger !== undefined || debug.enabled || diagnostics.hasSubscribers;
  }

  event(event: LogEvent): void {
    if (!this.enabled) return;
    debug('%s', formatLog(event));
    if (diagnostics.hasSubscribers) diagnostics.publish(event);
    this.#logger?.(event);
  }
}
