/** How the tests of real servers log in, and move bytes both ways. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ErrorCode } from '../../src/base/error-codes.ts';
import {
  type Connection,
  type ConnectOptions,
  connect,
  fingerprints,
  openSftp,
  type Sftp,
  WherryError,
} from '../../src/index.ts';
import { getFixtures, type KeyType } from '../support/servers/fixtures.ts';
import type { ServerInfo } from '../support/servers/server.ts';
import { pattern } from '../support/sftp/memory-session.ts';

export type Login = ConnectOptions & { port: number };

/** Options that log in by an Ed25519 key and trust exactly the server's host keys. */
export async function loginTo(
  server: Pick<ServerInfo, 'host' | 'port' | 'user' | 'hostKeys'>,
  more: Partial<ConnectOptions> = {},
  key: Exclude<KeyType, 'dsa'> = 'ed25519',
): Promise<Login> {
  const { userKeys } = await getFixtures();
  return {
    host: server.host,
    port: server.port,
    username: server.user,
    trust: fingerprints(server.hostKeys.map(({ fingerprint }) => fingerprint)),
    privateKey: await readFile(userKeys[key].files.openssh),
    timeout: 10_000,
    ...more,
  };
}

/** The same without the key. */
export async function loginWithout(
  server: ServerInfo,
  more: Partial<ConnectOptions> = {},
): Promise<ConnectOptions> {
  const { privateKey: _, ...rest } = await loginTo(server, more);
  return more.privateKey === undefined ? rest : { ...rest, privateKey: more.privateKey };
}

/** Waits until something holds; fails after ten seconds. */
export async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; !holds(); turn++) {
    assert.ok(turn < 1000, 'it has not come about within ten seconds');
    await sleep(10);
  }
}

export async function withSftp<T>(
  options: ConnectOptions,
  work: (sftp: Sftp, connection: Connection) => Promise<T>,
): Promise<T> {
  await using connection = await connect(options);
  await using sftp = await openSftp(connection);
  return await work(sftp, connection);
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Uploads `size` bytes into a folder, compares what is on disk, fetches them again and compares. */
export async function bothWays(sftp: Sftp, folder: string, size: number): Promise<void> {
  const content = pattern(size, size);
  const path = `${folder}/file-${size}`;
  const sent = await sftp.upload(content, path);
  assert.equal(sent.bytes, size);
  assert.equal(hash(await readFile(path)), hash(content), `${size} bytes up`);
  const got = await sftp.readFile(path);
  assert.equal(hash(got), hash(content), `${size} bytes down`);
  await sftp.remove(path);
}

/** The WherryError a promise rejects with, when its code is one of these and it came in time. */
export async function fails(
  ms: number,
  promise: Promise<unknown>,
  ...codes: ErrorCode[]
): Promise<WherryError> {
  const began = performance.now();
  const error = await promise.then(
    () => assert.fail(`no failure, ${codes.join(' or ')} expected`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof WherryError, `not a WherryError: ${(error as Error)?.stack ?? error}`);
  assert.ok(codes.includes(error.code), `${error.code} (${error.message}), expected ${codes.join(' or ')}`);
  const took = performance.now() - began;
  assert.ok(took < ms, `${error.code} came after ${Math.round(took)} ms`);
  return error;
}

/** Fails the test file when a rejection nobody handled turned up in it. */
export function noUnhandledRejections(): void {
  const seen: unknown[] = [];
  process.on('unhandledRejection', (reason) => seen.push(reason));
  after(async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(seen, []);
  });
}
