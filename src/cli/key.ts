import { open } from 'node:fs/promises';
import { isWherryError, WherryError } from '../index.ts';
import {
  CertificateView,
  fingerprint,
  formatPrivateKey,
  formatPublicKey,
  generateKey,
  type KeyEntry,
  loadKeys,
  type PrivateKey,
  type PrivateKeyFormat,
  type PublicKeyFormat,
} from '../keys.ts';
import type { CommandContext } from './commands.ts';
import { environmentValue } from './environment.ts';
import { printable } from './printable.ts';
import { personAtTerminal } from './prompts.ts';
import { localTrouble } from './system-errors.ts';
import { UsageError } from './usage-error.ts';

const ACTIONS: Readonly<
  Record<string, (context: CommandContext, files: readonly string[]) => Promise<void>>
> = { inspect, convert, generate };

const PRIVATE_FORMATS: readonly PrivateKeyFormat[] = ['openssh', 'pkcs8', 'ppk', 'jwk'];
const PUBLIC_FORMATS: readonly PublicKeyFormat[] = ['openssh', 'rfc4716', 'pkcs8', 'jwk'];
const TYPES = ['ed25519', 'ecdsa', 'rsa'] as const;
const PASSPHRASE_TRIES = 3;

/** `wherry key inspect|convert|generate`. */
export async function keyCommand(context: CommandContext): Promise<void> {
  const [what = '', ...files] = context.args;
  if (!Object.hasOwn(ACTIONS, what)) throw new UsageError(`key takes ${Object.keys(ACTIONS).join(', ')}`);
  const began = performance.now();
  await ACTIONS[what]!(context, files);
  if (context.options.json)
    context.report.done({ command: 'key', duration: Math.round(performance.now() - began) });
}

async function inspect(context: CommandContext, files: readonly string[]): Promise<void> {
  if (files.length === 0) throw new UsageError('key inspect takes the files to look at');
  for (const file of files) {
    const { entries } = await readKeys(file, context);
    for (const entry of entries) {
      const facts = { path: file, ...factsOf(entry) };
      await context.report.item('key', facts, describe(file, facts));
    }
  }
}

async function convert(context: CommandContext, files: readonly string[]): Promise<void> {
  const [source, target] = files;
  if (source === undefined || files.length > 2)
    throw new UsageError('key convert takes a file and its target');
  const { options } = context;
  const { entries, encrypted } = await readKeys(source, context);
  const entry = entries.find(({ privateKey }) => privateKey !== undefined) ?? entries[0]!;
  const comment = options.comment ?? entry.comment;
  const { privateKey } = entry;
  if (options.public || privateKey === undefined) {
    if (entry.publicKey === undefined) {
      throw new WherryError('KEY_UNSUPPORTED', `${source}: SSH has no type for this kind of key`);
    }
    const format = oneOf(PUBLIC_FORMATS, options.to ?? 'openssh', '--to');
    await put(context, target, formatPublicKey(entry.publicKey, { format, comment }), false);
    return;
  }
  const format = oneOf(PRIVATE_FORMATS, options.to ?? 'openssh', '--to');
  const passphrase = await newPassphrase(context, format, encrypted);
  await put(context, target, formatPrivateKey(privateKey, { format, comment, passphrase }), true);
}

async function generate(context: CommandContext, files: readonly string[]): Promise<void> {
  const [target] = files;
  if (target === undefined || files.length > 1) throw new UsageError('key generate takes the file to write');
  const { options } = context;
  const type = oneOf(TYPES, options.type ?? 'ed25519', '--type');
  const format = oneOf(PRIVATE_FORMATS, options.to ?? 'openssh', '--to');
  const passphrase = await newPassphrase(context, format, true);
  const comment = options.comment ?? '';
  const key: PrivateKey = await generateKey(type, {
    comment,
    ...(options.bits === undefined ? {} : { bits: options.bits }),
  });
  await put(context, target, formatPrivateKey(key, { format, passphrase }), true);
  if (target !== '-') await put(context, `${target}.pub`, formatPublicKey(key.publicKey, { comment }), false);
  const facts = { path: target, ...factsOf({ comment, publicKey: key.publicKey, privateKey: key }) };
  if (target !== '-') await context.report.item('key', facts, describe(target, facts));
}

/** What is in a file; a person at the terminal is asked for the passphrase where one is needed. */
async function readKeys(
  file: string,
  { options, signal }: CommandContext,
): Promise<{ entries: readonly KeyEntry[]; encrypted: boolean }> {
  const given = environmentValue('--passphrase-env', options.passphraseEnv);
  const person = personAtTerminal(signal);
  let passphrase: string | undefined;
  for (let tries = 0; ; tries++) {
    try {
      return { entries: await loadKeys(file, { passphrase }), encrypted: passphrase !== undefined };
    } catch (error) {
      if (!isWherryError(error)) throw error;
      const code = error.code;
      const wants = code === 'KEY_PASSPHRASE_REQUIRED' || (code === 'KEY_PASSPHRASE_WRONG' && person);
      const first = tries === 0 ? given : undefined;
      if (!wants || tries > PASSPHRASE_TRIES || (first === undefined && person === undefined)) {
        throw error;
      }
      passphrase = first ?? (await person!.ask(`Passphrase of the key ${file}: `, false));
    }
  }
}

/** The passphrase of what is written. A key that had one, or is new, loses it only where that was said. */
async function newPassphrase(
  { options, signal }: CommandContext,
  format: PrivateKeyFormat,
  expected: boolean,
): Promise<string> {
  const given = environmentValue('--new-passphrase-env', options.newPassphraseEnv);
  if (given !== undefined) return given;
  if (options.plain || !expected) return '';
  const person = format === 'jwk' ? undefined : personAtTerminal(signal);
  if (person === undefined) {
    throw new UsageError('the new file needs a passphrase (--new-passphrase-env NAME), or --plain for none');
  }
  const first = await person.ask('New passphrase (empty for none): ', false);
  if (first !== (await person.ask('The same again: ', false))) throw new UsageError('the two differ');
  return first;
}

/** Writes a new file, private ones with mode 0600 from the start; `-`, or no name, is stdout. */
async function put(
  { stdout }: CommandContext,
  path: string | undefined,
  text: string,
  secret: boolean,
): Promise<void> {
  if (path === undefined || path === '-') {
    await stdout.write(text);
    return;
  }
  try {
    await using file = await open(path, 'wx', secret ? 0o600 : 0o644);
    await file.writeFile(text);
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? 'unknown';
    const says = localTrouble('write', path, errno);
    throw new WherryError('INVALID_ARGUMENT', says, { localPath: path, errno }, error);
  }
}

interface Facts {
  readonly keyType: string | undefined;
  readonly bits: number;
  readonly fingerprint: string | undefined;
  readonly comment: string;
  readonly private: boolean;
  readonly certificate?: Readonly<Record<string, string>>;
}

function factsOf(entry: KeyEntry): Facts {
  const view = new CertificateView(entry);
  const { publicKey, certificate, sshCertificate } = entry;
  const told = {
    kind: certificate === undefined ? `OpenSSH ${sshCertificate?.kind}` : 'X.509',
    subject: view.subject,
    issuer: view.issuer,
    serial: view.serialNumber,
    from: view.effectiveDate,
    to: view.expirationDate,
    names: view.subjectAltNames,
    signature: view.signatureAlgorithm,
  };
  return {
    keyType: publicKey?.type ?? view.publicKeyAlgorithm,
    bits: view.publicKeyLength,
    fingerprint: publicKey === undefined ? undefined : fingerprint(publicKey.blob),
    comment: entry.comment,
    private: entry.privateKey !== undefined,
    ...(certificate === undefined && sshCertificate === undefined ? {} : { certificate: told }),
  };
}

function describe(path: string, facts: Facts): string {
  const kind = facts.private ? 'private key' : 'public key';
  const head = `${path}: ${kind} ${facts.keyType} ${facts.bits} ${facts.fingerprint ?? ''} ${facts.comment}`;
  const rows = Object.entries(facts.certificate ?? {}).filter(([, value]) => value !== '');
  const more = rows.map(([name, value]) => `  ${name.padEnd(9)} ${value}`);
  return [head.trimEnd(), ...more].map(printable).join('\n');
}

function oneOf<T extends string>(known: readonly T[], text: string, option: string): T {
  const found = known.find((one) => one === text);
  if (found === undefined) throw new UsageError(`${option} takes ${known.join(', ')}`);
  return found;
}
