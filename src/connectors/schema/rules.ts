import {
  fingerprints,
  isWherryError,
  knownHostsText,
  type PrivateKey,
  parsePrivateKey,
} from '../../index.ts';
import type { InputProblem } from '../errors.ts';
import { ENGINE_FILE_NAME } from '../store/file-name.ts';
import { ENGINE_PREFIX } from './connection-schemas.ts';
import type { JsonSchema } from './json-schema.ts';
import { isObject, type Plain } from './plain.ts';

type Document = Readonly<Record<string, Plain>>;

/** What the form alone cannot say. Rules look at whatever is there, however wrong the rest may be. */
export interface Rule {
  problems(document: Document): readonly InputProblem[];
  /** The same for JSON Schema, where it can be said there. */
  readonly json?: JsonSchema;
}

const REMOTE = { pattern: `^(?!${ENGINE_PREFIX})` };
const ENGINE = { pattern: `^${ENGINE_PREFIX}${ENGINE_FILE_NAME.pattern.source.slice(1)}` };

/** Flat inputs: one side is the engine's. */
const oneSide: Rule = {
  json: {
    anyOf: [{ properties: { src: ENGINE, dst: REMOTE } }, { properties: { src: REMOTE, dst: ENGINE } }],
  },
  problems({ src, dst }) {
    if (typeof src !== 'string' || typeof dst !== 'string') return [];
    const marked = (['src', 'dst'] as const).filter((name) =>
      (name === 'src' ? src : dst).startsWith(ENGINE_PREFIX),
    );
    const [side] = marked;
    if (side === undefined || marked.length === 2) {
      const found = side === undefined ? 'neither does' : 'both do';
      return [invalid('src', `exactly one of src and dst must begin with ${ENGINE_PREFIX}, and ${found}`)];
    }
    const name = (side === 'src' ? src : dst).slice(ENGINE_PREFIX.length);
    if (ENGINE_FILE_NAME.pattern.test(name)) return [];
    return [invalid(side, `what follows ${ENGINE_PREFIX} must be ${ENGINE_FILE_NAME.says}`)];
  },
};

/** Flat inputs: something to log in with. */
const someCredential: Rule = {
  json: { anyOf: [{ required: ['key'] }, { required: ['password'] }] },
  problems: ({ key, password }) =>
    key !== undefined || password !== undefined
      ? []
      : [{ kind: 'missing', path: 'password', message: 'is missing: either password or key must be given' }],
};

function usableHostkey(path: string, text: Plain | undefined): readonly InputProblem[] {
  if (typeof text !== 'string' || text === '') return [];
  try {
    knownHostsText(text);
    return [];
  } catch {
    return [invalid(path, 'holds no usable public key line, such as ssh-ed25519 AAAA…')];
  }
}

/** What can be wrong with a private key, in words that hold nothing of it. */
const KEY_TROUBLE: Readonly<Record<string, (passphrase: string | undefined) => string>> = {
  KEY_PASSPHRASE_REQUIRED: (passphrase) =>
    passphrase === undefined
      ? 'is encrypted: give the key without a passphrase, or use the grouped inputs with ssh_key_passphrase'
      : `is encrypted: ${passphrase} is needed`,
  KEY_PASSPHRASE_WRONG: (passphrase) =>
    `is encrypted, and ${passphrase ?? 'the passphrase'} does not open it`,
  KEY_UNSUPPORTED: () =>
    'is of a kind or a cipher that is not supported; an OpenSSH or PEM key of type ed25519, ecdsa or rsa is',
};

function usableKey(
  path: string,
  text: Plain | undefined,
  passphrase: Plain | undefined,
  passphrasePath: string | undefined,
): readonly InputProblem[] {
  if (typeof text !== 'string' || text === '') return [];
  if (passphrase !== undefined && typeof passphrase !== 'string') return [];
  const key = readKey(text, passphrase);
  if (typeof key === 'object') return [];
  const trouble =
    KEY_TROUBLE[key]?.(passphrasePath) ?? 'is no readable private key file: give its whole text';
  return [invalid(key === 'KEY_PASSPHRASE_WRONG' ? (passphrasePath ?? path) : path, trouble)];
}

/** The key, or the code of what is wrong with it. */
export function readKey(text: string, passphrase: string | undefined): PrivateKey | string {
  try {
    return parsePrivateKey(text, passphrase);
  } catch (error) {
    return isWherryError(error) ? error.code : 'KEY_FORMAT';
  }
}

const groupedValues: Rule = {
  problems({ hostkey, authentication }) {
    const found: InputProblem[] = [];
    if (isObject(hostkey) && hostkey.hostkey_mode === 'known_host')
      found.push(...usableHostkey('hostkey.known_host', hostkey.known_host));
    if (isObject(hostkey) && hostkey.hostkey_mode === 'fingerprint')
      found.push(...usableFingerprint(hostkey.fingerprint));
    if (isObject(authentication) && authentication.authentication_method === 'ssh_key') {
      const { ssh_key: key, ssh_key_passphrase: passphrase } = authentication;
      const at = 'authentication.ssh_key';
      found.push(...usableKey(at, key, passphrase, `${at}_passphrase`));
    }
    return found;
  },
};

function usableFingerprint(text: Plain | undefined): readonly InputProblem[] {
  if (typeof text !== 'string' || text === '') return [];
  try {
    fingerprints([text]);
    return [];
  } catch {
    return [invalid('hostkey.fingerprint', 'must be SHA256:… as ssh-keygen -l prints it, or hex')];
  }
}

const flatValues: Rule = {
  problems: ({ hostkey, key }) => [
    ...usableHostkey('hostkey', hostkey),
    ...usableKey('key', key, undefined, undefined),
  ],
};

export const GROUPED_RULES: readonly Rule[] = [groupedValues];
export const FLAT_RULES: readonly Rule[] = [oneSide, someCredential, flatValues];

function invalid(path: string, message: string): InputProblem {
  return { kind: 'invalid', path, message };
}
