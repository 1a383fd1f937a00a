import { channel } from 'node:diagnostics_channel';
import { debuglog } from 'node:util';

/** What Wherry reports while it works. No event carries a secret or file contents. */
export type LogEvent =
  | { kind: 'connect'; host: string; port: number }
  | { kind: 'version'; ours: string; theirs: string }
  | { kind: 'packet'; direction: 'in' | 'out'; message: string; bytes: number }
  | { kind: 'negotiated'; algorithms: Readonly<Record<string, string>>; strict: boolean }
  | { kind: 'insecureAlgorithm'; use: string; name: string }
  | { kind: 'rekey'; reason: string }
  | { kind: 'hostKey'; keyType: string; fingerprint: string; accepted: boolean; reason: string }
  | { kind: 'auth'; method: string; outcome: string }
  | { kind: 'banner'; text: string }
  | { kind: 'sftp'; text: string }
  | { kind: 'closed'; reason: string };

export type Logger = (event: LogEvent) => void;

const FORMATTERS: { [K in LogEvent['kind']]: (e: Extract<LogEvent, { kind: K }>) => string } = {
  connect: (e) => `connecting to ${e.host} port ${e.port}`,
  version: (e) => `version ours ${e.ours} theirs ${e.theirs}`,
  packet: (e) => `${e.direction === 'in' ? '<' : '>'} ${e.message} ${e.bytes}`,
  negotiated: (e) => `negotiated ${Object.values(e.algorithms).join(' ')}${e.strict ? ' strict' : ''}`,
  insecureAlgorithm: (e) => `warning: ${e.use} ${e.name} is insecure; it is used because it was asked for`,
  rekey: (e) => `re-key: ${e.reason}`,
  hostKey: (e) =>
    `host key ${e.keyType} ${e.fingerprint}: ${e.accepted ? 'accepted' : 'refused'}, ${e.reason}`,
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

  constructor(logger?: Logger) {
    this.#logger = logger;
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
