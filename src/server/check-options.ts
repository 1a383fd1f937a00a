import { generateKeyPairSync } from 'node:crypto';
import { WherryError } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import { ALL_VERSIONS, checkVersion } from '../sftp/versions.ts';
import { WorkBudget } from '../ssh/keys/formats/work-budget.ts';
import { makePrivateKey } from '../ssh/keys/key-pair.ts';
import { type PrivateKey, parsePrivateKey } from '../ssh/keys/private-key.ts';
import { type PublicKey, parsePublicKeyLine } from '../ssh/keys/public-key.ts';
import { madeUpAccounts, systemAccounts } from './files/accounts.ts';
import { FolderFiles } from './files/folder-files.ts';
import { MemoryFiles } from './files/memory-files.ts';
import type { ServedFiles } from './files/served-files.ts';
import type { ServerUser } from './login-policy.ts';
import type { ServerLimits, ServerOptions, ServerUserOptions } from './options.ts';
import { ANNOUNCEABLE } from './sftp/announcement.ts';
import { LockTable } from './sftp/locks.ts';
import type { ServedLimits, SftpService } from './sftp/service.ts';

/** Bytes of one READ, and what limits@openssh.com tells of both directions: as OpenSSH. */
const READ_BYTES = 261_120;
const PACKET_BYTES = 262_144;

/** The service that the options ask for; throws INVALID_ARGUMENT for what cannot be. */
export function sftpService(options: ServerOptions): SftpService {
  const { home = '/', readOnly = false, versions = ALL_VERSIONS, extensions = ANNOUNCEABLE } = options;
  if (!home.startsWith('/')) throw wrong(`home must be an absolute path of the server, not ${home}`);
  if (versions.length === 0) throw wrong('versions must name at least one SFTP version');
  const unknown = extensions.find((name) => !ANNOUNCEABLE.includes(name));
  if (unknown !== undefined)
    throw wrong(`there is no extension ${JSON.stringify(unknown)}; there are ${ANNOUNCEABLE.join(', ')}`);
  const offered = new Set(extensions);
  return {
    files: servedFiles(options, home),
    accounts: options.root === undefined ? madeUpAccounts(Object.keys(options.users)) : systemAccounts(),
    home,
    readOnly,
    versions: [...versions].map(checkVersion).sort(),
    offers: (name) => offered.has(name),
    limits: checkLimits(options.limits),
    locks: new LockTable(),
  };
}

function checkLimits({ read = READ_BYTES, write = READ_BYTES, handles }: ServerLimits = {}): ServedLimits {
  const most = { read: READ_BYTES, write: READ_BYTES, handles: LIMITS.servedHandles.value };
  const limits = { read, write, handles: handles ?? most.handles };
  for (const name of ['read', 'write', 'handles'] as const) {
    if (!Number.isInteger(limits[name]) || limits[name] < 1 || limits[name] > most[name])
      throw wrong(`limits.${name} must be a whole number from 1 to ${most[name]}, not ${limits[name]}`);
  }
  return { ...limits, packet: PACKET_BYTES };
}

function servedFiles({ root, files }: ServerOptions, home: string): ServedFiles {
  if (root !== undefined && files !== undefined) throw wrong('root and files exclude each other');
  if (root === undefined) {
    const served = files ?? new MemoryFiles();
    served.putFolder(home);
    return served;
  }
  try {
    return new FolderFiles(root);
  } catch (error) {
    throw new WherryError('INVALID_ARGUMENT', `cannot serve the folder ${root}`, { localPath: root }, error);
  }
}

export function checkUsers({ users }: ServerOptions): Readonly<Record<string, ServerUser>> {
  const entries = Object.entries(users ?? {});
  if (entries.length === 0) throw wrong('users must name at least one user');
  return Object.fromEntries(entries.map(([name, user]) => [name, serverUser(name, user)]));
}

function serverUser(name: string, options: ServerUserOptions): ServerUser {
  const { password, publicKeys, certificateAuthorities, keyboardInteractive, chains } = options;
  if ((password ?? publicKeys ?? certificateAuthorities ?? keyboardInteractive) === undefined)
    throw wrong(
      `user ${name} needs a password, publicKeys, certificateAuthorities or keyboardInteractive to log in with`,
    );
  return {
    ...(password === undefined ? {} : { password }),
    ...(publicKeys === undefined ? {} : { publicKeys: publicKeys.map(parsed) }),
    ...(certificateAuthorities === undefined ? {} : { authorities: certificateAuthorities.map(parsed) }),
    ...(keyboardInteractive === undefined ? {} : { keyboard: keyboardInteractive }),
    ...(chains === undefined ? {} : { chains }),
  };
}

function parsed(key: PublicKey | string): PublicKey {
  return typeof key === 'string' ? parsePublicKeyLine(key).publicKey : key;
}

export function readHostKey(given: ServerOptions['hostKey']): PrivateKey {
  if (given === undefined) {
    return makePrivateKey(generateKeyPairSync('ed25519').privateKey, 'wherry server', new WorkBudget());
  }
  return typeof given === 'string' || given instanceof Uint8Array ? parsePrivateKey(given) : given;
}

export function checkAddress({ host, port = 0 }: ServerOptions): void {
  // An empty one would be every address there is.
  if (host === '') throw wrong('host must not be empty');
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw wrong(`port must be a whole number from 0 to 65535, not ${port}`);
}

function wrong(text: string): WherryError {
  return new WherryError('INVALID_ARGUMENT', text);
}
