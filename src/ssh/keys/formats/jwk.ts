/** JSON Web Keys and sets of them (RFC 7517, RFC 8037). */
import { isWherryError } from '../../../base/errors.ts';
import { sanitize } from '../../../base/text.ts';
import { strictBase64 } from '../base64.ts';
import { importPublicNumbers, type KeyNumbers } from '../key-numbers.ts';
import { importPrivate, makePrivateKey } from '../key-pair.ts';
import { asKeyErrors, encodePublicKey, parsePublicKey } from '../public-key.ts';
import type { X509 } from '../x509/x509.ts';
import { type KeyEntry, privateEntry, publicEntry, readCertificate } from './key-entry.ts';
import { damaged, unsupported } from './key-errors.ts';
import { asUtf8 } from './key-file.ts';
import type { WorkBudget } from './work-budget.ts';

/** The members of a JWK that are numbers of a key, by `kty`. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  RSA: ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'],
  EC: ['crv', 'x', 'y', 'd'],
  OKP: ['crv', 'x', 'd'],
};

export function looksLikeJwk(text: string): boolean {
  return /^\s*\{/.test(text) && /"(?:kty|keys)"\s*:/.test(text);
}

/** One key, or all keys of a set that are of a kind SSH knows. */
export function readJwk(text: string, budget: WorkBudget): KeyEntry[] {
  const value = parseJson(text);
  if (!Array.isArray(value.keys)) return [readOne(value, budget)];
  const entries: KeyEntry[] = [];
  let last: unknown;
  for (const one of value.keys) {
    try {
      entries.push(readOne(asObject(one), budget));
    } catch (error) {
      if (isWherryError(error) && error.details.limit !== undefined) throw error;
      // RFC 7517 section 5: keys of an unknown kind in a set are to be ignored.
      last = error;
    }
  }
  if (entries.length === 0) throw last ?? damaged('the set holds no key');
  return entries;
}

function readOne(jwk: Readonly<Record<string, unknown>>, budget: WorkBudget): KeyEntry {
  const kty = typeof jwk.kty === 'string' ? jwk.kty : '';
  const members = Object.hasOwn(MEMBERS, kty) ? MEMBERS[kty]! : undefined;
  if (members === undefined) throw unsupported(`a JWK of type ${sanitize(kty, 32)} is no key for SSH`);
  if (jwk.oth !== undefined) throw unsupported('an RSA key of more than two primes');
  const numbers: Record<string, string> = { kty };
  for (const name of members) {
    const value = jwk[name];
    if (value === undefined) continue;
    if (typeof value !== 'string') throw damaged(`its member ${name} is no text`);
    if (name !== 'crv' && !/^[A-Za-z0-9_-]+$/.test(value))
      throw damaged(`its member ${name} is not base64url`);
    numbers[name] = value;
  }
  const comment = typeof jwk.kid === 'string' ? sanitize(jwk.kid) : '';
  const more = certificates(jwk.x5c, budget);
  if (numbers.d !== undefined) {
    if (kty === 'RSA' && numbers.qi === undefined) {
      throw unsupported('an RSA key without its primes');
    }
    return privateEntry(makePrivateKey(importPrivate(numbers as KeyNumbers), comment, budget), more);
  }
  const key = asKeyErrors(() => importPublicNumbers(numbers as KeyNumbers));
  return { ...publicEntry(parsePublicKey(encodePublicKey(key)), comment, budget), ...more };
}

function certificates(x5c: unknown, budget: WorkBudget): { certificate?: X509; chain?: readonly X509[] } {
  if (!Array.isArray(x5c)) return {};
  const chain = x5c.map((text) => {
    const der = typeof text === 'string' ? strictBase64(text) : undefined;
    if (der === undefined) throw damaged('its x5c is not base64');
    return readCertificate(der, budget);
  });
  return chain[0] === undefined ? {} : { certificate: chain[0], chain: chain.slice(1) };
}

function parseJson(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(asUtf8(text));
  } catch {
    // The words of JSON.parse repeat what they stumble over, which may be a secret.
    throw damaged('it is not JSON');
  }
  return asObject(value);
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw damaged('it is no JWK');
  return value as Readonly<Record<string, unknown>>;
}
