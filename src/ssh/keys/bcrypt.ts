/** OpenSSH's bcrypt_pbkdf. */
import { createRequire } from 'node:module';

/** Loaded when an encrypted key turns up: it takes 20 ms, and parsing is synchronous. */
const require: NodeJS.Require = createRequire(import.meta.url);

interface Bcrypt {
  /** Fills `key`; -1 for an argument out of range, else 0. */
  pbkdf(
    passphrase: Uint8Array,
    passphraseLength: number,
    salt: Uint8Array,
    saltLength: number,
    key: Uint8Array,
    keyLength: number,
    rounds: number,
  ): number;
}

/** `length` bytes derived from a passphrase; undefined where an argument is out of range. */
export function bcryptPbkdf(
  passphrase: Uint8Array,
  salt: Uint8Array,
  rounds: number,
  length: number,
): Uint8Array | undefined {
  const { pbkdf } = require('bcrypt-pbkdf') as Bcrypt;
  const key = new Uint8Array(length);
  return pbkdf(passphrase, passphrase.length, salt, salt.length, key, length, rounds) === 0 ? key : undefined;
}
