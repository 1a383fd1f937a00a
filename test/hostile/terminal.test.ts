/** Whatever a server says and calls its files, a real terminal gets nothing from it that it would obey, wherever it is shown. */
import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { duplexStream } from '../../src/net/duplex.ts';
import {
  type MemoryFiles,
  memoryFiles,
  type ServerOptions,
  type ServerUserOptions,
  startServer,
} from '../../src/server/index.ts';
import { WireWriter } from '../../src/ssh/wire/writer.ts';
import { hasTerminals, Terminal } from '../cli/terminal.ts';
import { type Desk, makeDesk } from '../cli/wherry.ts';
import { UP_TO_LOGIN } from '../support/peer/login-script.ts';
import { type Step, scriptedPeer } from '../support/peer/scripted-peer.ts';

/** A colour, a window title by OSC, C1 controls, line breaks, a bell, a backspace, and text turned around. */
const NASTY = 'n\u001b[31mred\u001b]0;title\u0007\u009b2J\r\nx\u0008\u202egpj.exe\u2066\u2028\u200fz';
/** The end of it, as printable() leaves it. */
const SHOWN = /\?gpj\.exe\?\?\?z/;
/** What we write ourselves: line ends, colours of names, the line of a bar, and what readline edits a line with. */
const OURS = /\r|\n|\u001b\[(?:[0-3]?J|\d*G|\d*[ABCD]|0?K|(?:1;34|36|0)m)/g;
const STEERS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

interface Place {
  readonly command: string;
  readonly args?: readonly string[];
  readonly user?: object;
  readonly server?: Partial<ServerOptions>;
  /** A server that says no more than this, in place of one of ours. */
  readonly script?: readonly Step[];
  /** Behind the URL: the path in it, and what follows. */
  readonly path?: string;
  readonly more?: readonly string[];
  /** Pins the host key; without it the question about it is answered. */
  readonly pinned?: false;
  readonly prepare?: (desk: Desk) => Promise<unknown>;
  /** What is waited for, and typed then. */
  readonly talk?: readonly (readonly [RegExp, string])[];
  /** The exit code. */
  readonly code: number;
  /** What is not shown here is not told. */
  readonly absent?: true;
}

const PASSWORD = [/Password of me on /, 'secret\r'] as const;

const PLACES: Readonly<Record<string, Place>> = {
  'a banner, and the question about a host key': {
    command: 'ls',
    server: { banner: `${NASTY}\n${NASTY}` },
    pinned: false,
    talk: [[/fingerprint\)\? /, 'yes\r'], PASSWORD],
    code: 0,
  },
  'questions of a keyboard-interactive login': {
    command: 'ls',
    user: {
      keyboardInteractive: [
        {
          name: NASTY,
          instruction: NASTY,
          prompts: [
            { text: `${NASTY}one`, echo: true },
            { text: `${NASTY}two`, echo: false },
          ],
          answers: ['1', '2'],
        },
      ],
    },
    talk: [
      [/zone/, '1\r'],
      [/ztwo/, '2\r'],
    ],
    code: 0,
  },
  'a password that has to be changed': {
    command: 'ls',
    script: [
      ...UP_TO_LOGIN,
      async (p) => {
        for (;;) {
          const isPassword = Buffer.from(await p.next(50)).includes('secret');
          const answer = isPassword
            ? new WireWriter().u8(60).text(NASTY).text('')
            : new WireWriter().u8(51).nameList(['password']).bool(false);
          p.payload(answer.finish());
        }
      },
    ],
    talk: [PASSWORD],
    code: 3,
  },
  'a farewell': {
    command: 'ls',
    script: [...UP_TO_LOGIN, (p) => p.payload(new WireWriter().u8(1).u32(11).text(NASTY).text('').finish())],
    code: 3,
  },
  'a version line': {
    command: 'ls',
    script: [(p) => p.version(`SSH-2.0-${NASTY.replace(/[\r\n]/g, '')}`), (p) => p.end()],
    code: 3,
    absent: true,
  },
  'a listing': { command: 'ls', path: '/d', talk: [PASSWORD], code: 0 },
  'facts of a link': { command: 'stat', path: '/d/link', talk: [PASSWORD], code: 0 },
  'a tree': { command: 'tree', path: '/d', talk: [PASSWORD], code: 0 },
  'a hash': { command: 'hash', path: `/d/${NASTY}`, talk: [PASSWORD], code: 0 },
  'space on a file system': { command: 'df', path: `/d/${NASTY}`, talk: [PASSWORD], code: 0 },
  'the bar of a download, and what was left out of it': {
    command: 'get',
    args: ['-r'],
    path: '/d',
    more: ['copy'],
    server: { onRequest: ({ name }) => (name === 'SSH_FXP_READ' ? { delay: 150 } : undefined) },
    talk: [PASSWORD],
    code: 0,
  },
  'the bar of one file': {
    command: 'get',
    path: `/d/${NASTY}`,
    more: ['copy'],
    talk: [PASSWORD],
    code: 0,
    absent: true,
  },
  'the bar of an upload, and what was left out of it': {
    command: 'put',
    args: ['-r', 'local'],
    path: '/new',
    prepare: async (desk) => {
      await mkdir(desk.path('local'));
      await writeFile(desk.path('local', NASTY), 'content');
      await symlink('nowhere', desk.path('local', `${NASTY}-link`));
    },
    server: { onRequest: ({ name }) => (name === 'SSH_FXP_WRITE' ? { delay: 150 } : undefined) },
    talk: [PASSWORD],
    code: 0,
  },
  'what a mirror does': { command: 'sync', path: '/d', more: ['copy'], talk: [PASSWORD], code: 0 },
  'what is removed': { command: 'rm', args: ['-r'], path: '/d', talk: [PASSWORD], code: 0 },
  'a name that is not there': { command: 'cat', path: `/d/${NASTY}-none`, talk: [PASSWORD], code: 1 },
  'the words of a refusal': {
    command: 'mkdir',
    path: '/new',
    server: {
      onRequest: ({ name }) =>
        name === 'SSH_FXP_MKDIR' ? { status: 'SSH_FX_FAILURE', message: NASTY } : undefined,
    },
    talk: [PASSWORD],
    code: 1,
  },
  'the prompt of the shell, and its words': {
    command: 'shell',
    server: { home: `/${NASTY}` },
    path: '',
    talk: [PASSWORD, [/z> /, 'pwd\r'], [/z> /, 'rm none\r'], [/z> /, 'exit\r']],
    code: 0,
  },
  'names that complete a line of the shell': {
    command: 'shell',
    talk: [
      PASSWORD,
      [/wherry \/> /, 'ls /d/\t\t'],
      [/plain/, '\u0003'],
      [/wherry \/> /, 'ls /d/n\t'],
      [/./, '\u0003'],
      [/wherry \/> /, 'exit\r'],
    ],
    code: 0,
    absent: true,
  },
};

function fill(files: MemoryFiles): void {
  files.put(`/d/${NASTY}`, 'content');
  files.put('/d/plain', 'content');
  files.put('/d/plum', 'content');
  files.put(`/d/${NASTY}-folder/in`, 'content');
  files.symlink(NASTY, '/d/link');
  files.symlink(NASTY, `/d/${NASTY}-link`);
}

async function scriptedServer(steps: readonly Step[]) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    scriptedPeer(duplexStream(socket, '127.0.0.1', 0), steps, { patience: 20_000 }).done.catch(() => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    fingerprint: undefined,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

for (const [what, place] of Object.entries(PLACES)) {
  test(`at a terminal: ${what}`, { skip: !hasTerminals && 'no script(1) on this machine' }, async () => {
    const files = memoryFiles();
    fill(files);
    const me = (place.user ?? { password: 'secret' }) as ServerUserOptions;
    await using server =
      place.script === undefined
        ? await startServer({ users: { me }, files, ...place.server })
        : await scriptedServer(place.script);
    await using desk = await makeDesk();
    await place.prepare?.(desk);
    const { args = [], more = [], path = '/' } = place;
    const pin =
      place.pinned === false
        ? []
        : server.fingerprint === undefined
          ? ['--accept-new']
          : ['--host-key', server.fingerprint];
    const url = `sftp://me@${server.host}:${server.port}${encodeURI(path)}`;
    const words = [place.command, '--verbose', ...pin, ...args, url, ...more];
    await using terminal = new Terminal(desk, words);
    for (const [text, typed] of place.talk ?? []) await terminal.on(text, typed);
    const code = await terminal.end();
    const left = terminal.all.replace(OURS, '');
    const found = STEERS.exec(left);
    const around =
      found === null ? '' : JSON.stringify(left.slice(Math.max(0, found.index - 60), found.index + 60));
    assert.equal(found, null, around);
    assert.equal(code, place.code, terminal.all);
    if (place.absent !== true) assert.match(left, SHOWN);
  });
}
