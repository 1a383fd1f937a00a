/** The numbers that a client fails with by what a server does: each server does one thing wrong. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { SFTPClient, SFTPClientError, SSHAuthModes } from '../../src/client/index.ts';
import { duplexStream } from '../../src/net/duplex.ts';
import { type RunningServer, type ServerOptions, startServer } from '../../src/server/index.ts';
import { noUnhandledRejections } from '../real/login.ts';
import { testKey } from '../support/peer/host-keys.ts';
import { type ScriptedPeer, type Step, scriptedPeer } from '../support/peer/scripted-peer.ts';
import { run } from '../support/servers/run.ts';
import { localFolder } from '../support/sftp/memory-session.ts';
import { shows } from './shows.ts';

noUnhandledRejections();

/** A client that takes any host key and needs no proof of who it is. */
async function trusting(port: number): Promise<SFTPClient> {
  const client = new SFTPClient();
  [client.sshHost, client.sshPort, client.sshUser, client.timeout] = ['127.0.0.1', port, 'user', 5];
  client.sshAuthMode = SSHAuthModes.amNone;
  await client.config('SSHAcceptAnyServerHostKey=True');
  return client;
}

async function failureOf(promise: Promise<unknown>): Promise<SFTPClientError> {
  const error = await promise.then(
    () => assert.fail('nothing failed'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof SFTPClientError, String(error));
  return error;
}

/** What a logon to a server that follows a script fails with, told by the method and by `disconnected` or `connected`. */
async function logonTo(steps: readonly Step[], ...settings: string[]): Promise<SFTPClientError> {
  const sockets: Socket[] = [];
  const scripts: Promise<void>[] = [];
  const listener = createServer({ noDelay: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    scripts.push(scriptedPeer(duplexStream(socket, '127.0.0.1', 1), steps).done.catch(() => {}));
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const client = await trusting((listener.address() as AddressInfo).port);
  for (const setting of settings) {
    const [name, value] = setting.split('=') as [string, string];
    if (name in client) Object.assign(client, { [name]: name === 'timeout' ? Number(value) : value });
    else await client.config(setting);
  }
  const told: number[] = [];
  client.on('connected', (e) => told.push(e.statusCode));
  client.on('disconnected', (e) => told.push(e.statusCode));
  try {
    const error = await failureOf(client.sshLogon());
    assert.equal(told.at(-1), error.code, `told ${told}`);
    assert.equal(client.connected, false);
    return error;
  } finally {
    await client.disconnect();
    for (const socket of sockets) socket.destroy();
    listener.close();
    await Promise.all(scripts);
  }
}

const version: Step = (peer) => peer.version();
const keys: Step = (peer) => peer.exchangeKeys({ plain: true });
const u32 = (value: number): number[] => [
  value >>> 24,
  (value >>> 16) & 255,
  (value >>> 8) & 255,
  value & 255,
];
const text = (value: string | Uint8Array): number[] => [
  ...u32(value.length),
  ...(typeof value === 'string' ? Buffer.from(value) : value),
];
/** SERVICE_ACCEPT, then USERAUTH_SUCCESS to the first request. */
const welcome: Step = async (peer) => {
  await peer.next(5);
  peer.payload([6, ...text('ssh-userauth')]);
  await peer.next(50);
  peer.payload([52]);
};
/** The channel number the client has chosen. */
async function opened(peer: ScriptedPeer): Promise<number> {
  const open = await peer.next(90);
  return Buffer.from(open).readUInt32BE(5 + 'session'.length);
}
/** CHANNEL_OPEN_CONFIRMATION, and CHANNEL_SUCCESS to the request for the subsystem. */
async function subsystem(peer: ScriptedPeer): Promise<number> {
  const channel = await opened(peer);
  peer.payload([91, ...u32(channel), ...u32(0), ...u32(1_000_000), ...u32(32_768)]);
  await peer.next(98);
  peer.payload([99, ...u32(channel)]);
  return channel;
}
/** A key exchange that ends in a reply of this public value. */
const reply =
  (kex: string, value: readonly number[]): Step =>
  async (peer) => {
    peer.kexInit({ plain: true, lists: { kex: [kex] } });
    await peer.next(30);
    const key = testKey('ssh-ed25519');
    const signature = [...text('ssh-ed25519'), ...text(Buffer.alloc(64, 1))];
    peer.payload([
      31,
      ...text(key.publicKey.blob),
      ...text(Uint8Array.from(value)),
      ...text(Uint8Array.from(signature)),
    ]);
  };

const SCRIPTS: readonly (readonly [
  code: number,
  what: string,
  steps: readonly Step[],
  ...settings: string[],
])[] = [
  [
    1001,
    'SSH_MSG_DISCONNECT',
    [version, keys, (peer) => peer.payload([1, ...u32(11), ...text('bye'), ...text('')])],
  ],
  [1002, 'a version line of SSH 1.5', [(peer) => peer.version('SSH-1.5-old')]],
  [
    1003,
    'no cipher in common',
    [version, (peer) => peer.kexInit({ lists: { cipherOut: ['none'], cipherIn: ['none'] } })],
  ],
  [
    1015,
    'a packet whose MAC is wrong',
    [version, keys, (peer) => peer.raw(Buffer.from([0, 0, 0, 32, ...Buffer.alloc(4096, 7)]))],
  ],
  [
    1016,
    'what is said to be compressed and is not',
    [
      version,
      (peer) => peer.kexInit({ plain: true, lists: { compressionOut: ['zlib'], compressionIn: ['zlib'] } }),
      (peer) => peer.agree(),
      (peer) => {
        peer.newKeys();
        peer.payload([2, ...text('no zlib')]);
      },
    ],
    'sshCompressionAlgorithms=zlib,none',
  ],
  [
    1020,
    'CHANNEL_OPEN_FAILURE',
    [
      version,
      keys,
      welcome,
      async (peer) => peer.payload([92, ...u32(await opened(peer)), ...u32(1), ...text('no'), ...text('')]),
    ],
  ],
  [
    1021,
    'data for a channel that is not there',
    [
      version,
      keys,
      welcome,
      async (peer) => {
        await subsystem(peer);
        peer.payload([94, ...u32(77), ...text('x')]);
      },
    ],
  ],
  [
    1022,
    'more data than the window allows',
    [
      version,
      keys,
      welcome,
      async (peer) => {
        const channel = await subsystem(peer);
        peer.payload([94, ...u32(channel), ...text(Buffer.alloc(40_000, 1))]);
      },
    ],
    'MaxWindowSize=32768',
  ],
  [1023, 'a KEXINIT that is cut off', [version, (peer) => peer.payload([20, 1, 2])]],
  [
    1027,
    'a login message in the key exchange',
    [version, (peer) => peer.kexInit(), (peer) => peer.payload([52])],
  ],
  [
    1031,
    'a signature of something else',
    [
      version,
      (peer) => peer.kexInit({ plain: true }),
      (peer) => peer.agree((signer) => ({ ...signer, sign: () => signer.sign(Buffer.alloc(32)) })),
      (peer) => peer.newKeys(),
    ],
  ],
  [
    1032,
    'a login that is refused',
    [
      version,
      keys,
      async (peer) => {
        await peer.next(5);
        peer.payload([6, ...text('ssh-userauth')]);
        await peer.next(50);
        peer.payload([51, ...text('hostbased'), 0]);
      },
    ],
  ],
  [
    1033,
    'CHANNEL_FAILURE',
    [
      version,
      keys,
      welcome,
      async (peer) => {
        const channel = await opened(peer);
        peer.payload([91, ...u32(channel), ...u32(0), ...u32(1000), ...u32(1000)]);
        await peer.next(98);
        peer.payload([100, ...u32(channel)]);
      },
    ],
  ],
  [
    1102,
    'SFTP version 2',
    [
      version,
      keys,
      welcome,
      async (peer) => {
        const channel = await subsystem(peer);
        const answer = [...u32(5), 2, ...u32(2)];
        peer.payload([94, ...u32(channel), ...text(Uint8Array.from(answer))]);
      },
    ],
  ],
  [1034, 'a public value of 0', [version, reply('diffie-hellman-group14-sha256', [])]],
  [
    1038,
    'a point of zeros',
    [
      version,
      reply(
        'curve25519-sha256',
        Array.from({ length: 32 }, () => 0),
      ),
    ],
  ],
  [1120, 'the end of the stream', [version, keys, welcome, (peer) => peer.end()]],
  [201, 'silence', [version, keys, welcome], 'timeout=1'],
  [
    1027,
    'SSH_MSG_UNIMPLEMENTED for the login',
    [
      version,
      keys,
      async (peer) => {
        await peer.next(5);
        peer.payload([3, ...u32(3)]);
      },
    ],
  ],
];

shows(
  'a server that does wrong',
  [
    ...['error:1001', 'error:1002', 'error:1003', 'error:1015', 'error:1016', 'error:1020', 'error:1021'],
    ...['error:1022', 'error:1023', 'error:1027', 'error:1031', 'error:1032', 'error:1033', 'error:1034'],
    ...['error:1038', 'error:1102', 'error:1120', 'error:201'],
  ],
  async () => {
    for (const [code, what, steps, ...settings] of SCRIPTS) {
      const error = await logonTo(steps, ...settings);
      assert.equal(error.code, code, `${what}: ${error.code} ${error.coreCode} ${error.message}`);
    }
  },
);

/** A server that does what a test says, and a client of it. */
async function served(
  options: Partial<ServerOptions>,
): Promise<{ server: RunningServer; client: SFTPClient }> {
  const server = await startServer({ users: { user: { password: 'secret' } }, ...options });
  const client = await trusting(server.port);
  [client.sshAuthMode, client.sshPassword] = [SSHAuthModes.amPassword, 'secret'];
  return { server, client };
}

shows(
  'statuses of requests: 1103 with the number of the status; 1104 where nothing can be renamed',
  ['error:1103', 'error:1104', 'renameFile'],
  async () => {
    for (const [status, version, code, number, coreCode] of [
      ['SSH_FX_PERMISSION_DENIED', 3, 1103, 3, 'SFTP_PERMISSION_DENIED'],
      ['SSH_FX_FAILURE', 3, 1103, 4, 'SFTP_FAILURE'],
      ['SSH_FX_OP_UNSUPPORTED', 3, 1104, 8, 'SFTP_OP_UNSUPPORTED'],
      ['SSH_FX_QUOTA_EXCEEDED', 6, 1103, 15, 'SFTP_QUOTA_EXCEEDED'],
      ['SSH_FX_NO_SPACE_ON_FILESYSTEM', 6, 1103, 14, 'SFTP_NO_SPACE'],
    ] as const) {
      const onRequest: ServerOptions['onRequest'] = ({ name }) =>
        name === 'SSH_FXP_RENAME' ? { status, message: 'not today' } : undefined;
      const { server, client } = await served({ onRequest });
      await using _ = server;
      await client.config(`ProtocolVersion=${version}`);
      await client.createFile('f');
      client.remoteFile = 'f';
      const error = await failureOf(client.renameFile('g'));
      assert.deepEqual([error.code, error.sftpStatus, error.coreCode], [code, number, coreCode]);
      assert.match(error.message, /not today/);
      assert.equal(await client.checkFileExists(), true);
      await client.sshLogoff();
    }
  },
);

shows(
  'the end of the session or the connection in the middle of a request',
  ['error:1001', 'event:disconnected'],
  async () => {
    for (const [end, codes] of [
      ['session', [1001]],
      ['connection', [1120, 10054]],
    ] as const) {
      const { server, client } = await served({
        onRequest: ({ name }) => (name === 'SSH_FXP_MKDIR' ? { end } : undefined),
      });
      await using _ = server;
      await client.sshLogon();
      const told: number[] = [];
      client.on('disconnected', (e) => told.push(e.statusCode));
      const error = await failureOf(client.makeDirectory('d'));
      assert.ok((codes as readonly number[]).includes(error.code), `${error.code} ${error.message}`);
      if (end === 'connection') assert.deepEqual([told, client.connected], [[error.code], false]);
      await client.disconnect();
      assert.equal(told.length, 1);
    }
  },
);

shows('disconnect() beside a method that waits: 212', ['error:212', 'disconnect'], async () => {
  const { server, client } = await served({
    onRequest: ({ name }) => (name === 'SSH_FXP_MKDIR' ? { silent: true } : undefined),
  });
  await using _ = server;
  await client.sshLogon();
  const waiting = failureOf(client.makeDirectory('d'));
  await client.disconnect();
  assert.equal((await waiting).code, 212);
  assert.equal(client.connected, false);
});

const isRoot = process.getuid?.() === 0;

shows(
  'a full disk: 302 with ENOSPC here, 1103 from a server, and the session goes on',
  ['error:302', 'error:1103', 'download', 'upload'],
  {
    skip: !(isRoot && process.platform === 'linux') && 'needs root to mount a tmpfs',
  },
  async (t) => {
    await using local = await localFolder();
    const disk = local.file('disk');
    await mkdir(disk);
    const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], {
      allowFailure: true,
    });
    if (mounted.code !== 0) return t.skip(`no tmpfs can be mounted here: ${mounted.stderr.trim()}`);
    try {
      const { server, client } = await served({ root: local.path });
      await using _ = server;
      await writeFile(local.file('large'), Buffer.alloc(3_000_000, 1));
      [client.remoteFile, client.localFile, client.overwrite] = ['large', `${disk}/l`, true];
      const here = await failureOf(client.download());
      assert.deepEqual([here.code, here.errno, here.coreCode], [302, 'ENOSPC', 'TRANSFER_LOCAL_FILE']);
      await rm(`${disk}/l`, { force: true });
      for (const [version, status] of [
        [3, 4],
        [6, 14],
      ] as const) {
        await client.sshLogoff();
        await client.config(`ProtocolVersion=${version}`);
        [client.remoteFile, client.localFile] = ['disk/r', local.file('large')];
        const there = await failureOf(client.upload());
        assert.deepEqual([there.code, there.sftpStatus], [1103, status], there.message);
        assert.match(there.message, new RegExp(`^SFTP error ${status}: `));
        await client.deleteFile('disk/r');
      }
      await client.sshLogoff();
    } finally {
      await run('umount', [disk]);
    }
  },
);

shows(
  'a handler that throws ends its method: 1098 with what it threw',
  ['error:1098', 'event:startTransfer'],
  async () => {
    const { server, client } = await served({});
    await using _ = server;
    client.on('startTransfer', () => {
      throw new RangeError('mine');
    });
    client.remoteFile = 'f';
    const error = await failureOf(client.download());
    assert.deepEqual([error.code, error.message, (error.cause as Error).name], [1098, 'mine', 'RangeError']);
    await client.sshLogoff();
  },
);
