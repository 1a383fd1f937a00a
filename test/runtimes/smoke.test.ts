/** The package as it is installed, on other runtimes: a whole round of SFTP, and flows in TypeScript. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { fetchRuntime, RUNTIMES, type Runtime } from '../support/runtimes.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LIMIT_MS = 60_000;

const SMOKE = `
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { algorithmNames, connect, fingerprints, isWherryError, openSftp } from 'wherry';
import { fingerprint } from 'wherry/keys';
import { startServer } from 'wherry/server';
import { connectorNames } from 'wherry/connectors';
import Client from 'wherry/compat/ssh2-sftp-client';

// What a runtime has no cipher for may fail late, in a reply to what has failed already.
process.on('uncaughtException', () => {});
const local = await mkdtemp(join(tmpdir(), 'wherry-smoke-'));
const server = await startServer({ users: { me: { password: 'secret' } } });
const { host, port } = server;
const trust = fingerprints([server.fingerprint]);
const { ciphers, kex } = algorithmNames();
const KEX = ['mlkem768x25519-sha256', 'curve25519-sha256', 'ecdh-sha2-nistp256', 'ecdh-sha2-nistp521', 'diffie-hellman-group14-sha256'];
const rounds = [
  ...ciphers.defaults.map((name) => [name, { ciphers: [name], kex: ['curve25519-sha256'] }]),
  ...kex.defaults.filter((name) => KEX.includes(name)).map((name) => [name, { kex: [name], ciphers: ['aes128-gcm@openssh.com'] }]),
];
const cannot = [];
for (const [name, algorithms] of rounds) {
  try {
    const ssh = await connect({ host, port, username: 'me', password: 'secret', trust, algorithms, timeout: 5000 });
    const sftp = await openSftp(ssh);
    const bytes = randomBytes(300_001);
    await sftp.upload(bytes, '/a/../b.bin');
    const target = join(local, 'b.bin');
    await sftp.download('/b.bin', target);
    if (!bytes.equals(await readFile(target))) throw new Error('other bytes with ' + name);
    await ssh.close();
  } catch {
    cannot.push(name);
  }
}
const refused = await connect({ host, port, username: 'me', password: 'no', trust }).catch((error) => error);
if (!isWherryError(refused) || refused.code !== 'AUTH_FAILED') throw refused;
const client = new Client('smoke', {});
await client.connect({ host, port, username: 'me', password: 'secret', trust });
if ((await client.exists('/b.bin')) !== '-') throw new Error('not there');
await client.end();
await server.close();
await rm(local, { recursive: true });
if (fingerprint(server.hostKey.blob) !== server.fingerprint) throw new Error('keys');
if (connectorNames().length !== 2) throw new Error('connectors');
console.log('cannot ' + JSON.stringify(cannot));
process.exit(0);
`;

const REQUIRE = `
const { connect } = require('wherry');
const Client = require('wherry/compat/ssh2-sftp-client');
console.log('required', typeof connect, typeof (Client.default ?? Client));
`;

const FLOW = `
const twice = (n: number): number => n * 2;
export default ({ execution, inputs }: { execution: any; inputs: { n: number } }): unknown =>
  execution.success(\`n is \${twice(inputs.n)}\`);
`;

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wherry-runtimes-'));
  const installed = join(folder, 'node_modules', 'wherry');
  await mkdir(join(installed, 'node_modules'), { recursive: true });
  const source = join(ROOT, 'src');
  for (const name of await readdir(source, { recursive: true })) {
    if (!name.endsWith('.ts') || name.includes('assembly')) continue;
    const { outputText } = ts.transpileModule(await readFile(join(source, name), 'utf8'), {
      compilerOptions: {
        target: ts.ScriptTarget.ES2023,
        module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true,
        rewriteRelativeImportExtensions: true,
      },
    });
    const target = join(installed, 'dist', name.replace(/\.ts$/, '.js'));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, outputText);
  }
  await copyFile(join(ROOT, 'package.json'), join(installed, 'package.json'));
  const { dependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) {
    const link = join(installed, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), link);
  }
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(join(folder, 'smoke.mjs'), SMOKE);
  await writeFile(join(folder, 'require.cjs'), REQUIRE);
  await mkdir(join(folder, 'flows'));
  await writeFile(join(folder, 'flows', 'twice.ts'), FLOW);
});

after(() => rm(folder, { recursive: true, force: true }));

async function run(
  runtime: Runtime | undefined,
  t: TestContext,
  ...args: string[]
): Promise<string | undefined> {
  const found = runtime === undefined ? { path: process.execPath } : await fetchRuntime(runtime);
  if ('missing' in found) {
    t.skip(found.missing);
    return undefined;
  }
  const { stdout } = await promisify(execFile)(found.path, [...(runtime?.args ?? []), ...args], {
    cwd: folder,
    timeout: LIMIT_MS,
    env: { PATH: process.env.PATH, HOME: folder, TMPDIR: tmpdir() },
  });
  return stdout;
}

for (const runtime of [undefined, ...RUNTIMES]) {
  const name = runtime?.name ?? `this Node, ${process.version}`;
  describe(name, () => {
    it('moves files with all ciphers and key exchanges but those that are listed', async (t) => {
      const stdout = await run(runtime, t, 'smoke.mjs');
      if (stdout === undefined) return;
      const cannot = JSON.parse(/^cannot (.*)$/m.exec(stdout)![1]!) as string[];
      assert.deepEqual(cannot.sort(), [...(runtime?.cannot ?? [])].sort());
    });

    it('is loaded by require()', async (t) => {
      const stdout = await run(runtime, t, 'require.cjs');
      if (stdout !== undefined) assert.match(stdout, /^required function function$/m);
    });

    if (runtime?.stripsTypes === true) {
      it('runs a flow in TypeScript as it stands', async (t) => {
        const cli = join(folder, 'node_modules', 'wherry', 'dist', 'cli', 'main.js');
        const flow = join('flows', 'twice.ts');
        const stdout = await run(runtime, t, cli, 'run', flow, '--input', 'n:=21', '--store', 'store');
        if (stdout !== undefined) assert.match(stdout, /success: n is 42/);
      });
    }
  });
}
