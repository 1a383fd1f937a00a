/** Key files made by the real ssh-keygen and openssl, in a folder that goes when the test file ends. */
import { mkdtempSync } from 'node:fs';
import { copyFile, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { run } from '../../support/servers/run.ts';

/** ssh-keygen's `-t` and `-b` for each key type. */
export const GENERATED = {
  'ssh-ed25519': ['-t', 'ed25519'],
  'ecdsa-sha2-nistp256': ['-t', 'ecdsa', '-b', '256'],
  'ecdsa-sha2-nistp384': ['-t', 'ecdsa', '-b', '384'],
  'ecdsa-sha2-nistp521': ['-t', 'ecdsa', '-b', '521'],
  'ssh-rsa': ['-t', 'rsa', '-b', '2048'],
} as const;

export type GeneratedType = keyof typeof GENERATED;
export const TYPES = Object.keys(GENERATED) as GeneratedType[];
export const PASSPHRASE = 'pass phrase with ünïcode';

export class KeyFiles {
  /** There before the first test, for it stays until the last has ended. */
  readonly #folder = mkdtempSync(join(tmpdir(), 'wherry-keys-'));
  readonly #plain = new Map<string, Promise<string>>();
  #count = 0;

  constructor() {
    after(() => rm(this.#folder, { recursive: true, force: true }));
  }

  async path(name = `file${++this.#count}`): Promise<string> {
    return join(this.#folder, name);
  }

  /** An unencrypted key in OpenSSH's format, its `.pub` beside it; one per type. */
  plain(type: GeneratedType): Promise<string> {
    let made = this.#plain.get(type);
    if (made === undefined) {
      made = this.#generate(type);
      this.#plain.set(type, made);
    }
    return made;
  }

  /** The plain key rewritten by `ssh-keygen -p`, such as `-m PEM` or `-Z aes256-cbc`; one KDF round. */
  async rewritten(type: GeneratedType, passphrase: string, ...options: string[]): Promise<string> {
    const path = await this.path();
    await copyFile(await this.plain(type), path);
    await run('ssh-keygen', ['-q', '-p', '-f', path, '-P', '', '-N', passphrase, '-a', '1', ...options]);
    return path;
  }

  /** The plain key as openssl makes it of its PEM form. */
  async byOpenssl(type: GeneratedType, ...args: string[]): Promise<string> {
    const [pem, path] = [await this.rewritten(type, '', '-m', 'PEM'), await this.path()];
    await run('openssl', [...args, '-in', pem, '-out', path]);
    return path;
  }

  /** `bits fingerprint` as `ssh-keygen -l` has them. */
  async listed(type: GeneratedType, hash = 'sha256'): Promise<{ bits: number; fingerprint: string }> {
    const { stdout } = await run('ssh-keygen', ['-l', '-E', hash, '-f', `${await this.plain(type)}.pub`]);
    const [bits, fingerprint = ''] = stdout.split(' ');
    return { bits: Number(bits), fingerprint };
  }

  async publicLine(type: GeneratedType): Promise<string> {
    return readFile(`${await this.plain(type)}.pub`, 'utf8');
  }

  async #generate(type: GeneratedType): Promise<string> {
    const path = await this.path(`id-${type}`);
    await run('ssh-keygen', ['-q', ...GENERATED[type], '-N', '', '-C', `comment of ${type}`, '-f', path]);
    return path;
  }
}
