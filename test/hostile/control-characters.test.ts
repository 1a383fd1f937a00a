/** Whatever a server calls its files and says, the command line shows nothing that a terminal would obey. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { duplexStream } from '../../src/net/duplex.ts';
import { type MemoryFiles, memoryFiles, type ServerOptions, startServer } from '../../src/server/index.ts';
import { WireWriter } from '../../src/ssh/wire/writer.ts';
import { type Desk, makeDesk, type Ran } from '../cli/wherry.ts';
import { type ScriptedPeer, type Step, scriptedPeer } from '../support/peer/scripted-peer.ts';
import { allOf } from './operations.ts';

/** A colour, a window title by OSC, C1 controls, line breaks, a bell, a backspace, and text turned around. */
const NASTY = 'n\u001b[31mred\u001b]0;title\u0007\u009b2J\r\nx\u0008\u202egpj.exe\u2066\u2028\u200fz';
/** As printable() leaves the joiners of Persian and Hindi. */
const STEERS = /(?![\n\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const LOGIN = ['--password-env', 'SECRET'];
const ENV = { SECRET: 'secret' };

function assertTame(what: string, { all }: Ran): void {
  const found = STEERS.exec(all);
  assert.equal(found, null, `${what}: ${JSON.stringify(all)}`);
  // No line is the server's own either.
  assert.doesNotMatch(all, /^x/m, what);
}

interface Sweep {
  readonly run: (desk: Desk, args: readonly string[]) => Promise<Ran>;
  readonly url: (path: string) => string;
}

async function sweep(
  options: Partial<ServerOptions>,
  fill: (files: MemoryFiles) => void,
  work: (sweep: Sweep) => Promise<void>,
): Promise<void> {
  const files = memoryFiles();
  fill(files);
  await using server = await startServer({ users: { me: { password: 'secret' } }, files, ...options });
  await work({
    run: (desk, args) =>
      desk.run([args[0]!, ...LOGIN, '--host-key', server.fingerprint, ...args.slice(1)], { env: ENV }),
    url: (path) => `sftp://me@${server.host}:${server.port}${encodeURI(path)}`,
  });
}

async function atDesk<T>(work: (desk: Desk) => Promise<T>): Promise<T> {
  const desk = await makeDesk();
  try {
    return await work(desk);
  } finally {
    await desk[Symbol.asyncDispose]();
  }
}

test('names of files, and a banner', async () => {
  const fill = (files: MemoryFiles): void => {
    files.put(`/d/${NASTY}`, 'content');
    files.put(`/d/${NASTY}-folder/in`, 'content');
  };
  await sweep({ banner: `${NASTY}\n${NASTY}` }, fill, async ({ run, url }) => {
    const commands: readonly (readonly [args: readonly string[], code: number])[] = [
      [['ls', url('/d')], 0],
      [['stat', url(`/d/${NASTY}`)], 0],
      [['get', '-r', '--verbose', url('/d'), 'copy'], 0],
      [['sync', url('/d'), 'copy'], 0],
      [['get', '-r', '--json', url('/d'), 'copy'], 0],
      [['get', url(`/d/${NASTY}-none`), 'copy'], 1],
      [['rm', '--verbose', url(`/d/${NASTY}-none`)], 1],
    ];
    await allOf(commands, async ([args, code]) => {
      const ran = await atDesk((desk) => run(desk, args));
      assert.equal(ran.code === 0, code === 0, `${args[0]}: ${ran.all}`);
      assertTame(args.join(' '), ran);
      if (args[0] === 'ls') assert.match(ran.all, /n\?\[31mred/);
    });
  });
});

test('names of local files that are sent, and the words of a refusal', async () => {
  const onRequest: ServerOptions['onRequest'] = ({ name }) =>
    name === 'SSH_FXP_WRITE' ? { status: 'SSH_FX_FAILURE', message: NASTY } : undefined;
  await sweep(
    { onRequest },
    () => {},
    async ({ run, url }) => {
      const ran = await atDesk(async (desk) => {
        await writeFile(desk.path(NASTY), 'content');
        return run(desk, ['put', '--verbose', NASTY, url(`/${NASTY}`)]);
      });
      assert.notEqual(ran.code, 0);
      assert.match(ran.all, /n\?\[31mred/);
      assertTame('put', ran);
    },
  );
});

test('questions of a keyboard-interactive login', async () => {
  const keyboardInteractive = [
    {
      name: NASTY,
      instruction: NASTY,
      prompts: [
        { text: NASTY, echo: true },
        { text: NASTY, echo: false },
      ],
      answers: [],
    },
  ];
  await sweep(
    { users: { me: { keyboardInteractive } } },
    () => {},
    async ({ run, url }) => {
      const ran = await atDesk((desk) => run(desk, ['ls', '--verbose', url('/')]));
      assert.notEqual(ran.code, 0);
      assertTame('keyboard-interactive', ran);
    },
  );
});

const DISCONNECTS: Readonly<Record<string, readonly Step[]>> = {
  'a version line': [(p) => p.version(`SSH-2.0-${NASTY}`)],
  'lines before the version': [(p) => p.raw(Buffer.from(`${NASTY}\r\n${NASTY}\r\n`)), (p) => p.end()],
  'a disconnect before the keys': [(p) => p.version(), (p) => p.payload(disconnect())],
  'a disconnect in the login': [(p) => p.version(), (p) => p.exchangeKeys(), (p) => p.payload(disconnect())],
  'a debug message': [
    (p) => p.version(),
    (p) => p.exchangeKeys(),
    (p) => p.payload(new WireWriter().u8(4).bool(true).text(NASTY).text('').finish()),
    (p) => p.payload(disconnect()),
  ],
};

function disconnect(): Uint8Array {
  return new WireWriter().u8(1).u32(11).text(NASTY).text('').finish();
}

test('what a server says when it ends the connection', async () => {
  await allOf(Object.entries(DISCONNECTS), async ([what, steps]) => {
    const sockets = new Set<Socket>();
    const peers: ScriptedPeer[] = [];
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      peers.push(scriptedPeer(duplexStream(socket, '127.0.0.1', 0), steps, { patience: 20_000 }).peer);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    try {
      const any = ['--verbose', '--timeout', '10', '--accept-new', ...LOGIN];
      const ran = await atDesk((desk) =>
        desk.run(['ls', ...any, `sftp://me@127.0.0.1:${port}/`], { env: ENV }),
      );
      assert.notEqual(ran.code, 0, what);
      assertTame(what, ran);
    } finally {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
  });
});

test('names in a known_hosts file', async () => {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f';
  const oneLine = NASTY.replace(/[\r\n]/g, '');
  const ran = await atDesk(async (desk) => {
    await writeFile(desk.path('known'), `${oneLine} ${key} ${oneLine}\n`);
    return desk.run(['known-hosts', 'list', '--known-hosts', 'known']);
  });
  assert.equal(ran.code, 0);
  assert.match(ran.all, /n\?\[31mred/);
  assertTame('known-hosts', ran);
});
