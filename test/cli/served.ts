/** A server in memory for tests of the command line, and the options to get in. */
import { type MemoryFiles, memoryFiles, type RunningServer, startServer } from '../../src/server/index.ts';
import { type Desk, makeDesk, type Ran, type RunOptions } from './wherry.ts';

export interface Served extends AsyncDisposable {
  readonly desk: Desk;
  readonly server: RunningServer;
  readonly files: MemoryFiles;
  /** The URL of a path. */
  url(path: string): string;
  /** Runs a command, with options to get in behind its name. */
  wherry(command: string, args?: readonly string[], options?: RunOptions): Promise<Ran>;
}

export async function serve(content: Readonly<Record<string, string>> = {}): Promise<Served> {
  const files = memoryFiles();
  for (const [path, text] of Object.entries(content)) files.put(path, text);
  const server = await startServer({ users: { me: { password: 'secret' } }, files, home: '/home/me' });
  const desk = await makeDesk();
  return {
    desk,
    server,
    files,
    url: (path) => `sftp://me@${server.host}:${server.port}${path}`,
    wherry: (command, args = [], { env, input } = {}) =>
      desk.run([command, '--password-env', 'SECRET', '--host-key', server.fingerprint, ...args], {
        env: { SECRET: 'secret', ...env },
        ...(input === undefined ? {} : { input }),
      }),
    async [Symbol.asyncDispose]() {
      await server.close();
      await desk[Symbol.asyncDispose]();
    },
  };
}
