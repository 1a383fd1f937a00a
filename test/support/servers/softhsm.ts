/**
 * A PKCS#11 token in software (SoftHSM) with keys on it, made by pkcs11-tool, and the package pkcs11js that speaks to it.
 * pkcs11js is built by npm in the cache folder: the project itself has nothing that is compiled when it is installed.
 */
import { existsSync, realpathSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { withLock } from './lock.ts';
import type { OnDemand } from './on-demand.ts';
import { serverCache } from './paths.ts';
import { run } from './run.ts';

export const SOFTHSM: OnDemand = {
  name: 'softhsm',
  doc: 'a PKCS#11 token in software; pkcs11js is compiled for it',
  packages: ['softhsm2', 'opensc', 'python3', 'make', 'g++'],
  needsRoot: false,
};

/** The range of the optional peer dependency. */
const PACKAGE = 'pkcs11js@^2.1.0';

export interface Token extends AsyncDisposable {
  /** The path of SoftHSM's library. */
  readonly module: string;
  readonly label: string;
  readonly pin: string;
  /** A certificate and its label come to lie beside the key of that id. */
  addCertificate(id: string, label: string, file: string): Promise<void>;
}

export interface TokenKey {
  readonly id: string;
  readonly label: string;
  /** As pkcs11-tool has it: `rsa:2048`, `EC:prime256v1`, `EC:edwards25519`. */
  readonly type: string;
}

/**
 * Tokens by their labels, each with its keys. SoftHSM reads one configuration a process, when its module is loaded, so a
 * process makes all of its tokens at once.
 */
export async function makeTokens(
  keys: Readonly<Record<string, readonly TokenKey[]>>,
): Promise<Map<string, Token>> {
  const module = findModule();
  const dir = await mkdtemp(join(tmpdir(), 'wherry-softhsm-'));
  const config = join(dir, 'softhsm2.conf');
  await mkdir(join(dir, 'tokens'));
  await writeFile(
    config,
    `directories.tokendir = ${dir}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n`,
  );
  process.env.SOFTHSM2_CONF = config;
  const pin = '123456';
  const tokens = new Map<string, Token>();
  for (const [label, list] of Object.entries(keys)) {
    await run('softhsm2-util', [
      '--init-token',
      '--free',
      '--label',
      label,
      '--so-pin',
      '87654321',
      '--pin',
      pin,
    ]);
    const tool = (...args: string[]): Promise<unknown> =>
      run('pkcs11-tool', ['--module', module, '--login', '--pin', pin, '--token-label', label, ...args]);
    for (const { id, label: name, type } of list)
      await tool('--keypairgen', '--key-type', type, '--id', id, '--label', name);
    tokens.set(label, {
      module,
      label,
      pin,
      async addCertificate(id, name, file) {
        const der = join(dir, `${name}.der`);
        await run('openssl', ['x509', '-in', file, '-outform', 'DER', '-out', der]);
        await tool('--write-object', der, '--type', 'cert', '--id', id, '--label', name);
      },
      [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
    });
  }
  return tokens;
}

function findModule(): string {
  const places = [
    '/usr/lib/softhsm',
    '/usr/lib/x86_64-linux-gnu/softhsm',
    '/usr/lib/aarch64-linux-gnu/softhsm',
  ];
  const found = places.map((place) => join(place, 'libsofthsm2.so')).find((file) => existsSync(file));
  if (found === undefined) throw new Error('libsofthsm2.so is in none of the usual places');
  return found;
}

/** Makes `require('pkcs11js')` find the package of the cache folder, from anywhere in this process. */
export async function providePkcs11js(): Promise<void> {
  const folder = join(serverCache, `pkcs11js-${process.versions.modules}`);
  await mkdir(folder, { recursive: true });
  const require = createRequire(join(folder, 'package.json'));
  await withLock('pkcs11js', async () => {
    if (existsSync(join(folder, 'node_modules/pkcs11js/build/Release/pkcs11.node'))) return;
    await writeFile(join(folder, 'package.json'), '{"private":true}\n');
    const headers = dirname(dirname(realpathSync(process.execPath)));
    if (!existsSync(join(headers, 'include/node/node.h')))
      throw new Error(`no headers of Node.js in ${headers}/include/node to compile pkcs11js with`);
    await run('npm', ['install', '--no-audit', '--no-fund', '--no-save', '--foreground-scripts', PACKAGE], {
      cwd: folder,
      env: { ...process.env, npm_config_nodedir: headers },
      timeout: 300_000,
    });
    require('pkcs11js');
  });
  process.env.NODE_PATH = join(folder, 'node_modules');
  (createRequire(import.meta.url)('node:module') as { _initPaths(): void })._initPaths();
}
