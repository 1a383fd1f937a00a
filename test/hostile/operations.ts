/** The ways files are moved, each on a fresh server in memory, for tests that break the road or the server under them. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SFTPClient, SFTPClientError } from '../../src/client/index.ts';
import {
  type Connection,
  connect,
  fingerprints,
  isWherryError,
  openSftp,
  scpDownload,
  scpUpload,
} from '../../src/index.ts';
import {
  type MemoryFiles,
  memoryFiles,
  type RunningServer,
  type ServerOptions,
  startServer,
} from '../../src/server/index.ts';
import { type FaultyRelay, faultyRelay } from '../support/relay/faulty-relay.ts';
import {
  assertSameBytes,
  type Folder,
  localFolder,
  pattern,
  within,
} from '../support/sftp/memory-session.ts';

/** More than one READ and WRITE each. */
export const CONTENT: Buffer = pattern(150_000);
const TREE: readonly (readonly [path: string, content: Buffer])[] = [
  ['a', pattern(70_000, 2)],
  ['b/c', pattern(30_000, 3)],
  ['b/d/e', pattern(1, 4)],
  ['f', Buffer.alloc(0)],
];
/** Milliseconds of silence that are a time-out: in a transfer that is to fail, and everywhere else. */
const SHORT = 1000;
const LONG = 20_000;
/** Any outcome must be there by then. */
const BOUND = 15_000;

export interface Stage extends AsyncDisposable {
  readonly server: RunningServer;
  readonly relay: FaultyRelay;
  readonly files: MemoryFiles;
  readonly folder: Folder;
  /** Milliseconds of silence the transfer bears. */
  readonly timeout: number;
}

export interface Operation {
  /** Logs in; the returned function does the transfer. */
  readonly prepare: (stage: Stage, close: (() => Promise<void>)[]) => Promise<() => Promise<unknown>>;
  /** What must hold of the target, whatever happened: `whole` files under final names, or none. */
  readonly target: 'whole here' | 'whole there' | 'in place there';
  readonly tree?: true;
}

async function login({ server, relay }: Stage, close: (() => Promise<void>)[]): Promise<Connection> {
  const trust = fingerprints([server.fingerprint]);
  const { host, port } = relay;
  const ssh = await connect({
    host,
    port,
    username: 'me',
    password: 'secret',
    trust,
    timeout: LONG,
  });
  close.push(() => ssh.close());
  return ssh;
}

async function sftpOf(stage: Stage, close: (() => Promise<void>)[]) {
  const sftp = await openSftp(await login(stage, close));
  close.unshift(() => sftp.close());
  return sftp;
}

async function clientOf(
  { server, relay, folder, timeout }: Stage,
  close: (() => Promise<void>)[],
): Promise<SFTPClient> {
  const client = new SFTPClient();
  client.sshHost = relay.host;
  client.sshPort = relay.port;
  client.sshUser = 'me';
  client.sshPassword = 'secret';
  // Its sessions keep the time-out they were opened with, so that the login must bear it too.
  client.timeout = Math.max(timeout, 5000) / 1000;
  await client.config(`SSHAcceptServerHostKeyFingerPrint=${server.fingerprint}`);
  await client.sshLogon();
  close.push(() => client.disconnect());
  client.localFile = folder.file('target');
  return client;
}

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  download: {
    target: 'whole here',
    async prepare(stage, close) {
      const sftp = await sftpOf(stage, close);
      return () => sftp.download('/source', stage.folder.file('target'), { timeout: stage.timeout });
    },
  },
  upload: {
    target: 'whole there',
    async prepare(stage, close) {
      const sftp = await sftpOf(stage, close);
      return () =>
        sftp.upload(stage.folder.file('source'), '/target', { atomic: true, timeout: stage.timeout });
    },
  },
  'tree down': {
    target: 'whole here',
    tree: true,
    async prepare(stage, close) {
      const sftp = await sftpOf(stage, close);
      return () => sftp.downloadTree('/tree', stage.folder.file('target'), { timeout: stage.timeout });
    },
  },
  'tree up': {
    target: 'whole there',
    tree: true,
    async prepare(stage, close) {
      const sftp = await sftpOf(stage, close);
      return () =>
        sftp.uploadTree(stage.folder.file('tree'), '/target', { atomic: true, timeout: stage.timeout });
    },
  },
  'scp get': {
    target: 'whole here',
    async prepare(stage, close) {
      const ssh = await login(stage, close);
      return () => scpDownload(ssh, '/source', stage.folder.file('target'), { timeout: stage.timeout });
    },
  },
  'scp put': {
    target: 'in place there',
    async prepare(stage, close) {
      const ssh = await login(stage, close);
      return () => scpUpload(ssh, stage.folder.file('source'), '/target', { timeout: stage.timeout });
    },
  },
  'SFTPClient download': {
    target: 'whole here',
    async prepare(stage, close) {
      const client = await clientOf(stage, close);
      client.remoteFile = '/source';
      return () => client.download();
    },
  },
  'SFTPClient upload': {
    target: 'in place there',
    async prepare(stage, close) {
      const client = await clientOf(stage, close);
      client.localFile = stage.folder.file('source');
      client.remoteFile = '/target';
      return () => client.upload();
    },
  },
};

async function makeStage(timeout: number, options: Partial<ServerOptions>): Promise<Stage> {
  const files = memoryFiles();
  files.put('/source', CONTENT);
  for (const [path, content] of TREE) files.put(`/tree/${path}`, content);
  const server = await startServer({ users: { me: { password: 'secret' } }, files, ...options });
  const relay = await faultyRelay(server.port);
  const folder = await localFolder();
  await writeFile(folder.file('source'), CONTENT);
  for (const [path, content] of TREE) {
    await mkdir(join(folder.file('tree'), path, '..'), { recursive: true });
    await writeFile(join(folder.file('tree'), path), content);
  }
  return {
    files,
    timeout,
    server,
    relay,
    folder,
    async [Symbol.asyncDispose]() {
      await server.close();
      await relay[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** `fault` is let loose between the login and the transfer; what the transfer failed with, if it did. */
export async function perform(
  name: string,
  fault: (stage: Stage) => void,
  options: Partial<ServerOptions> & { readonly patient?: true } = {},
): Promise<unknown> {
  const operation = OPERATIONS[name]!;
  const { patient, ...serverOptions } = options;
  const stage = await makeStage(patient ? LONG : SHORT, serverOptions);
  const close: (() => Promise<void>)[] = [];
  try {
    const transfer = await operation.prepare(stage, close);
    fault(stage);
    const done = transfer().then(
      () => undefined,
      (error: unknown) => error ?? new Error('rejected with nothing'),
    );
    const error = await within(BOUND, done, name);
    for (const one of close.splice(0)) await within(BOUND, one(), `${name}: the end`);
    if (error !== undefined) assertTyped(name, error);
    await checkTarget(name, stage, error === undefined);
    return error;
  } finally {
    for (const one of close) await one().catch(() => {});
    await stage[Symbol.asyncDispose]();
  }
}

function assertTyped(name: string, error: unknown): void {
  const typed = name.startsWith('SFTPClient')
    ? error instanceof SFTPClientError && Number.isInteger(error.code)
    : isWherryError(error);
  assert.ok(typed, `${name}: ${(error as Error)?.stack ?? error}`);
}

async function checkTarget(name: string, { files, folder }: Stage, done: boolean): Promise<void> {
  const { target, tree } = OPERATIONS[name]!;
  const wanted = tree
    ? TREE.map(([path, content]) => [`/${path}`, content] as const)
    : [['', CONTENT] as const];
  for (const [path, content] of wanted) {
    const actual =
      target === 'whole here'
        ? await readFile(folder.file('target') + path).catch(() => undefined)
        : files.get(`/target${path}`);
    if (done) assert.ok(actual !== undefined, `${name}: ${path || 'the target'} is not there`);
    if (actual === undefined || (target === 'in place there' && !done)) continue;
    assertSameBytes(actual, content, `${name} ${path}`);
  }
  if (target !== 'whole here') return;
  const entries = await readdir(folder.path, { recursive: true });
  const parts = entries.filter((entry) => entry.includes('.wherry-'));
  assert.deepEqual(parts, [], `${name}: temporary files stay`);
}

/** Waits for all, also when one has failed, so that nothing of one is left when the test ends. */
export async function allOf<T>(cases: readonly T[], one: (of: T) => Promise<void>): Promise<void> {
  const outcomes = await Promise.allSettled(cases.map(one));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}
