import { z } from 'zod';
import { ENGINE_FILE_NAME, ENGINE_NAME_PART } from '../store/file-name.ts';
import type { Hostkey, Location, PasswordAuthentication, Port, SshKeyAuthentication } from './types.ts';

/** What a timer of Node can wait for. */
const LONGEST_SECONDS = 2_147_483;
const PRINTABLE_HOST = /^[^\s\p{Cc}/@]{1,255}$/u;
const NO_NUL = /^[^\0]{1,4096}$/u;

type Described<T, In = T> = z.ZodType<T, In>;

/** A value that must never be seen again; `writeOnly` is JSON Schema's word for it. */
function secret(description: string): Described<string> {
  return z.string().min(1).meta({ writeOnly: true, description });
}

export const password: Described<string> = secret('The password to log in with.');
export const privateKeyText: Described<string> = secret('The text of a private key file.');
const passphrase: Described<string> = secret('Opens the private key, where its file is encrypted.');

export const executionName: Described<string> = z
  .string()
  .regex(/^[^\p{Cc}]{1,128}$/u, 'must be 1 to 128 characters, without control characters')
  .describe('A name for the execution.');

export const hostName: Described<string> = z
  .string()
  .regex(PRINTABLE_HOST, 'must be a host name or an IP address')
  .describe('The remote host name or IP address.');

export const userName: Described<string> = z
  .string()
  .regex(NO_NUL, 'must be 1 to 4096 characters, without NUL')
  .describe('The user to log in as.');

export function remotePath(description: string): Described<string> {
  return z.string().regex(NO_NUL, 'must be 1 to 4096 characters, without NUL').describe(description);
}

export function engineFile(description: string): Described<string> {
  return z.string().regex(ENGINE_FILE_NAME.pattern, `must be ${ENGINE_FILE_NAME.says}`).describe(description);
}

export const hostkeyText: Described<string> = z
  .string()
  .min(1)
  .describe('Public key lines of the host: `ssh-ed25519 AAAA…`, or lines of a known_hosts file.');

export const portNumber: Described<number> = z.int().min(1).max(65_535);

export function seconds(description: string): Described<number> {
  return z.int().min(1).max(LONGEST_SECONDS).describe(description);
}

export function fractionalSeconds(description: string): Described<number> {
  return z.number().positive().max(LONGEST_SECONDS).describe(description);
}

export const authentication: Described<SshKeyAuthentication | PasswordAuthentication> = z.discriminatedUnion(
  'authentication_method',
  [
    z.strictObject({
      authentication_method: z.literal('ssh_key'),
      username: userName,
      ssh_key: privateKeyText,
      ssh_key_passphrase: passphrase.optional(),
    }),
    z.strictObject({
      authentication_method: z.literal('username_password'),
      username: userName,
      password,
    }),
  ],
);

export const hostkey: Described<Hostkey> = z
  .discriminatedUnion('hostkey_mode', [
    z.strictObject({ hostkey_mode: z.literal('known_host'), known_host: hostkeyText }),
    z.strictObject({
      hostkey_mode: z.literal('fingerprint'),
      fingerprint: z.string().min(1).describe('`SHA256:…` as ssh-keygen -l prints it, or hex.'),
    }),
    z
      .strictObject({ hostkey_mode: z.literal('ignore') })
      .describe('Believes whoever answers: not for secrets.'),
  ])
  .describe('The public key of the host.');

export const port: Described<Port, Port | undefined> = z
  .union([
    z.discriminatedUnion('port_mode', [
      z.strictObject({ port_mode: z.literal('default') }),
      z.strictObject({ port_mode: z.literal('port_number'), port_number: portNumber }),
    ]),
    portNumber,
  ])
  .default({ port_mode: 'default' });

function placeName(kind: string): Described<string> {
  return z
    .string()
    .regex(ENGINE_NAME_PART.pattern, `must be ${ENGINE_NAME_PART.says}`)
    .describe(`Name of the ${kind}.`);
}

export const location: Described<Location> = z
  .discriminatedUnion('location_mode', [
    z.strictObject({ location_mode: z.literal('inherit_from_execution') }),
    z.strictObject({ location_mode: z.literal('project'), project_name: placeName('project') }),
    z.strictObject({ location_mode: z.literal('bundle'), bundle_name: placeName('bundle') }),
  ])
  .describe('Where the engine keeps the file.');
