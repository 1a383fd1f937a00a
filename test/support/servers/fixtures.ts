/**
 * Keys for one test run, made by ssh-keygen in a fresh folder: host keys, user keys in every file format it writes, and
 * an authorized_keys file with all of them. The runner makes them once; test files find them through the environment.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvironment } from './environment.ts';
import { ed25519ToPkcs8 } from './pkcs8.ts';
import { run } from './run.ts';

/** `dsa` is there only where ssh-keygen still makes such keys (OpenSSH before 10). */
export type KeyType = 'ed25519' | 'rsa' | 'ecdsa256' | 'ecdsa384' | 'ecdsa521' | 'dsa';

/** What ssh-keygen makes of each type. */
const KEYGEN_ARGS: Record<KeyType, readonly string[]> = {
  ed25519: ['-t', 'ed25519'],
  rsa: ['-t', 'rsa', '-b', '3072'],
  ecdsa256: ['-t', 'ecdsa', '-b', '256'],
  ecdsa384: ['-t', 'ecdsa', '-b', '384'],
  ecdsa521: ['-t', 'ecdsa', '-b', '521'],
  dsa: ['-t', 'dsa'],
};

/** Ed25519 has no PEM (PKCS#1/SEC1) form. */
export interface KeyFiles {
  openssh: string;
  opensshEncrypted: string;
  pkcs8: string;
  pkcs8Encrypted: string;
  pem?: string;
  pemEncrypted?: string;
}

export interface HostKeyFixture {
  type: KeyType;
  algorithm: string;
  /** `algorithm base64`. */
  publicLine: string;
  fingerprint: string;
  file: string;
}

export interface UserKeyFixture {
  type: KeyType;
  algorithm: string;
  publicLine: string;
  fingerprint: string;
  publicFile: string;
  files: KeyFiles;
}

type ByType<T> = Record<Exclude<KeyType, 'dsa'>, T> & { dsa?: T };

export interface Fixtures {
  dir: string;
  /** Of all the encrypted key files. */
  passphrase: string;
  hostKeys: ByType<HostKeyFixture>;
  userKeys: ByType<UserKeyFixture>;
  /** Path of the file with all user keys. */
  authorizedKeys: string;
}

let current: Promise<Fixtures> | undefined;
let own: string | undefined;
process.on('exit', () => {
  if (own !== undefined) rmSync(own, { recursive: true, force: true });
});

/** The fixtures of this run: the runner's when a test file asks, else new ones that go away with this process. */
export function getFixtures(): Promise<Fixtures> {
  current ??= findOrMake();
  return current;
}

async function findOrMake(): Promise<Fixtures> {
  const dir = readEnvironment()?.fixturesDir;
  if (dir !== undefined && existsSync(join(dir, 'fixtures.json'))) return loadFixtures(dir);
  const made = await makeFixtures();
  own = made.dir;
  return made;
}

export function loadFixtures(dir: string): Fixtures {
  return JSON.parse(readFileSync(join(dir, 'fixtures.json'), 'utf8')) as Fixtures;
}

export async function makeFixtures(): Promise<Fixtures> {
  const dir = await mkdtemp(join(tmpdir(), 'wherry-servers-'));
  // The test account has to get through to authorized_keys; the private keys in it are 0600.
  await chmod(dir, 0o711);
  await mkdir(join(dir, 'host'), { mode: 0o700 });
  await mkdir(join(dir, 'user'), { mode: 0o700 });
  const passphrase = randomBytes(9).toString('base64url');
  const hostKeys: Partial<Record<KeyType, HostKeyFixture>> = {};
  const userKeys: Partial<Record<KeyType, UserKeyFixture>> = {};
  const types = Object.keys(KEYGEN_ARGS) as KeyType[];
  const made = await Promise.all(
    types.map(async (type) => ({
      type,
      host: await makeHostKey(join(dir, 'host'), type),
      user: await makeUserKey(join(dir, 'user'), type, passphrase),
    })),
  );
  for (const { type, host, user } of made) {
    if (host) hostKeys[type] = host;
    if (user) userKeys[type] = user;
  }
  const authorizedKeys = join(dir, 'authorized_keys');
  const lines = types.flatMap((type) => userKeys[type]?.publicLine ?? []);
  await writeFile(authorizedKeys, `${lines.join('\n')}\n`, { mode: 0o644 });
  await chmod(authorizedKeys, 0o644);
  const fixtures = { dir, passphrase, hostKeys, userKeys, authorizedKeys } as Fixtures;
  await writeFile(join(dir, 'fixtures.json'), JSON.stringify(fixtures, null, 2), { mode: 0o600 });
  return fixtures;
}

/** known_hosts lines for a server: `[host]:port algorithm base64`. */
export function knownHostsLines(server: {
  host: string;
  port: number;
  hostKeys: readonly { publicLine: string }[];
}): string {
  return server.hostKeys.map((key) => `[${server.host}]:${server.port} ${key.publicLine}\n`).join('');
}

async function makeHostKey(dir: string, type: KeyType): Promise<HostKeyFixture | undefined> {
  const file = join(dir, type);
  if (!(await generate(file, type))) return undefined;
  return { type, ...(await describeKey(file)), file };
}

async function makeUserKey(
  dir: string,
  type: KeyType,
  passphrase: string,
): Promise<UserKeyFixture | undefined> {
  const openssh = join(dir, type);
  if (!(await generate(openssh, type))) return undefined;
  const convert = async (name: string, form: readonly string[], secret: string): Promise<string> => {
    const file = `${openssh}-${name}`;
    await copyFile(openssh, file);
    await run('ssh-keygen', ['-q', '-p', ...form, '-P', '', '-N', secret, '-f', file]);
    return file;
  };
  const ed25519ToFile = async (name: string, secret?: string): Promise<string> => {
    const file = `${openssh}-${name}`;
    await writeFile(file, ed25519ToPkcs8(await readFile(openssh, 'utf8'), secret), { mode: 0o600 });
    return file;
  };
  const opensshEncrypted = await convert('encrypted', [], passphrase);
  const files: KeyFiles =
    type === 'ed25519'
      ? {
          openssh,
          opensshEncrypted,
          // ssh-keygen before 9.6 leaves an Ed25519 key in its own format whatever -m says.
          pkcs8: await ed25519ToFile('pkcs8'),
          pkcs8Encrypted: await ed25519ToFile('pkcs8-encrypted', passphrase),
        }
      : {
          openssh,
          opensshEncrypted,
          pkcs8: await convert('pkcs8', ['-m', 'PKCS8'], ''),
          pkcs8Encrypted: await convert('pkcs8-encrypted', ['-m', 'PKCS8'], passphrase),
          pem: await convert('pem', ['-m', 'PEM'], ''),
          pemEncrypted: await convert('pem-encrypted', ['-m', 'PEM'], passphrase),
        };
  return { type, ...(await describeKey(openssh)), publicFile: `${openssh}.pub`, files };
}

async function generate(file: string, type: KeyType): Promise<boolean> {
  const args = ['-q', ...KEYGEN_ARGS[type], '-N', '', '-C', `wherry-${type}`, '-f', file];
  const { code, stderr } = await run('ssh-keygen', args, { allowFailure: type === 'dsa' });
  return code === 0 && !/unknown key type/.test(stderr);
}

async function describeKey(
  file: string,
): Promise<{ algorithm: string; publicLine: string; fingerprint: string }> {
  const line = await readFile(`${file}.pub`, 'utf8');
  const [algorithm = '', base64 = ''] = line.split(' ');
  const { stdout } = await run('ssh-keygen', ['-l', '-E', 'sha256', '-f', `${file}.pub`]);
  return { algorithm, publicLine: `${algorithm} ${base64}`, fingerprint: stdout.split(' ')[1] ?? '' };
}
