import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type AgentOptions, isWherryError, loadPrivateKey, type PrivateKey } from '../index.ts';
import { connectAgent, parsePublicKeyLine } from '../keys.ts';
import { environmentValue } from './environment.ts';
import { expandHome } from './expand-home.ts';
import type { HostSettings } from './host-settings.ts';
import type { CliOptions } from './options.ts';
import type { Person } from './prompts.ts';

/** What is tried without `-i`, where it exists. */
const DEFAULT_IDENTITIES = ['id_ed25519', 'id_ecdsa', 'id_rsa'];
const AGENT_WAIT_MS = 2_000;
/** How often a passphrase is asked for. */
const PASSPHRASE_TRIES = 3;

export interface Identities {
  readonly privateKey: readonly PrivateKey[];
  /** Ask the agent too, about all its keys or some. */
  readonly agent: false | AgentOptions;
  /** Key files that need a passphrase nobody has given yet. */
  readonly locked: readonly string[];
}

export interface IdentityNeeds {
  readonly settings: HostSettings;
  readonly person: Person | undefined;
  note(text: string): void;
}

/**
 * The keys to log in with: those named by `-i`, each of which must be usable; or those of the configuration, or the
 * usual ones, as far as they are there; and the agent.
 */
export async function findIdentities(options: CliOptions, needs: IdentityNeeds): Promise<Identities> {
  const { settings, person, note } = needs;
  const passphrase = environmentValue('--passphrase-env', options.passphraseEnv);
  if (options.identity !== undefined) {
    const keys: PrivateKey[] = [];
    for (const file of options.identity.map(expandHome)) {
      keys.push(await unlock(file, passphrase, person));
    }
    return { privateKey: keys, agent: false, locked: [] };
  }
  const named = settings.identityFiles;
  const files = named.length > 0 ? named : DEFAULT_IDENTITIES.map((name) => join(homedir(), '.ssh', name));
  const locked: string[] = [];
  const found = await Promise.all(
    files.map((file) => loadIfThere(file, passphrase, note, () => locked.push(file))),
  );
  const agent = await usableAgent(settings, note);
  const others = files.filter((_, i) => found[i] === undefined);
  return {
    privateKey: found.filter((key) => key !== undefined),
    agent: settings.identitiesOnly && agent !== false ? await onlyKeysOf(others, agent) : agent,
    locked,
  };
}

/** The agent for the keys of files it may have open, such as encrypted ones; a file's public half lies beside it. */
async function onlyKeysOf(files: readonly string[], agent: AgentOptions): Promise<AgentOptions | false> {
  const halves = await Promise.all(
    files.map(async (file) => {
      try {
        return [parsePublicKeyLine(await readFile(`${file}.pub`, 'utf8')).publicKey];
      } catch {
        return [];
      }
    }),
  );
  const keys = halves.flat();
  return keys.length === 0 ? false : { ...agent, keys };
}

/** A key that must be usable; where it is encrypted, a person at the terminal is asked for the passphrase. */
export async function unlock(
  file: string,
  passphrase: string | undefined,
  person: Person | undefined,
): Promise<PrivateKey> {
  let given = passphrase;
  for (let tries = 0; ; tries++) {
    try {
      return await loadPrivateKey(file, given);
    } catch (error) {
      const code = isWherryError(error) ? error.code : undefined;
      const wants = code === 'KEY_PASSPHRASE_REQUIRED' || (code === 'KEY_PASSPHRASE_WRONG' && tries > 0);
      if (!wants || person === undefined || tries >= PASSPHRASE_TRIES) throw error;
      given = await person.ask(`Passphrase of the key ${file}: `, false);
    }
  }
}

async function loadIfThere(
  file: string,
  passphrase: string | undefined,
  note: (text: string) => void,
  onLocked: () => void,
): Promise<PrivateKey | undefined> {
  try {
    const key = await loadPrivateKey(file, passphrase);
    note(`identity ${file}`);
    return key;
  } catch (error) {
    if (!isWherryError(error)) throw error;
    if (error.code === 'KEY_PASSPHRASE_REQUIRED') onLocked();
    if (error.details.errno !== 'ENOENT') note(`identity left out: ${error.message}`);
    return undefined;
  }
}

/**
 * An agent nobody asked for by name must not stop a login that can do without: a dead one is left out. On Windows, where
 * nothing names it as a rule, it is Pageant or the one of OpenSSH.
 */
async function usableAgent(
  { identityAgent }: HostSettings,
  note: (text: string) => void,
): Promise<false | AgentOptions> {
  const path = identityAgent ?? process.env.SSH_AUTH_SOCK;
  if (path === false || (!path && process.platform !== 'win32')) return false;
  const wanted: AgentOptions = path ? { path } : { kind: 'any' };
  try {
    (await connectAgent(wanted.path, { ...wanted, timeout: AGENT_WAIT_MS })).close();
    return wanted;
  } catch (error) {
    note(`agent left out: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}
