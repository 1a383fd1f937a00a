import { WherryError } from '../../base/errors.ts';
import { sanitize } from '../../base/text.ts';
import { HOST_KEY_ALGORITHMS } from '../crypto/certificate-algorithms.ts';
import { CIPHERS, type CipherRow } from '../crypto/ciphers.ts';
import { COMPRESSIONS } from '../crypto/compression/compressions.ts';
import { GSS_KEX_ALGORITHMS, type GssKexRow } from '../crypto/gss-key-exchanges.ts';
import { KEX_ALGORITHMS, type KexRow } from '../crypto/key-exchanges.ts';
import { MACS, type MacRow } from '../crypto/macs.ts';

import type { KexInit, KexInitLists } from './kexinit.ts';

/** The algorithm names one side is willing to use, best first. */
export interface AlgorithmLists {
  readonly kex: readonly string[];
  readonly hostKey: readonly string[];
  readonly ciphers: readonly string[];
  readonly macs: readonly string[];
  readonly compressions: readonly string[];
}

export interface NegotiatedDirection {
  readonly cipherName: string;
  readonly cipher: CipherRow;
  /** Undefined where the cipher authenticates by itself. */
  readonly macName: string | undefined;
  readonly mac: MacRow | undefined;
  readonly compression: string;
}

/** What both sides agreed on, as rows rather than names. */
export interface Negotiated {
  readonly kexName: string;
  readonly kex: KexRow | GssKexRow;
  /** A name of HOST_KEY_ALGORITHMS. */
  readonly hostKey: string;
  readonly clientToServer: NegotiatedDirection;
  readonly serverToClient: NegotiatedDirection;
  /** The peer guessed its first key exchange packet wrongly: it must be dropped. */
  readonly dropGuess: boolean;
}

/** Pseudo-algorithms that ride in the kex list of the first KEXINIT and are never chosen. */
export const MARKERS = {
  extInfo: { client: 'ext-info-c', server: 'ext-info-s' },
  strict: { client: 'kex-strict-c-v00@openssh.com', server: 'kex-strict-s-v00@openssh.com' },
} as const;

const LABELS: Record<string, string> = {
  kex: 'key exchange method',
  hostKey: 'host key algorithm',
  cipherOut: 'cipher (client to server)',
  cipherIn: 'cipher (server to client)',
  macOut: 'MAC (client to server)',
  macIn: 'MAC (server to client)',
  compressionOut: 'compression (client to server)',
  compressionIn: 'compression (server to client)',
};

/** RFC 4253 section 7.1: for each list, the first name of the client's that the server also has. */
export function negotiate(client: KexInit, server: KexInit, role: 'client' | 'server'): Negotiated {
  const choose = (list: keyof KexInitLists): string => pick(client, server, list, role);
  const direction = (way: 'Out' | 'In'): NegotiatedDirection => {
    const cipherName = choose(`cipher${way}`);
    const cipher = (CIPHERS as Record<string, CipherRow>)[cipherName]!;
    const macName = cipher.aead ? undefined : choose(`mac${way}`);
    return {
      cipherName,
      cipher,
      macName,
      mac: macName === undefined ? undefined : (MACS as Record<string, MacRow>)[macName]!,
      compression: choose(`compression${way}`),
    };
  };
  const kexName = choose('kex');
  const hostKey = choose('hostKey');
  return {
    kexName,
    kex: kexRow(kexName),
    hostKey,
    clientToServer: direction('Out'),
    serverToClient: direction('In'),
    dropGuess: wrongGuess(client, server, role),
  };
}

function kexRow(name: string): KexRow | GssKexRow {
  return GSS_KEX_ALGORITHMS.get(name) ?? (KEX_ALGORITHMS as Record<string, KexRow>)[name]!;
}

/** A guess is right only where the first names of both lists, key exchange and host key, agree (section 7). */
function wrongGuess(client: KexInit, server: KexInit, role: 'client' | 'server'): boolean {
  const peer = role === 'client' ? server : client;
  if (!peer.firstKexPacketFollows) return false;
  return client.lists.kex[0] !== server.lists.kex[0] || client.lists.hostKey[0] !== server.lists.hostKey[0];
}

function pick(client: KexInit, server: KexInit, list: keyof KexInitLists, role: 'client' | 'server'): string {
  const offered = client.lists[list];
  const known = server.lists[list];
  const name = offered.find((one) => known.includes(one) && !isMarker(one));
  if (name !== undefined) return name;
  const ours = (role === 'client' ? offered : known).filter((one) => !isMarker(one));
  const theirs = (role === 'client' ? known : offered)
    .filter((one) => !isMarker(one))
    .map((n) => sanitize(n, 64));
  const text = `no common ${LABELS[list]}: we offer ${ours.join(', ') || 'nothing'}; the peer offers ${theirs.join(', ') || 'nothing'}`;
  throw new WherryError('SSH_NEGOTIATION', text, { phase: LABELS[list]!, ours, theirs });
}

function isMarker(name: string): boolean {
  return name.startsWith('ext-info-') || name.startsWith('kex-strict-');
}

const TABLES: Record<keyof AlgorithmLists, readonly [what: string, table: object]> = {
  kex: ['key exchange method', { ...KEX_ALGORITHMS, ...Object.fromEntries(GSS_KEX_ALGORITHMS) }],
  hostKey: ['host key algorithm', Object.fromEntries(HOST_KEY_ALGORITHMS)],
  ciphers: ['cipher', CIPHERS],
  macs: ['MAC', MACS],
  compressions: ['compression', COMPRESSIONS],
};

/** Throws INVALID_ARGUMENT for a list that is empty or has a name no table knows. */
export function checkAlgorithmLists(lists: AlgorithmLists): void {
  for (const key of Object.keys(TABLES) as (keyof AlgorithmLists)[]) {
    const [what, table] = TABLES[key];
    if (lists[key].length === 0) throw new WherryError('INVALID_ARGUMENT', `the list of ${what}s is empty`);
    for (const name of lists[key]) {
      if (!Object.hasOwn(table, name)) {
        const known = Object.keys(table);
        throw new WherryError('INVALID_ARGUMENT', `unknown ${what} ${name}; known: ${known.join(', ')}`, {
          ours: known,
        });
      }
    }
  }
}
