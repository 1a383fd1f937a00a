import { connect } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isWherryError, loadPrivateKey, type PrivateKey } from '../index.ts';
import { environmentValue } from './environment.ts';
import type { CliOptions } from './options.ts';

/** What is tried without `-i`, where it exists. */
const DEFAULT_IDENTITIES = ['id_ed25519', 'id_ecdsa', 'id_rsa'];
const AGENT_WAIT_MS = 2_000;

export interface Identities {
  readonly privateKey: readonly PrivateKey[];
  /** Ask the agent of SSH_AUTH_SOCK too. */
  readonly agent: boolean;
}

/**
 * The keys to log in with: those named by `-i`, each of which must be usable, or else the usual ones and the agent,
 * as far as they are there.
 */
export async function findIdentities(options: CliOptions, note: (text: string) => void): Promise<Identities> {
  const passphrase = environmentValue('--passphrase-env', options.passphraseEnv);
  if (options.identity !== undefined) {
    const load = (file: string): Promise<PrivateKey> => loadPrivateKey(expandHome(file), passphrase);
    return { privateKey: await Promise.all(options.identity.map(load)), agent: false };
  }
  const found = await Promise.all(DEFAULT_IDENTITIES.map((name) => loadDefault(name, passphrase, note)));
  return { privateKey: found.filter((key) => key !== undefined), agent: await agentAnswers(note) };
}

async function loadDefault(
  name: string,
  passphrase: string | undefined,
  note: (text: string) => void,
): Promise<PrivateKey | undefined> {
  const file = join(homedir(), '.ssh', name);
  try {
    const key = await loadPrivateKey(file, passphrase);
    note(`identity ${file}`);
    return key;
  } catch (error) {
    if (!isWherryError(error)) throw error;
    if (error.details.errno !== 'ENOENT') note(`identity left out: ${error.message}`);
    return undefined;
  }
}

/** An agent nobody asked for by name must not stop a login that can do without: a dead one is left out. */
function agentAnswers(note: (text: string) => void): Promise<boolean> {
  const path = process.env.SSH_AUTH_SOCK;
  if (path === undefined || path === '') return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = connect({ path });
    const settle = (answers: boolean, why: string): void => {
      if (!answers) note(`agent left out: ${path}: ${why}`);
      socket.destroy();
      resolve(answers);
    };
    socket.setTimeout(AGENT_WAIT_MS, () => settle(false, 'no answer'));
    socket.once('error', (error: NodeJS.ErrnoException) => settle(false, error.code ?? error.message));
    socket.once('connect', () => settle(true, ''));
  });
}

function expandHome(path: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : path;
}
