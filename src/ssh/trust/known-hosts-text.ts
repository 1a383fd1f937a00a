import { sameBytes } from '../../base/bytes.ts';
import { WherryError } from '../../base/errors.ts';
import { sanitize } from '../../base/text.ts';
import { strictBase64 } from '../keys/base64.ts';
import { blobType } from '../keys/public-key.ts';
import { type HostKeyVerifier, refuse } from './host-key-verifier.ts';
import { hostTarget, type KnownHostsEntry, matchesHost, parseKnownHostsLine } from './known-hosts-line.ts';

/** A key, and the hosts it is for; without names it is for any. */
type Line = Pick<KnownHostsEntry, 'marker' | 'keyType' | 'blob'> & Partial<Pick<KnownHostsEntry, 'names'>>;

/**
 * Trusts the host keys of a text, such as one out of an environment variable: lines of a known_hosts file, and
 * public key lines without a host (`ssh-ed25519 AAAA…`), which hold for every host. A host on another port than
 * 22 is looked up as `[host]:port`, and, as OpenSSH does it, bare where there is no such line. The refusals are those
 * of `knownHosts`. A text without a usable line is INVALID_ARGUMENT at once.
 *
 * @example
 * ```ts
 * import { connect, knownHostsText } from 'wherry';
 * import { readFile } from 'node:fs/promises';
 *
 * const trust = knownHostsText(await readFile(knownHostsFile, 'utf8'));
 * await using ssh = await connect({ host, port, username, privateKey, trust });
 * ```
 */
export function knownHostsText(text: string): HostKeyVerifier {
  const lines = text.split(/\r?\n/).flatMap(readLine);
  if (lines.every(({ marker }) => marker !== 'none')) {
    throw new WherryError('INVALID_ARGUMENT', 'the known hosts hold no line with a public key');
  }
  const linesFor = (host: string, port: number): Line[] => {
    const fitting = (target: string): Line[] =>
      lines.filter(({ names }) => names === undefined || matchesHost(names, target));
    const exact = fitting(hostTarget(host, port));
    return exact.some(({ names }) => names !== undefined) || port === 22
      ? exact
      : fitting(hostTarget(host, 22));
  };
  return {
    verify({ host, port, key, fingerprint }) {
      const fitting = linesFor(host, port);
      const same = fitting.filter(({ blob }) => sameBytes(blob, key.blob));
      const shown = `${key.type} ${fingerprint}`;
      if (same.some(({ marker }) => marker === 'revoked'))
        return refuse('HOST_KEY_REVOKED', `${shown} is marked @revoked in the known hosts given`);
      if (same.some(({ marker }) => marker === 'none'))
        return { accept: true, reason: 'it is among the known hosts given' };
      if (fitting.some(({ marker }) => marker === 'none'))
        return refuse('HOST_KEY_CHANGED', `${shown} is not the key given for ${sanitize(host)}`);
      return refuse(
        'HOST_KEY_UNKNOWN',
        `no line of the known hosts given is for ${sanitize(host)} port ${port}`,
      );
    },
    keyTypes: (host, port) => [
      ...new Set(
        linesFor(host, port)
          .filter(({ marker }) => marker === 'none')
          .map(({ keyType }) => keyType),
      ),
    ],
  };
}

function readLine(line: string): Line[] {
  const [keyType = '', base64 = ''] = line.trim().split(/[ \t]+/);
  const blob = strictBase64(base64);
  if (blob !== undefined && keyType !== '' && blobType(blob) === keyType)
    return [{ marker: 'none', keyType, blob }];
  const parsed = parseKnownHostsLine(line);
  return parsed.kind === 'entry' ? [parsed] : [];
}
