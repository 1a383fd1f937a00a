import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';
import { COMMANDS, type CommandName } from '../../src/cli/commands.ts';
import { flagsOf } from '../../src/cli/completion.ts';
import { splitWords } from '../../src/cli/shell/words.ts';
import { runFile } from '../../src/connectors/index.ts';
import {
  type Connection,
  connect,
  fingerprints,
  openSftp,
  parsePrivateKey,
  type Sftp,
} from '../../src/index.ts';
import { getFixtures } from '../support/servers/fixtures.ts';
import { makeScratch, realServer, requireServer } from '../support/servers/from-env.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const ENTRIES = {
  wherry: 'src/index.ts',
  'wherry/keys': 'src/keys.ts',
  'wherry/client': 'src/client/index.ts',
  'wherry/connectors': 'src/connectors/index.ts',
  'wherry/server': 'src/server/index.ts',
  'wherry/compat/ssh2-sftp-client': 'src/compat/ssh2-sftp-client/index.ts',
} as const;

interface Documented {
  readonly name: string;
  readonly kind: 'function' | 'class' | 'other';
  readonly doc: string;
}

/** What an entry point exports, with the comment above each declaration. */
function documented(entry: string): Documented[] {
  const program = ts.createProgram([join(root, entry)], {
    allowImportingTsExtensions: true,
    noEmit: true,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
  });
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(join(root, entry))!)!;
  return checker.getExportsOfModule(module).map((exported) => {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    const declaration = symbol.declarations![0]!;
    const kind = ts.isFunctionDeclaration(declaration)
      ? 'function'
      : ts.isClassDeclaration(declaration)
        ? 'class'
        : 'other';
    const text = declaration.getFullText();
    const ahead = text.slice(0, declaration.getStart() - declaration.getFullStart());
    const comments = (kind === 'class' ? text : ahead).matchAll(/\/\*\*[\s\S]*?\*\//g);
    return { name: exported.name, kind, doc: [...comments].join('\n') };
  });
}

function codeBlocks(text: string): string[] {
  return [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!.replace(/^[ \t]*\* ?/gm, ''));
}

const examples = new Map<string, string>();
for (const entry of Object.values(ENTRIES)) {
  for (const { name, kind, doc } of documented(entry)) {
    test(`${entry}: ${name} is documented`, () => {
      assert.ok(doc !== '' || kind === 'other', `${name} has no comment`);
      if (kind !== 'other') assert.match(doc, /@example/, `${name} has no example`);
    });
    codeBlocks(doc).forEach((code, i) => {
      examples.set(`${name} ${i + 1}`, code);
    });
  }
}
const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md'),
);
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

test('docs/README.md leads to every page', () => {
  const index = readFileSync(join(root, 'docs/README.md'), 'utf8');
  for (const page of pages.filter((name) => name.startsWith('docs/') && name !== 'docs/README.md'))
    assert.ok(index.includes(`](${page.slice('docs/'.length)})`), page);
});

/** Their blocks stand on one another, and tests of their own run them. */
const RUN_ELSEWHERE: readonly string[] = ['docs/migrating-from-the-reference-class.md'];

for (const page of pages.filter((name) => !RUN_ELSEWHERE.includes(name))) {
  codeBlocks(readFileSync(join(root, page), 'utf8')).forEach((code, i) => {
    examples.set(`${page} ${i + 1}`, code);
  });
}

for (const page of pages) {
  const text = readFileSync(join(root, page), 'utf8');
  test(`${page}: links lead to files`, () => {
    for (const [, target] of text.matchAll(/\]\(((?!https?:)[^)#]+)\)/g))
      assert.ok(existsSync(join(root, page, '..', target!)), target);
  });

  test(`${page}: scripts of npm are there`, () => {
    for (const [, name = ''] of text.matchAll(/npm run (?:-s )?([\w-]+)/g))
      assert.ok(Object.hasOwn(scripts, name), name);
  });

  const lines = [...text.matchAll(/```sh\n([\s\S]*?)```/g)]
    .flatMap(([, code]) => code!.split('\n'))
    .filter((line) => /^wherry \w/.test(line));
  if (lines.length === 0) continue;
  test(`${page}: commands and their options are there`, () => {
    for (const line of lines) {
      const [, name = '', ...words] = splitWords(line.replace(/ [|#>].*$/, ''))!.map(({ text }) => text);
      assert.ok(Object.hasOwn(COMMANDS, name), line);
      const flags = flagsOf(COMMANDS[name as CommandName].options).flatMap(({ names }) => names);
      for (const word of words) if (/^--?\w/.test(word)) assert.ok(flags.includes(word), line);
    }
  });
}

/** The names that examples use without declaring them. */
const GIVEN = [
  'host',
  'port',
  'username',
  'privateKey',
  'privateKeyFile',
  'trust',
  'knownHostsFile',
  'remoteFile',
  'remoteFolder',
  'localFile',
  'localFolder',
  'ssh',
  'sftp',
  'confirm',
] as const;

const needed = requireServer('openssh');

describe('examples', needed, () => {
  let scratch: Awaited<ReturnType<typeof makeScratch>>;
  let ssh: Connection;
  let sftp: Sftp;
  let given: Record<(typeof GIVEN)[number], unknown>;
  let agent: ChildProcess;

  before(async () => {
    const { host, port, user: username, hostKeys } = realServer('openssh');
    const fixtures = await getFixtures();
    scratch = await makeScratch('examples');
    const privateKeyFile = fixtures.userKeys.ed25519.files.openssh;
    const privateKey = parsePrivateKey(readFileSync(privateKeyFile));
    const knownHostsFile = join(scratch.path, 'known_hosts');
    await writeFile(
      knownHostsFile,
      hostKeys.map(({ publicLine }) => `[${host}]:${port} ${publicLine}\n`).join(''),
    );
    const trust = fingerprints(hostKeys.map(({ fingerprint }) => fingerprint));
    ssh = await connect({ host, port, username, privateKey, trust });
    sftp = await openSftp(ssh);
    const socket = join(scratch.path, 'agent.sock');
    agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    while (!existsSync(socket)) await setTimeout(20);
    process.env.SSH_AUTH_SOCK = socket;
    const confirm = async (): Promise<boolean> => true;
    const remoteFolder = '';
    given = {
      host,
      port,
      username,
      privateKey,
      privateKeyFile,
      trust,
      knownHostsFile,
      ssh,
      sftp,
      confirm,
    } as never;
    Object.assign(given, { remoteFolder, remoteFile: '', localFile: '', localFolder: '' });
  });

  after(async () => {
    agent.kill();
    await ssh.close();
    await scratch[Symbol.asyncDispose]();
  });

  for (const [name, code] of examples) {
    test(`${name} runs`, { timeout: 30_000 }, async () => {
      const folder = join(scratch.path, name.replace(/\W+/g, '-'));
      const localFolder = join(folder, 'local');
      const remoteFolder = `${await sftp.realpath('.')}/wherry-example-${process.pid}-${name.replace(/\W+/g, '-')}`;
      await mkdir(localFolder, { recursive: true });
      await sftp.mkdir(remoteFolder);
      const localFile = join(localFolder, 'file.txt');
      const remoteFile = `${remoteFolder}/file.txt`;
      await writeFile(localFile, 'an example\n');
      await sftp.upload(localFile, remoteFile);
      Object.assign(given, { localFolder, localFile, remoteFolder, remoteFile });
      const file = join(folder, 'example.mts');
      await writeFile(file, moduleFor(code));
      if (code.includes('export default')) await runFlow(file, folder);
      else {
        const { run } = (await import(pathToFileURL(file).href)) as { run(given: unknown): Promise<void> };
        await run(given);
      }
      await removeTree(remoteFolder);
    });
  }

  /** An example that is a flow runs in an engine that has a stored connector of the name they use. */
  async function runFlow(file: string, store: string): Promise<void> {
    const { host, port, user: username, hostKeys } = realServer('openssh');
    const ssh_key = readFileSync(given.privateKeyFile as string, 'utf8');
    await mkdir(join(store, 'connectors'), { recursive: true });
    await writeFile(
      join(store, 'connectors', 'nightly-report.json'),
      JSON.stringify({
        connector_type: 'SFTP',
        host,
        port,
        hostkey: { hostkey_mode: 'known_host', known_host: hostKeys[0]!.publicLine },
        authentication: { authentication_method: 'ssh_key', username, ssh_key },
        mode: { mode_name: 'stats', path: '.' },
      }),
    );
    const { status, message } = await runFile(file, { store });
    assert.equal(status, 'success', message);
  }

  async function removeTree(path: string): Promise<void> {
    for await (const { name, type } of sftp.list(path)) {
      if (type === 'directory') await removeTree(`${path}/${name}`);
      else await sftp.remove(`${path}/${name}`);
    }
    await sftp.rmdir(path);
  }
});

/** The example as the body of a function, so that what it declares hides what is given. */
function moduleFor(code: string): string {
  const imports = [...code.matchAll(/^import .*;$/gm)].map(([line]) => line);
  const body = code.replace(/^import .*;$/gm, '');
  const resolved = imports.map((line) =>
    line.replace(/'(wherry(?:\/[\w-]+)*)'/, (_, name: keyof typeof ENTRIES) => {
      assert.ok(existsSync(join(root, ENTRIES[name])), `no entry point ${name}`);
      return `'${pathToFileURL(join(root, ENTRIES[name])).href}'`;
    }),
  );
  if (body.includes('export default')) return `${resolved.join('\n')}\n${body}`;
  return `${resolved.join('\n')}
const console = { log() {} };
export async function run({ ${GIVEN.join(', ')} }) {
  {
${body}
  }
}
`;
}
