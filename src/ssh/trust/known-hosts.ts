import { WherryError } from '../../base/errors.ts';
import { type RandomSource, randomBytes, systemRandom } from '../../base/random.ts';
import { sanitize } from '../../base/text.ts';
import type { HostKeyContext, HostKeyVerifier } from './host-key-verifier.ts';
import {
  appendLine,
  defaultKnownHostsPath,
  expandHome,
  type Lookup,
  lookUpHost,
} from './known-hosts-file.ts';
import { formatKnownHostsLine, HASHED_NAME_BYTES, hostTarget } from './known-hosts-line.ts';
import { hasAuthority, judgeHostKey, type KnownKey, type KnownKeys, recordedKeyTypes } from './known-keys.ts';
import { updateKnownHosts } from './update-known-hosts.ts';

export interface KnownHostsOptions {
  /**
   * Keep the record of a host that is known up to date, as OpenSSH's `UpdateHostKeys`: when the server tells which host
   * keys it has, and proves them, those that are missing are added to the (first) file, and those that are gone taken
   * out. Default false.
   */
  readonly update?: boolean | undefined;
}

/**
 * Trusts the host keys of known_hosts files, read anew for each connection. A file that is not there has no
 * entries; one that cannot be read is INVALID_ARGUMENT. A host is looked up by the name it was given, in any
 * case: bare on port 22, as `[host]:port` elsewhere; where nothing is recorded for that, a bare line with this very key
 * will do, as in OpenSSH. A certificate of a CA on a @cert-authority line for the host is accepted as `caKeys` does it.
 *
 * HOST_KEY_REVOKED for a key or a CA marked @revoked, HOST_KEY_CHANGED when another key is recorded for the host,
 * HOST_KEY_UNKNOWN when none is.
 *
 * @example
 * ```ts
 * import { connect, knownHosts } from 'wherry';
 *
 * await using ssh = await connect({ host, port, username, privateKey, trust: knownHosts(knownHostsFile) });
 * ```
 */
export function knownHosts(
  paths: string | readonly string[] = defaultKnownHostsPath(),
  { update = false }: KnownHostsOptions = {},
): HostKeyVerifier {
  const files = (typeof paths === 'string' ? [paths] : paths).map(expandHome);
  return {
    async verify(context) {
      return judgeHostKey(context, await lookUp(files, context));
    },
    ...recordedFor(files),
    ...(update && files[0] !== undefined && { learn: learnInto(files[0]) }),
  };
}

export interface AcceptNewOptions extends KnownHostsOptions {
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
  { hash = false, update = false, random = systemRandom }: AcceptNewOptions = {},
): HostKeyVerifier {
  const file = expandHome(path);
  return {
    verify: (context) =>
      inTurn(file, async () => {
        const target = recordableTarget(context);
        const decision = judgeHostKey(context, await lookUp([file], context));
        if (decision.accept || decision.code !== 'HOST_KEY_UNKNOWN') return decision;
        const salt = hash ? randomBytes(HASHED_NAME_BYTES, random) : undefined;
        await appendLine(file, formatKnownHostsLine(target, context.key.type, context.key.blob, salt));
        return { accept: true, reason: `new host, recorded in ${file}` };
      }),
    ...recordedFor([file]),
    ...(update && { learn: learnInto(file, random) }),
  };
}

function learnInto(file: string, random: RandomSource = systemRandom): NonNullable<HostKeyVerifier['learn']> {
  const salt = (): Uint8Array => randomBytes(HASHED_NAME_BYTES, random);
  return async (host, port, keys) => {
    const target = recordableTarget({ host, port });
    await inTurn(file, () => updateKnownHosts(file, target, keys, salt));
  };
}

/** What the files record for a host, which decides which algorithms are offered. */
function recordedFor(files: readonly string[]): Pick<HostKeyVerifier, 'keyTypes' | 'certificates'> {
  return {
    keyTypes: async (host, port) => recordedKeyTypes(await lookUp(files, { host, port })),
    certificates: async (host, port) =>
      hasAuthority(await lookUp(files, { host, port })) ? ['openssh'] : [],
  };
}

async function lookUp(
  files: readonly string[],
  { host, port }: Pick<HostKeyContext, 'host' | 'port'>,
): Promise<KnownKeys> {
  const exact = await lookUpHost(files, hostTarget(host, port));
  const bare = port === 22 ? exact : await lookUpHost(files, hostTarget(host, 22));
  const located = ({ entries }: Lookup): KnownKey[] =>
    entries.map((entry) => ({ ...entry, where: `${entry.path}:${entry.line}` }));
  return { exact: located(exact), bare: located(bare), searched: files.join(', '), notes: exact.notes };
}

// What is special in a line of known_hosts must not get there by way of a host name.
function recordableTarget({ host, port }: Pick<HostKeyContext, 'host' | 'port'>): string {
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
