import { WherryError } from '../../base/errors.ts';
import { strictBase64 } from '../keys/base64.ts';
import { blobType } from '../keys/public-key.ts';
import type { HostKeyVerifier } from './host-key-verifier.ts';
import { type HostNames, hostTarget, matchesHost, parseKnownHostsLine } from './known-hosts-line.ts';
import { hasAuthority, judgeHostKey, type KnownKey, type KnownKeys, recordedKeyTypes } from './known-keys.ts';

/** A key, and the hosts it is for; without names it is for any. */
interface Line extends KnownKey {
  readonly names?: HostNames;
}

/**
 * Trusts the host keys of a text, such as one out of an environment variable: lines of a known_hosts file, and
 * public key lines without a host (`ssh-ed25519 AAAA…`), which hold for every host. A host on another port than
 * 22 is looked up as `knownHosts` does it, and the refusals are those
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
  if (lines.every(({ marker }) => marker === 'revoked')) {
    throw new WherryError('INVALID_ARGUMENT', 'the known hosts hold no line with a public key');
  }
  const keysOf = (host: string, port: number): KnownKeys => {
    const fitting = (target: string): Line[] =>
      lines.filter(({ names }) => names === undefined || matchesHost(names, target));
    const searched = 'the known hosts given';
    return { exact: fitting(hostTarget(host, port)), bare: fitting(hostTarget(host, 22)), searched };
  };
  return {
    verify: (context) => judgeHostKey(context, keysOf(context.host, context.port)),
    keyTypes: (host, port) => recordedKeyTypes(keysOf(host, port)),
    certificates: (host, port) => (hasAuthority(keysOf(host, port)) ? ['openssh'] : []),
  };
}

function readLine(line: string, index: number): Line[] {
  const where = `line ${index + 1} of the known hosts given`;
  const [keyType = '', base64 = ''] = line.trim().split(/[ \t]+/);
  const blob = strictBase64(base64);
  if (blob !== undefined && keyType !== '' && blobType(blob) === keyType)
    return [{ marker: 'none', keyType, blob, where }];
  const parsed = parseKnownHostsLine(line);
  return parsed.kind === 'entry' ? [{ ...parsed, where }] : [];
}
