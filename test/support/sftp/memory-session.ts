/** An Sftp on an in-memory server, ready to use, and what tests of transfers need beside it. */
import assert from 'node:assert/strict';
import { createCipheriv, createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Sftp } from '../../../src/api/sftp.ts';
import type { ErrorCode } from '../../../src/base/error-codes.ts';
import { WherryError } from '../../../src/base/errors.ts';
import { SftpSession } from '../../../src/sftp/session.ts';
import { type ChannelPair, type ChannelPairOptions, channelPair } from './channel-pair.ts';
import { MemoryFs } from './memory-fs.ts';
import { MemorySftpServer } from './server.ts';
import type { Sins } from './sins.ts';

export interface MemoryOptions extends ChannelPairOptions {
  /** Milliseconds a request may go unanswered; default 5000, so that no test hangs. */
  timeout?: number;
  fs?: MemoryFs;
}

export interface MemorySession {
  sftp: Sftp;
  session: SftpSession;
  server: MemorySftpServer;
  fs: MemoryFs;
  pair: ChannelPair;
}

/** A session with a server that has these sins. */
export async function openMemory(sins: Sins = {}, options: MemoryOptions = {}): Promise<MemorySession> {
  const pair = channelPair({ ...options, ...(sins.oneByteChunks ? { serverChunk: 1 } : {}) });
  const server = new MemorySftpServer(pair.server, sins, options.fs ?? new MemoryFs());
  const session = new SftpSession(pair.client, options.timeout ?? 5000);
  await session.start();
  return { sftp: new Sftp(session), session, server, fs: server.fs, pair };
}

/** Bytes that repeat nowhere, the same for the same seed. */
export function pattern(size: number, seed = 1): Buffer {
  const key = createHash('sha256').update(`pattern ${seed}`).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Compares without printing a megabyte on failure. */
export function assertSameBytes(actual: Uint8Array, expected: Uint8Array, what = 'bytes'): void {
  assert.equal(actual.length, expected.length, `${what}: length`);
  if (Buffer.compare(actual, expected) === 0) return;
  const at = actual.findIndex((byte, i) => byte !== expected[i]);
  assert.fail(`${what}: byte ${at} of ${expected.length} differs`);
}

/** The WherryError a promise rejects with; fails when it resolves or rejects with anything else. */
export async function failure(promise: Promise<unknown>, ...codes: ErrorCode[]): Promise<WherryError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof WherryError, `not a WherryError: ${(error as Error)?.stack ?? error}`);
    if (codes.length > 0) {
      assert.ok(
        codes.includes(error.code),
        `${error.code} (${error.message}), expected ${codes.join(' or ')}`,
      );
    }
    return error;
  }
  return assert.fail(`resolved, expected ${codes.join(' or ') || 'an error'}`);
}

/** Fails when a promise does not settle in time. */
export async function within<T>(ms: number, promise: Promise<T>, what = 'the promise'): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not settle within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

export interface Folder {
  path: string;
  file(name: string): string;
  names(): Promise<string[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A fresh local folder that goes away with `await using`. */
export async function localFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'wherry-transfer-'));
  return {
    path,
    file: (name) => join(path, name),
    names: async () => (await readdir(path)).sort(),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

/** One turn of the loop after another until nothing in memory moves any more. */
export async function settleTurns(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}
