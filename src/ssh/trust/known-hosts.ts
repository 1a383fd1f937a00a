import { sameBytes } from '../../base/bytes.ts';
import { WherryError } from '../../base/errors.ts';
import { type RandomSource, randomBytes, systemRandom } from '../../base/random.ts';
import { sanitize } from '../../base/text.ts';
import { fingerprint } from '../keys/fingerprint.ts';
import {
  type HostKeyContext,
  type HostKeyDecision,
  type HostKeyVerifier,
  refuse,
} from './host-key-verifier.ts';
import {
  appendLine,
  defaultKnownHostsPath,
  expandHome,
  type LocatedEntry,
  type Lookup,
  lookUpHost,
} from './known-hosts-file.ts';
import { formatKnownHostsLine, HASHED_NAME_BYTES, hostTarget } from './known-hosts-line.ts';

/**
 * Trusts the host keys of known_hosts files, read anew for each connection. A file that is not there has no
 * entries; one that cannot be read is INVALID_ARGUMENT. A host is looked up by the name it was given, in any
 * case: bare on port 22, as `[host]:port` elsewhere.
 *
 * HOST_KEY_REVOKED for a key marked @revoked, HOST_KEY_CHANGED when another key is recorded for the host,
 * HOST_KEY_UNKNOWN when none is.
 *
 * @example
 * ```ts
 * import { connect, knownHosts } from 'wherry';
 *
 * await using ssh = await connect({ host, port, username, privateKey, trust: knownHosts(knownHostsFile) });
 * ```
 */
export function knownHosts(paths: string | readonly string[] = defaultKnownHostsPath()): HostKeyVerifier {
  const files = (typeof paths === 'string' ? [paths] : paths).map(expandHome);
  return {
    async verify(context) {
      return decide(context, await lookUpHost(files, hostTarget(context.host, context.port)), files);
    },
    keyTypes: (host, port) => recordedTypes(files, host, port),
  };
}

export interface AcceptNewOptions {
  /** Write hashed host names, so that the file does not list where you connect to. */
  readonly hash?: boolean | undefined;
  readonly random?: RandomSource | undefined;
}

/**
 * Trust on first use, as `StrictHostKeyChecking accept-new`: like `knownHosts(path)`, but a host the file has no
 * key of is accepted, and its key appended. When the line cannot be written the connection fails with
 * INVALID_ARGUMENT.
 *
 * @example
 * ```ts
 * import { acceptNew, connect } from 'wherry';
 *
 * await using ssh = await connect({ host, port, username, privateKey, trust: acceptNew(knownHostsFile) });
 * ```
 */
export function acceptNew(
  path: string = defaultKnownHostsPath(),
  { hash = false, random = systemRandom }: AcceptNewOptions = {},
): HostKeyVerifier {
  const file = expandHome(path);
  return {
    verify: (context) =>
      inTurn(file, async () => {
        const target = recordableTarget(context);
        const lookup = await lookUpHost([file], target);
        const decision = decide(context, lookup, [file]);
        if (decision.accept || decision.code !== 'HOST_KEY_UNKNOWN') return decision;
        const salt = hash ? randomBytes(HASHED_NAME_BYTES, random) : undefined;
        await appendLine(file, formatKnownHostsLine(target, context.key.type, context.key.blob, salt));
        return { accept: true, reason: `new host, recorded in ${file}` };
      }),
    keyTypes: (host, port) => recordedTypes([file], host, port),
  };
}

function decide(context: HostKeyContext, lookup: Lookup, files: readonly string[]): HostKeyDecision {
  const { key, host } = context;
  const shown = `${key.type} ${context.fingerprint}`;
  const same = lookup.entries.filter((entry) => sameBytes(entry.blob, key.blob));
  const revoked = same.find((entry) => entry.marker === 'revoked');
  if (revoked) return refuse('HOST_KEY_REVOKED', `${shown} is marked @revoked at ${where(revoked)}`);
  const known = same.find((entry) => entry.marker === 'none');
  if (known) return { accept: true, reason: `recorded at ${where(known)}` };
  const recorded = lookup.entries.filter((entry) => entry.marker === 'none');
  // As OpenSSH: any other key recorded for the host counts, so that nobody gets by with a type that is not recorded.
  const other = recorded.find((entry) => entry.keyType === key.type) ?? recorded[0];
  if (other) {
    const was = `${other.keyType} ${fingerprint(other.blob)} is recorded at ${where(other)}`;
    return refuse('HOST_KEY_CHANGED', `it has changed, or someone is in between: ${was}`);
  }
  const inFiles = files.join(', ');
  const notes = [
    `no ${key.type} key of ${hostTarget(sanitize(host), context.port)} in ${inFiles} (${shown})`,
  ];
  const authority = lookup.entries.find((entry) => entry.marker === 'cert-authority');
  if (authority) notes.push(`the @cert-authority line at ${where(authority)} is not used yet`);
  return refuse('HOST_KEY_UNKNOWN', [...notes, ...lookup.notes.slice(0, 3)].join('; '));
}

function where(entry: LocatedEntry): string {
  return `${entry.path}:${entry.line}`;
}

async function recordedTypes(
  files: readonly string[],
  host: string,
  port: number,
): Promise<readonly string[]> {
  const { entries } = await lookUpHost(files, hostTarget(host, port));
  return [...new Set(entries.filter((entry) => entry.marker === 'none').map((entry) => entry.keyType))];
}

// What is special in a line of known_hosts must not get there by way of a host name.
function recordableTarget({ host, port }: HostKeyContext): string {
  if (/^[^\s\u0000-\u0020\u007f,*?!|#@"\\]+$/.test(host)) return hostTarget(host, port);
  throw new WherryError('INVALID_ARGUMENT', `"${sanitize(host, 100)}" cannot be recorded in known_hosts`);
}

const turns = new Map<string, Promise<unknown>>();

/** One acceptNew of this process after the other, file by file: the second one sees the line of the first. */
async function inTurn<T>(file: string, work: () => Promise<T>): Promise<T> {
  const before = turns.get(file) ?? Promise.resolve();
  const turn = before.then(work, work);
  turns.set(file, turn);
  try {
    return await turn;
  } finally {
    if (turns.get(file) === turn) turns.delete(file);
  }
}
