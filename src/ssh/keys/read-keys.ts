/** From any key file to what is in it. */
import { EMPTY, fromUtf8 } from '../../base/bytes.ts';
import { WherryError } from '../../base/errors.ts';
import { sanitize } from '../../base/text.ts';
import { strictBase64 } from './base64.ts';
import type { KeyEntry } from './formats/key-entry.ts';
import { passphraseRequired } from './formats/key-errors.ts';
import { type KeyFile, keyFile } from './formats/key-file.ts';
import { WorkBudget } from './formats/work-budget.ts';
import {
  blockBytes,
  formatOfBlock,
  formatOfFile,
  KEY_FORMATS,
  type KeyFormatName,
  type KeyFormatRow,
} from './key-formats.ts';
import type { PemBlock } from './pem.ts';
import { samePublicKey } from './public-key.ts';
import { issuersOf } from './x509/issuers.ts';
import type { X509 } from './x509/x509.ts';

/** How to read a key file. */
export interface ReadKeysOptions {
  /** Opens what is encrypted; a text is taken as UTF-8. */
  readonly passphrase?: string | Uint8Array | undefined;
  /** The formats the data may be of, by name; anything else is KEY_FORMAT. Default: any. */
  readonly formats?: readonly KeyFormatName[] | undefined;
}

/**
 * Everything in a key file: private keys, public keys, certificates, told by its contents. A private key comes with
 * the certificate for it and that one's issuers, where the file has them. Reading is synchronous and loads a library
 * only where the format needs one.
 *
 * KEY_PASSPHRASE_REQUIRED and KEY_PASSPHRASE_WRONG ask for another passphrase; KEY_FORMAT says that the data is
 * damaged, of no format known here or not of one of `formats`; KEY_UNSUPPORTED that it is of a kind not read here or
 * asks for more work than LIMITS allow. A passphrase for what has none is ignored.
 *
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises';
 * import { parseKeys } from 'wherry/keys';
 *
 * for (const { comment, publicKey, privateKey, certificate } of parseKeys(await readFile(privateKeyFile))) {
 *   console.log(comment, publicKey?.type, privateKey !== undefined, certificate?.subject);
 * }
 * ```
 */
export function parseKeys(input: Uint8Array | string, options: ReadKeysOptions = {}): KeyEntry[] {
  const file = keyFile(input);
  const budget = new WorkBudget();
  const entries = sourcesOf(file).flatMap((source) => readSource(source, options, budget));
  if (entries.length === 0) throw nothingKnown(file);
  return joinEntries(entries, budget);
}

/** A part of a file that a format's row reads. */
export interface FoundSource {
  readonly name: KeyFormatName;
  readonly row: KeyFormatRow;
  readonly file: KeyFile;
  readonly block?: PemBlock;
}

/** The PEM blocks of known formats; where there are none, the file itself; else what it is the base64 of. */
export function sourcesOf(file: KeyFile): FoundSource[] {
  const inside = unwrapped(file);
  for (const form of inside === undefined ? [file] : [file, inside]) {
    const found = form.blocks.flatMap((block) => {
      const format = formatOfBlock(block.label);
      return format === undefined ? [] : [{ name: format[0], row: format[1], file: form, block }];
    });
    if (found.length > 0) return found;
    const format = formatOfFile(form);
    if (format !== undefined) return [{ name: format[0], row: format[1], file: form }];
  }
  return [];
}

export function readSource(source: FoundSource, options: ReadKeysOptions, budget: WorkBudget): KeyEntry[] {
  const { name, row, file, block } = source;
  if (options.formats !== undefined && !options.formats.includes(name)) {
    const wanted = options.formats.map((one) => KEY_FORMATS[one].title).join(', or ');
    throw new WherryError('KEY_FORMAT', `this is not what was declared: ${row.title}, not ${wanted}`);
  }
  const { passphrase } = options;
  const secret = typeof passphrase === 'string' ? fromUtf8(passphrase) : passphrase;
  const bytes = block === undefined ? file.bytes : blockBytes(block);
  try {
    const input = {
      bytes,
      text: file.text,
      passphrase: secret,
      budget,
      ...(block === undefined ? {} : { block }),
    };
    return row.read(input);
  } catch (error) {
    const empty = (secret ?? EMPTY).length === 0;
    if (empty && error instanceof WherryError && error.code === 'KEY_PASSPHRASE_WRONG') {
      throw passphraseRequired(error.cause);
    }
    throw error;
  }
}

/** The bytes of a file that is nothing but base64. */
function unwrapped(file: KeyFile): KeyFile | undefined {
  const digits = file.text.replace(/\s+/g, '');
  const bytes = digits.length < 32 ? undefined : strictBase64(digits);
  return bytes === undefined ? undefined : keyFile(bytes);
}

export function nothingKnown(file: KeyFile): WherryError {
  const [block] = file.blocks;
  const says =
    block !== undefined
      ? `a "${sanitize(block.label)}" is no key of a format known here`
      : file.text.includes('-----BEGIN ')
        ? 'the key is damaged: its END line is missing or differs from its BEGIN line'
        : 'this is not a key of a format known here';
  return new WherryError('KEY_FORMAT', says);
}

/** Puts certificates to the private keys they are for, and issuers to those. */
function joinEntries(entries: readonly KeyEntry[], budget: WorkBudget): KeyEntry[] {
  const loose = new Set(entries.filter((entry) => isLoose(entry)));
  const joined = entries.map((entry) => {
    if (entry.privateKey === undefined || entry.certificate !== undefined) return entry;
    const own = [...loose].find((one) => belongs(one, entry));
    if (own?.certificate === undefined) return entry;
    const chain = issuersOf(
      own.certificate,
      [...loose].flatMap(({ certificate }) => certificate ?? []),
      budget,
    );
    return { ...entry, certificate: own.certificate, chain, comment: entry.comment || own.comment };
  });
  const taken = new Set(joined.flatMap((entry) => (isLoose(entry) ? [] : certificatesOf(entry))));
  return joined.filter((entry) => !isLoose(entry) || !taken.has(entry.certificate!));
}

function isLoose(entry: KeyEntry): boolean {
  return entry.certificate !== undefined && entry.privateKey === undefined;
}

function belongs(one: KeyEntry, entry: KeyEntry): boolean {
  return (
    one.publicKey !== undefined &&
    entry.publicKey !== undefined &&
    samePublicKey(one.publicKey, entry.publicKey)
  );
}

function certificatesOf(entry: KeyEntry): X509[] {
  return [...(entry.certificate === undefined ? [] : [entry.certificate]), ...(entry.chain ?? [])];
}
