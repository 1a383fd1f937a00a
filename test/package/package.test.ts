/** The package as it is installed: its manual page and completions, what a bundler makes of it, and its optional peers. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it, test } from 'node:test';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { VERSION } from '../../src/base/version.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { type InstalledPackage, installedPackage, programFolder } from '../support/package.ts';
import { getFixtures } from '../support/servers/fixtures.ts';
import { realServer, requireServer } from '../support/servers/from-env.ts';
import { localFolder } from '../support/sftp/memory-session.ts';

const LIMIT_MS = 60_000;

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
}

let installed: InstalledPackage;
let manifest: { version: string; man: string; dependencies: Record<string, string> };
before(async () => {
  installed = await installedPackage();
  manifest = JSON.parse(await readFile(join(installed.root, 'package.json'), 'utf8'));
});

function node(args: readonly string[], env: Record<string, string> = {}, cwd = tmpdir()): Promise<Outcome> {
  const { PATH = '', HOME = '' } = process.env;
  return promisify(execFile)(process.execPath, [...args], {
    cwd,
    timeout: LIMIT_MS,
    env: { PATH, HOME, ...env },
  });
}

/** Runs a module inside the project. */
async function runModule(code: string, env: Record<string, string> = {}): Promise<Outcome> {
  await using folder = await programFolder();
  const program = join(folder.path, 'program.mjs');
  await writeFile(program, code);
  return await node([program], env, folder.path);
}

test('the version in the source is that of package.json', async () => {
  assert.equal(VERSION, manifest.version);
  const { stdout } = await node([join(installed.root, 'dist', 'bin', 'wherry.js'), '--version']);
  assert.equal(stdout.trim(), VERSION);
});

test('nothing of another is built or run at installation, and optional peers are left out', async () => {
  const names = await readdir(join(installed.project, 'node_modules'));
  assert.ok(names.includes('wherry') && names.includes('zod'));
  for (const name of ['koffi', 'pkcs11js', 'ssh2', 'cpu-features']) assert.ok(!names.includes(name), name);
});

test('npm finds the manual page, and it knows every command', async () => {
  const page = await readFile(join(installed.root, manifest.man), 'utf8');
  assert.match(page, /^\.TH WHERRY 1 /);
  for (const name of Object.keys(COMMANDS))
    assert.ok(page.includes(`\n.SS wherry ${name.replaceAll('-', '\\-')}`), name);
});

test('the completions that are shipped are those the command prints', async () => {
  const cli = join(installed.root, 'dist', 'bin', 'wherry.js');
  const shipped = { bash: 'wherry', zsh: '_wherry', fish: 'wherry.fish' };
  for (const [shell, name] of Object.entries(shipped)) {
    const { stdout } = await node([cli, 'completion', shell]);
    assert.equal(await readFile(join(installed.root, 'dist', 'completions', shell, name), 'utf8'), stdout);
  }
});

test('NODE_DEBUG=wherry tells on stderr what happens', async () => {
  const code = `
    import { connect, fingerprints } from 'wherry';
    import { startServer } from 'wherry/server';
    const server = await startServer({ users: { me: { password: 'secret' } } });
    const { host, port } = server;
    const ssh = await connect({ host, port, username: 'me', password: 'secret', trust: fingerprints([server.fingerprint]) });
    await ssh.close();
    await server.close();`;
  const { stderr } = await runModule(code, { NODE_DEBUG: 'wherry' });
  for (const step of [/connecting to 127\.0\.0\.1/, /negotiated /, /login by password: /])
    assert.match(stderr, step);
  assert.doesNotMatch(stderr, /secret/);
  assert.equal((await runModule(code)).stderr, '');
});

describe('optional peers', () => {
  /** A package of that name which says that it was loaded. */
  async function pretend(folder: string, name: string): Promise<void> {
    const at = join(folder, 'node_modules', name);
    await mkdir(at, { recursive: true });
    await writeFile(join(at, 'package.json'), JSON.stringify({ name, main: 'index.js' }));
    await writeFile(join(at, 'index.js'), `console.log('loaded ${name}'); module.exports = {};`);
  }

  const USES: Readonly<Record<string, string>> = {
    koffi: `
      import { connect, fingerprints } from 'wherry';
      import { startServer } from 'wherry/server';
      const server = await startServer({ users: { me: { password: 'secret' } } });
      const { host, port } = server;
      // AES-GCM is what koffi makes quicker where it is there.
      const algorithms = { ciphers: ['chacha20-poly1305@openssh.com'] };
      const options = { host, port, username: 'me', algorithms, trust: fingerprints([server.fingerprint]) };
      console.log('without');
      await (await connect({ ...options, password: 'secret' })).close();
      console.log('with');
      const error = await connect({ ...options, gssapi: { keyExchange: true } }).catch((error) => error);
      console.log(error.code, error.message);
      await server.close();`,
    pkcs11js: `
      import { loadKeys, openKeyStore, openPkcs11 } from 'wherry/keys';
      import * as everything from 'wherry';
      console.log('without');
      await loadKeys(new URL('./none', import.meta.url).pathname).catch(() => {});
      console.log('with');
      try { openPkcs11('/nowhere/module.so'); } catch (error) { console.log(error.code, error.message); }`,
  };
  const CODES: Readonly<Record<string, RegExp>> = {
    koffi: /^GSSAPI_UNAVAILABLE .*the package koffi is not installed/m,
    pkcs11js: /^KEY_UNSUPPORTED .*npm install pkcs11js/m,
  };

  for (const [name, code] of Object.entries(USES)) {
    it(`${name} is missed only where it is needed, and the error says so`, async () => {
      const { stdout } = await runModule(code);
      assert.match(stdout, /^without\nwith\n/);
      assert.match(stdout, CODES[name]!);
    });

    it(`${name} is loaded when it is used, and not before`, async () => {
      // Beside a copy of the package: the project is everybody's, and the other test wants it missing there.
      const folder = await mkdtemp(join(tmpdir(), 'wherry-peer-'));
      try {
        await cp(installed.root, join(folder, 'node_modules', 'wherry'), { recursive: true });
        for (const other of Object.keys(manifest.dependencies)) {
          await mkdir(join(folder, 'node_modules', other, '..'), { recursive: true });
          await symlink(join(installed.project, 'node_modules', other), join(folder, 'node_modules', other));
        }
        await pretend(folder, name);
        await writeFile(join(folder, 'program.mjs'), code);
        const { stdout } = await node([join(folder, 'program.mjs')], {}, folder);
        assert.match(stdout, new RegExp(`^without\\nwith\\nloaded ${name}\\n`));
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  }
});

describe('a bundle of a program', requireServer('openssh'), () => {
  const PROGRAM = `
    import { connect, fingerprints, loadPrivateKey, openSftp } from 'wherry';
    async function main() {
      const { host, port, username, privateKeyFile, prints } = JSON.parse(process.env.WHERRY_ACCESS);
      const ssh = await connect({
        host, port, username, privateKey: await loadPrivateKey(privateKeyFile), trust: fingerprints(prints),
      });
      const sftp = await openSftp(ssh);
      const path = (await sftp.realpath('.')) + '/wherry-bundle-' + process.pid;
      await sftp.upload(Buffer.from('bundled'), path);
      console.log(String(Buffer.from(await sftp.readFile(path))), ssh.algorithms.kex);
      await sftp.remove(path);
      await ssh.close();
    }
    main().catch((error) => { console.error(error); process.exitCode = 1; });`;

  for (const format of ['esm', 'cjs'] as const) {
    it(`${format}, minified, runs by itself against OpenSSH`, async () => {
      await using folder = await programFolder();
      const program = join(folder.path, 'program.mjs');
      await writeFile(program, PROGRAM);
      // Away from the project: what is not in the bundle is not found.
      await using outside = await localFolder();
      const outfile = outside.file(`out.${format === 'esm' ? 'mjs' : 'cjs'}`);
      const { warnings } = await build({
        entryPoints: [program],
        outfile,
        format,
        bundle: true,
        minify: true,
        platform: 'node',
        target: 'node20',
        external: ['koffi', 'pkcs11js'],
        logLevel: 'silent',
        // In CommonJS there is no import.meta, which the code is prepared for.
        logOverride: { 'empty-import-meta': 'silent' },
      });
      assert.deepEqual(warnings, []);
      const { host, port, user: username, hostKeys } = realServer('openssh');
      const { stdout } = await node([outfile], {
        WHERRY_ACCESS: JSON.stringify({
          ...{ host, port, username },
          privateKeyFile: (await getFixtures()).userKeys.ed25519.files.openssh,
          prints: hostKeys.map(({ fingerprint }) => fingerprint),
        }),
      });
      assert.match(stdout, /^bundled \w/);
    });
  }
});
