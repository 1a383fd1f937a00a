import { WherryError } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import { DER_TAGS, DerReader } from './der.ts';

/** How a password-based scheme names its work: a path through its parameters. */
interface SchemeRow {
  readonly name: string;
  /** Reads the parameters and gives the number of rounds they ask for. */
  rounds(parameters: DerReader): number;
}

const pbes1 = (parameters: DerReader): number => {
  parameters.octetString();
  return parameters.integer();
};

/** Key derivations of PBES2. */
const KDFS: Readonly<Record<string, SchemeRow>> = {
  '1.2.840.113549.1.5.12': { name: 'PBKDF2', rounds: pbes1 },
  '1.3.6.1.4.1.11591.4.11': {
    name: 'scrypt',
    // RFC 7914 section 7.1: salt, N, r, p; the time goes with the product of the three.
    rounds(parameters) {
      parameters.octetString();
      return parameters.integer() * parameters.integer() * parameters.integer();
    },
  },
};

/** Ciphers of PBES2 that node:crypto can always use; RC2 and single DES need OpenSSL's legacy provider. */
const CIPHERS: readonly string[] = [
  '2.16.840.1.101.3.4.1.2',
  '2.16.840.1.101.3.4.1.22',
  '2.16.840.1.101.3.4.1.42',
  '1.2.840.113549.3.7',
];

const SCHEMES: Readonly<Record<string, SchemeRow>> = {
  '1.2.840.113549.1.5.13': {
    name: 'PBES2',
    rounds(parameters) {
      const kdf = parameters.sequence();
      const cipher = parameters.sequence().oid();
      if (!CIPHERS.includes(cipher)) throw unsupported(`cipher ${cipher}`);
      return row(KDFS, kdf.oid(), 'key derivation').rounds(kdf.sequence());
    },
  },
  '1.2.840.113549.1.12.1.3': { name: 'pbeWithSHAAnd3-KeyTripleDES-CBC', rounds: pbes1 },
  '1.2.840.113549.1.12.1.4': { name: 'pbeWithSHAAnd2-KeyTripleDES-CBC', rounds: pbes1 },
};

/**
 * Looks into an EncryptedPrivateKeyInfo (RFC 5208 section 6) before anything is computed: KEY_FORMAT when it is
 * none, KEY_UNSUPPORTED for a scheme node:crypto has not and for one that asks for more work than LIMITS allow.
 */
export function checkPkcs8Encryption(der: Uint8Array): void {
  const info = new DerReader(der).sequence();
  const algorithm = info.sequence();
  const rounds = row(SCHEMES, algorithm.oid(), 'scheme').rounds(algorithm.sequence());
  if (info.peek() !== DER_TAGS.octetString || info.octetString().length === 0) {
    throw new WherryError('KEY_FORMAT', 'the key is damaged: its encrypted part is missing');
  }
  const max = LIMITS.pbkdf2Iterations.value;
  if (rounds > max) {
    throw new WherryError(
      'KEY_UNSUPPORTED',
      `the private key asks for ${rounds} rounds of work, over ${max}`,
      {
        limit: 'pbkdf2Iterations',
        expected: max,
        actual: rounds,
      },
    );
  }
}

function row(table: Readonly<Record<string, SchemeRow>>, oid: string, what: string): SchemeRow {
  const found = Object.hasOwn(table, oid) ? table[oid] : undefined;
  if (found === undefined) throw unsupported(`${what} ${oid}`);
  return found;
}

function unsupported(what: string): WherryError {
  return new WherryError(
    'KEY_UNSUPPORTED',
    `the private key is encrypted with ${what}, which is not supported`,
  );
}
