import {
  acceptNew,
  fingerprints,
  type HostKeyContext,
  type HostKeyDecision,
  type HostKeyVerifier,
  knownHosts,
} from '../index.ts';
import type { HostSettings } from './host-settings.ts';
import type { CliOptions } from './options.ts';
import type { Person } from './prompts.ts';
import { UsageError } from './usage-error.ts';

const DEFAULT_FILE = '~/.ssh/known_hosts';

export interface TrustNeeds {
  readonly settings: HostSettings;
  /** Whom to ask about an unknown key; undefined where nobody is there. */
  readonly person: Person | undefined;
  warn(text: string): void;
}

/**
 * Host keys are never accepted unasked: known_hosts, or what the command line pins, or what a person at the terminal
 * agrees to, or new ones with a word about it.
 */
export function trustFrom(options: CliOptions, { settings, person, warn }: TrustNeeds): HostKeyVerifier {
  if (options.hostKey !== undefined) {
    if (options.acceptNew) throw new UsageError('--host-key and --accept-new exclude each other');
    return fingerprints(options.hostKey);
  }
  const files = options.knownHosts === undefined ? settings.knownHosts : [options.knownHosts];
  const known = knownHosts(files === undefined || files.length === 0 ? undefined : files);
  const file = files?.[0];
  const checking = options.acceptNew ? 'accept-new' : settings.strictHostKeyChecking;
  const unknown = async (context: HostKeyContext, refusal: HostKeyDecision): Promise<HostKeyDecision> => {
    if (checking === 'yes' || (checking === 'ask' && person === undefined)) return refusal;
    if (checking === 'ask' && !(await agrees(person!, context))) return refusal;
    const decision = await acceptNew(file).verify(context);
    const { host, port, key, fingerprint } = context;
    if (decision.accept) {
      const where = file ?? DEFAULT_FILE;
      warn(`new host key of ${host} port ${port} recorded in ${where}: ${key.type} ${fingerprint}`);
    }
    return decision;
  };
  return named(settings, {
    ...known,
    async verify(context) {
      const decision = await known.verify(context);
      return decision.accept || decision.code !== 'HOST_KEY_UNKNOWN' ? decision : unknown(context, decision);
    },
  });
}

/** With HostKeyAlias the host has another name in known_hosts, which stands there without a port. */
function named({ trustName, host }: HostSettings, verifier: HostKeyVerifier): HostKeyVerifier {
  if (trustName === host) return verifier;
  return {
    verify: (context) => verifier.verify({ ...context, host: trustName, port: 22 }),
    keyTypes: () => verifier.keyTypes?.(trustName, 22) ?? [],
    certificates: () => verifier.certificates?.(trustName, 22) ?? [],
  };
}

/** `yes`, or the fingerprint itself, which nobody types without having looked. */
async function agrees(person: Person, { host, port, key, fingerprint }: HostKeyContext): Promise<boolean> {
  let question =
    `The host key of ${host} port ${port} is not known: ${key.type} ${fingerprint}. ` +
    'Compare it with what the owner of the server says. Trust it (yes/no/fingerprint)? ';
  for (;;) {
    const answer = (await person.ask(question, true)).trim();
    if (/^y(es)?$/i.test(answer) || answer === fingerprint) return true;
    if (/^no?$/i.test(answer)) return false;
    question = 'Please type yes, no or the fingerprint: ';
  }
}
