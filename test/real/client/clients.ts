/** Clients of the tests, and folders that the server's account and the test both may write in. */
import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CertStoreTypes, SFTPClient, SFTPClientError, SSHAuthModes } from '../../../src/client/index.ts';
import { getFixtures } from '../../support/servers/fixtures.ts';
import { makeScratch, realServer } from '../../support/servers/from-env.ts';
import type { ServerInfo } from '../../support/servers/server.ts';

/** A client that accepts exactly the server's host keys and logs in by key; nothing is connected. */
export async function clientOf(
  server: Pick<ServerInfo, 'host' | 'port' | 'user' | 'hostKeys'> = realServer('openssh'),
): Promise<SFTPClient> {
  const { userKeys } = await getFixtures();
  const client = new SFTPClient();
  client.sshHost = server.host;
  client.sshPort = server.port;
  client.sshUser = server.user;
  client.timeout = 10;
  await client.config(
    `SSHAcceptServerHostKeyFingerPrint=${server.hostKeys.map(({ fingerprint }) => fingerprint).join(',')}`,
  );
  client.sshAuthMode = SSHAuthModes.amPublicKey;
  client.sshCertStoreType = CertStoreTypes.cstPEMKeyFile;
  client.sshCertStore = userKeys.ed25519.files.openssh;
  client.sshCertSubject = '*';
  return client;
}

export interface Bench extends AsyncDisposable {
  readonly client: SFTPClient;
  /** The folder on the server, which is this machine. */
  readonly folder: string;
  /** A path in the folder. */
  at(name: string): string;
  /** Puts a file there that the account may change. */
  put(name: string, content: string | Uint8Array): Promise<string>;
}

/** A logged-in client whose `remotePath` is a fresh folder. */
export async function bench(): Promise<Bench> {
  const scratch = await makeScratch('client-');
  const client = await clientOf();
  await client.changeRemotePath(scratch.path);
  await client.sshLogon();
  const at = (name: string): string => join(scratch.path, name);
  return {
    client,
    folder: scratch.path,
    at,
    async put(name, content) {
      await writeFile(at(name), content);
      await chmod(at(name), 0o666);
      return at(name);
    },
    async [Symbol.asyncDispose]() {
      await client.disconnect();
      await scratch[Symbol.asyncDispose]();
    },
  };
}

/** The SFTPClientError with that number that a promise rejects with. */
export async function failsWith(code: number, promise: Promise<unknown>): Promise<SFTPClientError> {
  const error = await promise.then(
    () => assert.fail(`no failure, ${code} expected`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof SFTPClientError, `no SFTPClientError: ${(error as Error)?.stack ?? error}`);
  assert.equal(error.code, code, `${error.code} ${error.message}`);
  return error;
}

/** That nothing may be changed which a connection, made or being made, stands on. */
export function assertLocked(client: SFTPClient): void {
  for (const [name, value, code] of [
    ['sshHost', 'x', 101],
    ['sshPort', 1, 100],
    ['localHost', 'x', 107],
    ['localPort', 1, 106],
  ] as const) {
    assert.throws(() => Object.assign(client, { [name]: value }), { code }, name);
  }
}
