import { createHash, randomBytes } from 'node:crypto';
import { WherryError } from '../../base/errors.ts';
import type { ProxyServer } from './proxy.ts';

/** One way to log in that a proxy offers, RFC 9110 section 11.3. */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  readonly values: Readonly<Record<string, string>>;
}

/** RFC 7616 section 3.3, best first. */
const DIGESTS: Readonly<Record<string, { readonly hash: string; readonly session: boolean }>> = {
  'SHA-256': { hash: 'sha256', session: false },
  'SHA-256-SESS': { hash: 'sha256', session: true },
  MD5: { hash: 'md5', session: false },
  'MD5-SESS': { hash: 'md5', session: true },
};

/** All challenges of the Proxy-Authenticate lines of a reply's head; Digest ones by the strength of their hash. */
export function readChallenges(head: string): Challenge[] {
  const challenges: { scheme: string; values: Record<string, string> }[] = [];
  for (const line of head.split('\r\n')) {
    const text = /^proxy-authenticate[ \t]*:(.*)$/i.exec(line)?.[1];
    if (text === undefined) continue;
    for (const [, name, quoted, plain, scheme] of text.matchAll(
      /([\w!#$%&'*+.^`|~-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))|([\w!#$%&'*+.^`|~-]+)/g,
    )) {
      if (scheme !== undefined) challenges.push({ scheme: scheme.toLowerCase(), values: {} });
      const value = quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '';
      const last = challenges.at(-1);
      if (name !== undefined && last !== undefined) last.values[name.toLowerCase()] = value;
    }
  }
  return challenges.sort((a, b) => rank(a) - rank(b));
}

function rank({ scheme, values }: Challenge): number {
  return scheme === 'digest' ? Object.keys(DIGESTS).indexOf(algorithmOf(values)) : 0;
}

function algorithmOf(values: Challenge['values']): string {
  return (values.algorithm ?? 'MD5').toUpperCase();
}

/** The Proxy-Authorization for a challenge; undefined where it wants what we do not have. `uri` is what CONNECT names. */
export function answerChallenge(challenge: Challenge, proxy: ProxyServer, uri: string): string | undefined {
  const { username = '', password = '' } = proxy;
  if (/[\u0000-\u001f\u007f]/.test(username))
    throw new WherryError('INVALID_ARGUMENT', 'the user name for the proxy holds a control character');
  if (challenge.scheme === 'basic') return basic(username, password);
  return challenge.scheme === 'digest' ? digest(challenge.values, username, password, uri) : undefined;
}

/** RFC 7617. */
function basic(username: string, password: string): string {
  if (username.includes(':'))
    throw new WherryError('INVALID_ARGUMENT', 'a user name for Basic holds no colon');
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

/** RFC 7616 section 3.4, or RFC 2069 where the proxy names no quality of protection. */
function digest(
  values: Challenge['values'],
  username: string,
  password: string,
  uri: string,
): string | undefined {
  const algorithm = DIGESTS[algorithmOf(values)];
  const { realm, nonce, opaque, qop } = values;
  const withQop = qop !== undefined;
  if (algorithm === undefined || realm === undefined || nonce === undefined) return undefined;
  if (withQop && !qop.split(',').some((one) => one.trim().toLowerCase() === 'auth')) return undefined;
  const hash = (text: string): string => createHash(algorithm.hash).update(text, 'utf8').digest('hex');
  const cnonce = randomBytes(16).toString('hex');
  const count = '00000001';
  const secret = hash(`${username}:${realm}:${password}`);
  const first = algorithm.session ? hash(`${secret}:${nonce}:${cnonce}`) : secret;
  const second = hash(`CONNECT:${uri}`);
  const middle = withQop ? `${nonce}:${count}:${cnonce}:auth` : nonce;
  const fields = [
    `username=${quoted(username)}`,
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `uri=${quoted(uri)}`,
    `response="${hash(`${first}:${middle}:${second}`)}"`,
    ...(values.algorithm === undefined ? [] : [`algorithm=${values.algorithm}`]),
    ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
    ...(withQop ? ['qop=auth', `nc=${count}`] : []),
    ...(withQop || algorithm.session ? [`cnonce="${cnonce}"`] : []),
  ];
  return `Digest ${fields.join(', ')}`;
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}
