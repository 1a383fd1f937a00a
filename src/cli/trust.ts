import { acceptNew, fingerprints, type HostKeyVerifier, knownHosts } from '../index.ts';
import type { CliOptions } from './options.ts';
import { UsageError } from './usage-error.ts';

/** Host keys are never accepted unasked: known_hosts, or what the command line pins, or new ones with a word about it. */
export function trustFrom(options: CliOptions, warn: (text: string) => void): HostKeyVerifier {
  if (options.hostKey === undefined) {
    return options.acceptNew ? acceptNewAloud(options.knownHosts, warn) : knownHosts(options.knownHosts);
  }
  if (options.acceptNew) throw new UsageError('--host-key and --accept-new exclude each other');
  return fingerprints(options.hostKey);
}

function acceptNewAloud(file: string | undefined, warn: (text: string) => void): HostKeyVerifier {
  const known = knownHosts(file);
  const recording = acceptNew(file);
  return {
    ...recording,
    async verify(context) {
      const before = await known.verify(context);
      const decision = await recording.verify(context);
      if (decision.accept && !before.accept) {
        const { host, port, key, fingerprint } = context;
        const where = file ?? '~/.ssh/known_hosts';
        warn(`new host key of ${host} port ${port} recorded in ${where}: ${key.type} ${fingerprint}`);
      }
      return decision;
    },
  };
}
