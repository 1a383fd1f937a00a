/** Every exit code of the command line, made for real. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { getFixtures } from '../support/servers/fixtures.ts';
import { makeScratch, realServer, requireServer, requireSshd } from '../support/servers/from-env.ts';
import { startSshd } from '../support/servers/openssh.ts';
import { run } from '../support/servers/run.ts';
import { freePort } from '../support/servers/server.ts';
import { accessTo, type Desk, makeDesk, outcome, type Ran, urlOf } from './wherry.ts';

/** One line for people, and the same in JSON. */
async function fails(desk: Desk, args: string[], exit: number, text: RegExp, env = {}): Promise<Ran> {
  const ran = await desk.run(args, { env });
  assert.equal(ran.code, exit, ran.all);
  assert.match(ran.stderr, text);
  assert.match(ran.stderr, /^wherry: [^\n]+\n$/);
  return ran;
}

describe('exit code 2: wrong use', () => {
  const URL = 'sftp://localhost:1/x';
  for (const [args, text] of [
    [[], /which command\? get, put, ls, .*connectors.*; see wherry --help/],
    [['gte', 'x'], /unknown command gte \(Did you mean get\?\)/],
    [['get'], /missing required argument 'url'; see wherry get --help/],
    [['get', URL, 'a', 'b'], /too many arguments/],
    [['get', '--recusive', URL], /unknown option --recusive \(Did you mean --recursive\?\)/],
    [['ls', '-r', URL], /unknown option -r/],
    [['get', '-i'], /argument missing/],
    [['get', 'x'], /URL is needed/],
    [['get', 'http://localhost/x'], /only sftp/],
    [['get', URL, URL], /second argument is a local path/],
    [['get', 'sftp://localhost:1/'], /-r/],
    [['get', '-r', 'sftp://localhost:1/'], /name a local folder/],
    [['get', '-r', URL, '-'], /stdout/],
    [['get', '-p', URL, '-'], /stdout keeps no permissions/],
    [['put', '-p', '-', URL], /stdin has no permissions/],
    [['put', URL], /LOCAL\.\.\. URL/],
    [['put', 'a', 'b'], /last argument/],
    [['put', URL, URL], /only its last argument/],
    [['put', '-', '-', URL], /once only/],
    [['put', '.', URL], /-r/],
    [['get', '--timeout', 'soon', URL], /seconds/],
    [['get', '--timeout', '-1', URL], /seconds/],
    [['get', '--timeout', '1e9', URL], /seconds/],
    [['get', '--host-key', 'nonsense', URL], /not a fingerprint/],
    [['get', '--host-key', 'SHA256:x', '--accept-new', URL], /exclude/],
    [['get', '--cipher', 'rot13', URL], /unknown cipher rot13/],
    [['get', '--cipher', ',', URL], /empty/],
    [['get', '-i', '/nowhere/key', URL], /cannot read the private key \/nowhere\/key/],
    [['get', '--password-env', 'NOT_SET', URL], /--password-env names is not set/],
    [['get', '--passphrase-env', 'NOT_SET', URL], /--passphrase-env names is not set/],
  ] as [string[], RegExp][]) {
    it(`wherry ${args.join(' ')}`, async () => {
      await using desk = await makeDesk();
      await fails(desk, args, 2, text);
    });
  }

  for (const args of [
    ['get', 'sftp://me:hunter2@localhost/x'],
    ['put', 'sftp://me:hunter2@localhost/x', 'sftp://me:hunter2@localhost/x'],
    ['sftp://me:hunter2@localhost/x'],
    ['get', '--json', 'sftp://me:hunter2@localhost/x'],
    ['get', '--password=hunter2', URL],
    ['get', '-phunter2', URL],
    ['get', "--password='hunter2'", URL],
    ['get', '--password-env', 'hunter2', URL],
  ]) {
    it(`repeats no password of wherry ${args.join(' ')}`, async () => {
      await using desk = await makeDesk();
      const { code, all } = await desk.run(args);
      assert.equal(code, 2, all);
      assert.match(all, /password|the command comes first/);
      assert.doesNotMatch(all, /hunter2/);
    });
  }

  it('is told in JSON too', async () => {
    await using desk = await makeDesk();
    for (const args of [
      ['get', '--json'],
      ['get', '--json', 'http://x'],
      ['get', '--json', '--cipher', 'x', URL],
    ]) {
      const { code, objects } = await desk.run(args);
      assert.equal(code, 2);
      assert.deepEqual(
        [objects.length, objects[0]?.type, objects[0]?.code],
        [1, 'error', 'INVALID_ARGUMENT'],
      );
    }
  });

  it(
    'covers an encrypted key without its passphrase, or with a wrong one',
    requireServer('openssh'),
    async () => {
      await using desk = await makeDesk();
      const { userKeys } = await getFixtures();
      const key = ['-i', userKeys.ed25519.files.opensshEncrypted];
      await fails(desk, ['ls', ...key, URL], 2, /passphrase is needed; give it with --passphrase-env NAME/);
      const env = { SECRET: 'wrong passphrase' };
      const { all } = await fails(
        desk,
        ['ls', ...key, '--passphrase-env', 'SECRET', URL],
        2,
        /does not open/,
        env,
      );
      assert.doesNotMatch(all, /wrong passphrase/);
    },
  );
});

describe('exit code 0', () => {
  it('is for --help and --version', async () => {
    await using desk = await makeDesk();
    const version = await desk.run(['--version']);
    assert.deepEqual([version.code, version.stderr], [0, '']);
    assert.match(version.stdout.toString(), /^\d+\.\d+\.\d+\S*\n$/);
    const help = await desk.run(['--help']);
    assert.equal(help.code, 0);
    assert.match(help.stdout.toString(), /Exit codes: 0 done, 1 .* 2 .* 3 .* 4 /);
    const get = await desk.run(['get', '--help']);
    assert.equal(get.code, 0);
    for (const option of [
      '-i, --identity',
      '--known-hosts',
      '--host-key',
      '--accept-new',
      '--password-env',
      '--json',
    ]) {
      assert.ok(get.stdout.includes(option), option);
    }
  });
});

describe('exit code 1: the transfer failed', requireServer('openssh'), () => {
  it('says which file is missing or forbidden, here or there', async () => {
    await using desk = await makeDesk();
    await using scratch = await makeScratch();
    const server = realServer('openssh');
    const access = await accessTo(server, desk);
    const url = (path: string): string => urlOf(server, scratch.path + path);
    await writeFile(join(scratch.path, 'there'), 'there');
    await mkdir(join(scratch.path, 'folder'), { mode: 0o755 });
    await writeFile(desk.path('local'), 'local');

    await fails(desk, ['get', ...access, url('/nope')], 1, /\/nope: no such file/);
    await fails(desk, ['get', '-r', ...access, url('/nope')], 1, /\/nope: no such file/);
    await fails(desk, ['ls', ...access, url('/nope')], 1, /\/nope: no such file/);
    await fails(desk, ['get', ...access, url('/folder')], 1, /is a folder; -r transfers folders/);
    await fails(desk, ['get', ...access, url('/there'), 'nope/'], 1, /no local folder nope/);
    await fails(
      desk,
      ['get', ...access, url('/there'), 'nope/x'],
      1,
      /cannot write nope\/x: there is no such/,
    );
    await fails(desk, ['put', ...access, 'nope', url('/x')], 1, /cannot read nope: there is no such/);
    await fails(desk, ['put', ...access, 'local', url('/nope/')], 1, /no folder .*\/nope\/ on the server/);
    await fails(
      desk,
      ['put', ...access, 'local', 'local', url('/there')],
      1,
      /no folder .*\/there on the server/,
    );
    await fails(desk, ['put', ...access, '-', url('/folder')], 1, /stdin needs a file name/);
    await fails(desk, ['put', ...access, 'local', urlOf(server, '/proc/x')], 1, /open \/proc\/x: /);
    const { objects } = await desk.run(['get', '--json', ...access, url('/nope')]);
    const { type, code, details } = objects.at(-1)!;
    assert.deepEqual([type, code], ['error', 'SFTP_NO_SUCH_FILE']);
    assert.equal((details as { path: string }).path, `${scratch.path}/nope`);
    assert.deepEqual(await desk.files(), ['local']);
  });
});

describe('exit code 3: connection or login', () => {
  it('is for a port where nobody listens', async () => {
    await using desk = await makeDesk();
    const url = `sftp://me@127.0.0.1:${await freePort()}/x`;
    await fails(
      desk,
      ['get', url],
      3,
      /cannot connect to 127\.0\.0\.1 port \d+: ECONNREFUSED; does an SSH server/,
    );
  });

  it('is for a host that does not exist', async () => {
    await using desk = await makeDesk();
    await fails(
      desk,
      ['get', 'sftp://me@no-such-host.invalid/x'],
      3,
      /no-such-host\.invalid .*check the host name/,
    );
  });

  it('is for a server that connects and stays silent, within seconds', async () => {
    await using desk = await makeDesk();
    await using silent = await listen();
    const began = performance.now();
    await fails(
      desk,
      ['get', '--timeout', '1', `sftp://me@127.0.0.1:${silent.port}/x`],
      3,
      /1 s .*--timeout waits/,
    );
    assert.ok(performance.now() - began < 10_000);
  });

  it('is for something that is no SSH server', async () => {
    await using desk = await makeDesk();
    await using web = await listen('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    const { all } = await desk.run(['ls', '--timeout', '2', `sftp://me@127.0.0.1:${web.port}/x`]);
    assert.match(all, /wherry: /);
    const json = await desk.run(['ls', '--json', '--timeout', '2', `sftp://me@127.0.0.1:${web.port}/x`]);
    assert.equal(json.code, 3, json.all);
  });

  it('is for a wrong password', requireServer('openssh', 'password'), async () => {
    await using desk = await makeDesk();
    const server = realServer('openssh');
    const hosts = (await accessTo(server, desk)).slice(2);
    const args = ['ls', ...hosts, '--password-env', 'SECRET', urlOf(server, '/')];
    const { all } = await fails(desk, args, 3, /login refused.*check the user name and the password/, {
      SECRET: 'wrong-one',
    });
    assert.doesNotMatch(all, /wrong-one/);
    const right = await desk.run(args, { env: { SECRET: server.password! } });
    assert.equal(right.code, 0, right.all);
  });

  it('is for a login without anything to show, and says what to give', requireServer('openssh'), async () => {
    await using desk = await makeDesk();
    const server = realServer('openssh');
    const hosts = (await accessTo(server, desk)).slice(2);
    await fails(desk, ['ls', ...hosts, urlOf(server, '/')], 3, /login refused.*-i FILE/);
  });
});

describe('identities nobody names', requireServer('openssh'), () => {
  it('are found in ~/.ssh; what cannot be used is left out, with a note', async () => {
    await using desk = await makeDesk();
    const server = realServer('openssh');
    const { userKeys, passphrase } = await getFixtures();
    const hosts = (await accessTo(server, desk)).slice(2);
    const identity = (name: string): string => desk.path('home', '.ssh', name);
    const env = { SSH_AUTH_SOCK: desk.path('no-agent'), SECRET: passphrase };
    await copyFile(userKeys.ed25519.files.opensshEncrypted, identity('id_ed25519'));
    await writeFile(identity('id_ecdsa'), 'not a key');

    const args = ['ls', '-v', ...hosts, urlOf(server, '/')];
    const none = await desk.run(args, { env });
    assert.equal(none.code, 3, none.all);
    assert.match(none.stderr, /^wherry: identity left out: .*id_ed25519: .*passphrase/m);
    assert.match(none.stderr, /^wherry: identity left out: .*id_ecdsa/m);
    assert.match(none.stderr, /^wherry: agent left out: .*no-agent: ENOENT/m);

    const opened = await desk.run([...args, '--passphrase-env', 'SECRET'], { env });
    assert.equal(opened.code, 0, opened.all);

    await copyFile(userKeys.rsa.files.openssh, identity('id_rsa'));
    const other = await desk.run(args, { env });
    assert.equal(other.code, 0, other.all);
    assert.match(other.stderr, /login by publickey.*: success/);
  });
});

describe('an agent', requireServer('openssh'), () => {
  it('is asked when SSH_AUTH_SOCK names it', async () => {
    await using desk = await makeDesk();
    const server = realServer('openssh');
    const { userKeys } = await getFixtures();
    const hosts = (await accessTo(server, desk)).slice(2);
    const socket = desk.path('home', 'agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    try {
      const env = { SSH_AUTH_SOCK: socket };
      const add = { env, allowFailure: true };
      // The agent needs a moment until it listens.
      for (let i = 0; (await run('ssh-add', ['-q', userKeys.ed25519.files.openssh], add)).code !== 0; i++) {
        assert.ok(i < 50, 'ssh-agent does not answer');
        await sleep(100);
      }
      const args = ['ls', ...hosts, urlOf(server, '/')];
      const { code, all } = await desk.run(args, { env });
      assert.equal(code, 0, all);
      // What -i names is used alone.
      const other = await makeOtherKey(desk);
      assert.equal((await desk.run([...args, '-i', other], { env })).code, 3);
    } finally {
      agent.kill();
    }
  });
});

async function makeOtherKey(desk: Desk): Promise<string> {
  const file = desk.path('home', 'other-key');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
  return file;
}

describe('exit code 4: the host key', requireServer('openssh'), () => {
  it('is for an unknown one, and says exactly what to run', async () => {
    await using desk = await makeDesk();
    const server = realServer('openssh');
    const identity = (await accessTo(server, desk)).slice(0, 2);
    const url = urlOf(server, '/');
    const { stderr } = await fails(
      desk,
      ['ls', ...identity, url],
      4,
      /--accept-new to record it in ~\/\.ssh\/known_hosts/,
    );
    const option = /--host-key SHA256:[A-Za-z0-9+/]{43}/.exec(stderr)?.[0] ?? '';
    assert.ok(server.hostKeys.some(({ fingerprint }) => option.endsWith(fingerprint)));
    const pinned = await desk.run(['ls', ...identity, ...option.split(' '), url]);
    assert.equal(pinned.code, 0, pinned.all);
    // A pin is for this time only.
    await assert.rejects(readFile(desk.path('home', '.ssh', 'known_hosts')));
  });

  it('is accepted once by --accept-new, and known from then on', async () => {
    await using desk = await makeDesk();
    const server = realServer('openssh');
    const identity = (await accessTo(server, desk)).slice(0, 2);
    const args = ['ls', ...identity, urlOf(server, '/')];
    const first = await desk.run([...args, '--accept-new']);
    assert.equal(first.code, 0, first.all);
    assert.match(
      first.stderr,
      /^wherry: new host key of 127\.0\.0\.1 port \d+ recorded in \S+: \S+ SHA256:\S+\n$/,
    );
    const line = await readFile(desk.path('home', '.ssh', 'known_hosts'), 'utf8');
    const [name, type] = line.split(' ');
    assert.equal(name, `[127.0.0.1]:${server.port}`);
    assert.ok(server.hostKeys.some(({ algorithm }) => algorithm === type));
    for (const more of [[], ['--accept-new']]) {
      const { code, stderr } = await desk.run([...args, ...more]);
      assert.deepEqual([code, stderr], [0, '']);
    }
    const file = desk.path('other', 'hosts');
    assert.equal((await desk.run([...args, '--accept-new', '--known-hosts', file])).code, 0);
    assert.equal(await readFile(file, 'utf8'), line);
  });

  it('is for a changed one, also with --accept-new', async () => {
    await using desk = await makeDesk();
    const server = realServer('openssh');
    const identity = (await accessTo(server, desk)).slice(0, 2);
    const { userKeys } = await getFixtures();
    const changed = `[127.0.0.1]:${server.port} ${userKeys.ed25519.publicLine}\n`;
    const file = desk.path('home', '.ssh', 'known_hosts');
    await writeFile(file, changed);
    for (const more of [[], ['--accept-new']]) {
      const args = ['ls', ...identity, ...more, urlOf(server, '/')];
      await fails(desk, args, 4, /has changed.*known_hosts:1.*ask the owner of the server/);
    }
    assert.equal(await readFile(file, 'utf8'), changed);
  });

  it('is for one that is not the pinned one, even if known_hosts has it', async () => {
    await using desk = await makeDesk();
    const server = realServer('openssh');
    const access = await accessTo(server, desk);
    const { userKeys } = await getFixtures();
    const pin = ['--host-key', userKeys.ed25519.fingerprint];
    await fails(desk, ['ls', ...access, ...pin, urlOf(server, '/')], 4, /none of the 1 pinned/);
    const all = server.hostKeys.flatMap(({ fingerprint }) => ['--host-key', fingerprint]);
    assert.equal((await desk.run(['ls', ...access, ...pin, ...all, urlOf(server, '/')])).code, 0);
  });
});

describe('a transfer that breaks off', requireSshd(), () => {
  it('leaves no file when the server dies', async () => {
    await using desk = await makeDesk();
    await using scratch = await makeScratch();
    await using server = await startSshd();
    const file = join(scratch.path, 'huge');
    await writeFile(file, '');
    await truncate(file, 16 * 2 ** 30);
    const child = desk.start(['get', '--json', ...(await accessTo(server, desk)), urlOf(server, file)]);
    const ended = outcome(child);
    await once(child.stdout!, 'data');
    assert.equal((await desk.files()).length, 1);
    await server.killConnections();
    const { code, objects, stderr } = await ended;
    assert.equal(code, 3, stderr);
    assert.deepEqual([objects.at(-1)?.type, objects.at(-1)?.code], ['error', 'CONNECTION_LOST']);
    assert.deepEqual(await desk.files(), []);
  });

  for (const [signal, exit, words] of [
    ['SIGINT', 130, 'interrupted'],
    ['SIGTERM', 143, 'ended by SIGTERM'],
  ] as const) {
    it(`leaves no file on ${signal}, and ends with ${exit}`, requireServer('openssh'), async () => {
      await using desk = await makeDesk();
      await using scratch = await makeScratch();
      const server = realServer('openssh');
      const file = join(scratch.path, 'huge');
      await writeFile(file, '');
      await truncate(file, 16 * 2 ** 30);
      const child = desk.start(['get', '--json', ...(await accessTo(server, desk)), urlOf(server, file)]);
      const ended = outcome(child);
      await once(child.stdout!, 'data');
      child.kill(signal);
      const { code, objects, stderr } = await ended;
      assert.equal(code, exit);
      assert.equal(stderr, `wherry: ${words}\n`);
      assert.equal(objects.at(-1)?.code, 'ABORTED');
      assert.deepEqual(await desk.files(), []);
    });
  }

  it('ends on SIGINT though stdin never says anything', requireServer('openssh'), async () => {
    await using desk = await makeDesk();
    await using scratch = await makeScratch();
    const server = realServer('openssh');
    const target = join(scratch.path, 'never');
    const child = desk.start(['put', '-v', ...(await accessTo(server, desk)), '-', urlOf(server, target)]);
    const ended = outcome(child);
    while (
      !(await readFile(target).then(
        () => true,
        () => false,
      ))
    ) {
      assert.equal(child.exitCode, null);
      await sleep(50);
    }
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    assert.equal(code, 130);
    assert.match(stderr, /^wherry: interrupted; .*never on the server is incomplete beyond byte 0$/m);
  });

  it('ends quietly when nobody reads stdout any more', requireServer('openssh'), async () => {
    await using desk = await makeDesk();
    await using scratch = await makeScratch();
    const server = realServer('openssh');
    const file = join(scratch.path, 'huge');
    await writeFile(file, '');
    await truncate(file, 16 * 2 ** 30);
    const child = desk.start(['get', ...(await accessTo(server, desk)), urlOf(server, file), '-']);
    let stderr = '';
    child.stderr!.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const ended = once(child, 'exit');
    await once(child.stdout!, 'data');
    child.stdout!.destroy();
    assert.deepEqual(await ended, [141, null]);
    assert.equal(stderr, '');
  });
});

interface Listener {
  port: number;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A TCP server that says `greeting`, if anything, and then nothing more. */
async function listen(greeting?: string): Promise<Listener> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    if (greeting !== undefined) socket.end(greeting);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
