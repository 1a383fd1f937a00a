/**
 * Private keys in DER: PKCS#1 (RFC 8017 appendix A.1.2), SEC1 (RFC 5915), OpenSSL's own form of a DSA key, and PKCS#8
 * (RFC 5208, RFC 5958). What stands behind the version tells them apart, so a wrong label does no harm. The structure is
 * checked here, down to the size of each number, before OpenSSL sees any of it: it would work for minutes with what is
 * no key. Left to OpenSSL are curves that are written out, and RSA keys of more than two primes.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { view } from '../../../base/bytes.ts';
import { DER_TAGS, DerReader } from '../der.ts';
import { derInteger, derOctetString, derOid, derSequence } from '../der-writer.ts';
import { checkPrivate, type KeyNumbers, named } from '../key-numbers.ts';
import { importPrivate } from '../key-pair.ts';
import { asKeyErrors } from '../public-key.ts';
import { withLengths } from './ber.ts';
import { ecPrivateNumbers } from './ec-der.ts';
import { familyOf, plainType } from './key-algorithms.ts';
import { damaged } from './key-errors.ts';

const { integer: INTEGER, sequence: SEQUENCE, octetString: OCTETS } = DER_TAGS;
/** [0] attributes and [1] public key of RFC 5958, which say nothing that the key does not. */
const FURTHER_PARTS: readonly number[] = [0xa0, 0x81, 0xa1];
const RSA_NUMBERS = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const;
const DSA_NUMBERS = ['p', 'q', 'g', 'y', 'x'] as const;

/** Bytes behind the structure do not matter. KEY_FORMAT for a damaged one, KEY_UNSUPPORTED for one SSH has no type for. */
export function importDer(der: Uint8Array): KeyObject {
  const { raw } = new DerReader(withLengths(der)).take(SEQUENCE);
  const body = new DerReader(raw).sequence();
  body.integer();
  switch (body.peek()) {
    case SEQUENCE:
      return importPkcs8(body);
    case OCTETS:
      return asKeyErrors(() => imported(ecPrivateNumbers(raw)) ?? openssl(raw, 'sec1'));
    case INTEGER:
      return importIntegers(raw, body);
    default:
      throw damaged('its DER is no private key');
  }
}

function importPkcs8(body: DerReader): KeyObject {
  const algorithm = body.take(SEQUENCE).raw;
  const parameters = new DerReader(algorithm).sequence();
  const oid = parameters.oid();
  const family = familyOf(oid);
  const secret = body.octetString();
  while (body.remaining > 0) {
    const { tag } = body.take();
    if (!FURTHER_PARTS.includes(tag)) throw damaged(`in its DER, tag ${tag} behind the key`);
  }
  switch (family) {
    case 'rsa': {
      const numbers = new DerReader(secret).sequence();
      numbers.integer();
      return importIntegers(secret, numbers);
    }
    case 'dsa': {
      const group = parameters.sequence();
      const [p, q, g] = [group.bigInteger(), group.bigInteger(), group.bigInteger()];
      return importPrivate({ kty: 'DSA', ...named({ p, q, g, x: new DerReader(secret).bigInteger() }) });
    }
    case 'ec':
      return asKeyErrors(
        () => imported(ecPrivateNumbers(secret, parameters)) ?? openssl(pkcs8(algorithm, secret), 'pkcs8'),
      );
    default: {
      // RFC 8410 section 7: an OCTET STRING within that of PKCS#8.
      const { length } = new DerReader(secret).octetString();
      if (length !== plainType(family)![1].size) throw damaged(`an ${family} private key of ${length} bytes`);
      return openssl(pkcs8(derSequence(derOid(oid)), secret), 'pkcs8');
    }
  }
}

/** The two structures that are a row of numbers behind their version. */
function importIntegers(raw: Uint8Array, body: DerReader): KeyObject {
  const found: Uint8Array[] = [];
  while (body.peek() === INTEGER && found.length <= RSA_NUMBERS.length) found.push(body.positiveInteger());
  const names = [RSA_NUMBERS, DSA_NUMBERS].find(({ length }) => length === found.length);
  if (names === undefined) {
    const count = `${RSA_NUMBERS.length} and a DSA key ${DSA_NUMBERS.length}`;
    throw damaged(`it has ${found.length} numbers, where an RSA key has ${count}`);
  }
  const numbers = named(Object.fromEntries(names.map((name, i) => [name, found[i]!])));
  if (names === DSA_NUMBERS || body.peek() !== SEQUENCE) {
    body.end();
    return importPrivate({ kty: names === DSA_NUMBERS ? 'DSA' : 'RSA', ...numbers });
  }
  checkPrivate({ kty: 'RSA', ...numbers });
  checkFurtherPrimes(body.sequence(), found[0]!.length);
  body.end();
  return openssl(raw, 'pkcs1');
}

/** OtherPrimeInfos of RFC 8017 appendix A.1.2. */
function checkFurtherPrimes(primes: DerReader, size: number): void {
  while (primes.remaining > 0) {
    const prime = primes.sequence();
    const numbers = [prime.bigInteger(), prime.bigInteger(), prime.bigInteger()];
    prime.end();
    if (numbers.some(({ length }) => length >= size)) throw damaged('a further prime is too long');
  }
}

const imported = (numbers: KeyNumbers | undefined): KeyObject | undefined =>
  numbers === undefined ? undefined : importPrivate(numbers);

/** A PrivateKeyInfo of version 0: OpenSSL 3.0 takes no other with further parts. */
const pkcs8 = (algorithm: Uint8Array, secret: Uint8Array): Uint8Array =>
  derSequence(derInteger(Uint8Array.of(0)), algorithm, derOctetString(secret));

function openssl(der: Uint8Array, type: 'pkcs1' | 'sec1' | 'pkcs8'): KeyObject {
  try {
    return createPrivateKey({ key: view(der), format: 'der', type });
  } catch (error) {
    throw damaged('node:crypto cannot read it', error);
  }
}
