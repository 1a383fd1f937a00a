/** One line of known_hosts, sshd(8) section SSH_KNOWN_HOSTS FILE FORMAT. */
import { createHmac } from 'node:crypto';
import { sameBytes, toBase64 } from '../../base/bytes.ts';
import { matchGlob } from '../../base/glob.ts';
import { LIMITS } from '../../base/limits.ts';
import { sanitize } from '../../base/text.ts';
import { strictBase64 } from '../keys/base64.ts';
import { blobType } from '../keys/public-key.ts';

/** How the names of a line are written. */
export type HostNames =
  | { readonly kind: 'patterns'; readonly patterns: readonly string[] }
  | { readonly kind: 'hashed'; readonly salt: Uint8Array; readonly hash: Uint8Array };

/** A line that records a key. */
export interface KnownHostsEntry {
  readonly kind: 'entry';
  readonly marker: 'none' | 'revoked' | 'cert-authority';
  readonly names: HostNames;
  readonly keyType: string;
  readonly blob: Uint8Array;
  readonly comment: string;
}

export type KnownHostsLine =
  | KnownHostsEntry
  | { readonly kind: 'blank' }
  | { readonly kind: 'ignored'; readonly why: string };

const MARKERS: Readonly<Record<string, KnownHostsEntry['marker']>> = {
  '@revoked': 'revoked',
  '@cert-authority': 'cert-authority',
};

/** Reads one line, without its line end. A line that cannot be used is `ignored`, with the reason. */
export function parseKnownHostsLine(line: string): KnownHostsLine {
  if (line.length > LIMITS.knownHostsLineBytes.value) return ignored('it is too long');
  const rest = new Fields(line);
  let first = rest.next();
  if (first === '' || first.startsWith('#')) return { kind: 'blank' };
  let marker: KnownHostsEntry['marker'] = 'none';
  if (first.startsWith('@')) {
    if (!Object.hasOwn(MARKERS, first)) return ignored(`unknown marker ${sanitize(first, 32)}`);
    marker = MARKERS[first]!;
    first = rest.next();
  }
  const names = parseNames(first);
  if (names === undefined) return ignored('its hashed name cannot be read');
  const keyType = rest.next();
  const blob = strictBase64(rest.next());
  if (blob === undefined) return ignored('its key is not base64');
  if (blobType(blob) !== keyType) return ignored(`its key is not of type ${sanitize(keyType, 64)}`);
  return { kind: 'entry', marker, names, keyType, blob, comment: rest.rest() };
}

/** What known_hosts calls a host: in lower case, bare on port 22, else `[host]:port`. */
export function hostTarget(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

/** Whether the names of a line cover a host, given as `hostTarget` makes it. A negated match outweighs all. */
export function matchesHost(names: HostNames, target: string): boolean {
  if (names.kind === 'hashed') return sameBytes(hashName(names.salt, target), names.hash);
  let found = false;
  for (const pattern of names.patterns) {
    const negated = pattern.startsWith('!');
    if (!matchGlob(negated ? pattern.slice(1) : pattern, target)) continue;
    if (negated) return false;
    found = true;
  }
  return found;
}

/** A line for a host, without its line end; with a salt of 20 bytes its name is hashed, as `HashKnownHosts yes`. */
export function formatKnownHostsLine(
  target: string,
  keyType: string,
  blob: Uint8Array,
  salt?: Uint8Array,
): string {
  const name = salt === undefined ? target : `|1|${toBase64(salt)}|${toBase64(hashName(salt, target))}`;
  return `${name} ${keyType} ${toBase64(blob)}`;
}

/** Bytes of an HMAC-SHA1 and of its salt in a hashed name. */
export const HASHED_NAME_BYTES = 20;

function hashName(salt: Uint8Array, target: string): Uint8Array {
  return createHmac('sha1', salt).update(target).digest();
}

function parseNames(text: string): HostNames | undefined {
  if (!text.startsWith('|')) return { kind: 'patterns', patterns: text.toLowerCase().split(',') };
  const [empty, version, saltText = '', hashText = '', ...more] = text.split('|');
  const salt = strictBase64(saltText);
  const hash = strictBase64(hashText);
  const fits = salt?.length === HASHED_NAME_BYTES && hash?.length === HASHED_NAME_BYTES;
  if (empty !== '' || version !== '1' || more.length > 0 || !fits) return undefined;
  return { kind: 'hashed', salt, hash };
}

/** The fields of a line; only space and tab separate (x/crypto 9f72ecc took other white space too). */
class Fields {
  readonly #line: string;
  #at = 0;

  constructor(line: string) {
    this.#line = line;
  }

  next(): string {
    this.#skip();
    const start = this.#at;
    while (this.#at < this.#line.length && !this.#blank()) this.#at++;
    return this.#line.slice(start, this.#at);
  }

  rest(): string {
    this.#skip();
    return this.#line.slice(this.#at);
  }

  #skip(): void {
    while (this.#blank()) this.#at++;
  }

  #blank(): boolean {
    const char = this.#line[this.#at];
    return char === ' ' || char === '\t';
  }
}

function ignored(why: string): KnownHostsLine {
  return { kind: 'ignored', why };
}
