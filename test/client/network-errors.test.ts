/** The errors of the system's network have their numbers, told by the method and by the events. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, Socket } from 'node:net';
import { SFTPClient, SFTPClientError, SSHAuthModes } from '../../src/client/index.ts';
import { CLIENT_ERRORS } from '../../src/client/tables/errors.ts';
import { startServer } from '../../src/server/index.ts';
import { noUnhandledRejections } from '../real/login.ts';
import { shows } from './shows.ts';

noUnhandledRejections();

async function failureOf(promise: Promise<unknown>): Promise<SFTPClientError> {
  const error = await promise.then(
    () => assert.fail('nothing failed'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof SFTPClientError, String(error));
  return error;
}

/** The codes that `connected` and `disconnected` tell. */
function toldBy(client: SFTPClient): number[] {
  const told: number[] = [];
  client.on('connected', (e) => told.push(e.statusCode));
  client.on('disconnected', (e) => told.push(e.statusCode));
  return told;
}

shows(
  'of a real network: an address in use, one that is not ours, a broadcast, an endless name, a reset, a refusal, no such name',
  [
    ...[
      'error:10048',
      'error:10049',
      'error:10051',
      'error:10022',
      'error:10054',
      'error:10061',
      'error:11001',
    ],
    ...['localHost', 'localPort', 'sshHost', 'sshPort', 'event:connected'],
  ],
  async () => {
    const sockets: Socket[] = [];
    const open = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
    const resetting = createServer((socket) => void socket.resetAndDestroy()).listen(0, '127.0.0.1');
    const closed = createServer().listen(0, '127.0.0.1');
    await Promise.all([open, resetting, closed].map((server) => once(server, 'listening')));
    const [port, resets, free] = [open, resetting, closed].map((one) => (one.address() as AddressInfo).port);
    await new Promise((resolve) => closed.close(resolve));
    try {
      for (const [sshHost, sshPort, localHost, localPort, code, errno] of [
        ['127.0.0.1', port!, '127.0.0.1', port!, 10048, 'EADDRINUSE'],
        ['127.0.0.1', port!, '203.0.113.7', 0, 10049, 'EADDRNOTAVAIL'],
        ['255.255.255.255', 22, '', 0, 10051, 'ENETUNREACH'],
        ['a'.repeat(300), 22, '', 0, 10022, 'EINVAL'],
        ['127.0.0.1', resets!, '', 0, 10054, 'ECONNRESET'],
        ['127.0.0.1', free!, '', 0, 10061, 'ECONNREFUSED'],
        ['no-such-host.invalid', 22, '', 0, 11001, 'ENOTFOUND'],
      ] as const) {
        const client = new SFTPClient();
        Object.assign(client, { sshHost, sshPort, localHost, localPort, timeout: 5 });
        const told = toldBy(client);
        const error = await failureOf(client.connect());
        assert.deepEqual([error.code, error.errno], [code, errno], error.message);
        assert.match(error.message, new RegExp(`^\\[${code}\\] `));
        assert.deepEqual(told, [code]);
      }
    } finally {
      for (const socket of sockets) socket.destroy();
      open.close();
      resetting.close();
    }
  },
);

const NUMBERS = CLIENT_ERRORS.flatMap(({ code, errno, text }) =>
  errno === undefined ? [] : [{ code, errno, text }],
);
/** Names of Node's resolver, and of other systems, for errors of the table. */
const OTHER_NAMES = [
  { code: 11001, errno: 'EAI_NONAME', text: '[11001] Host not found.' },
  { code: 10013, errno: 'EPERM', text: '[10013] Access denied.' },
  { code: 10024, errno: 'ENFILE', text: '[10024] Too many open files.' },
  { code: 11003, errno: 'EAI_SERVICE', text: '[11003] The name cannot be looked up.' },
];

const systemError = (errno: string): Error => Object.assign(new Error(`connect ${errno}`), { code: errno });

/** Runs `work` while every new socket is shown to `meet` before it connects; a socket that is not taken on stays where it is. */
async function withSockets(meet: (socket: Socket) => boolean, work: () => Promise<void>): Promise<void> {
  const { connect } = Socket.prototype;
  Socket.prototype.connect = function (this: Socket, ...args: never[]) {
    return meet(this) ? Reflect.apply(connect, this, args) : this;
  };
  try {
    await work();
  } finally {
    Socket.prototype.connect = connect;
  }
}

shows(
  'put in place of the answer of the system when a socket connects: each name of the table; one that is not in it is 1036',
  [
    ...[
      'error:10004',
      'error:10009',
      'error:10013',
      'error:10014',
      'error:10022',
      'error:10024',
      'error:10036',
    ],
    ...[
      'error:10037',
      'error:10038',
      'error:10039',
      'error:10040',
      'error:10041',
      'error:10042',
      'error:10043',
    ],
    ...[
      'error:10045',
      'error:10047',
      'error:10048',
      'error:10049',
      'error:10050',
      'error:10051',
      'error:10052',
    ],
    ...[
      'error:10053',
      'error:10054',
      'error:10055',
      'error:10056',
      'error:10057',
      'error:10058',
      'error:10060',
    ],
    ...[
      'error:10061',
      'error:10062',
      'error:10063',
      'error:10064',
      'error:10065',
      'error:10066',
      'error:10069',
    ],
    ...['error:10070', 'error:11001', 'error:11002', 'error:11003', 'error:11004', 'error:1036'],
  ],
  async () => {
    let errno = '';
    const refuse = (socket: Socket): boolean => {
      process.nextTick(() => socket.destroy(systemError(errno)));
      return false;
    };
    await withSockets(refuse, async () => {
      for (const row of [...NUMBERS, ...OTHER_NAMES, { code: 1036, errno: 'ENOMEM', text: '' }]) {
        errno = row.errno;
        const client = new SFTPClient();
        client.sshUser = 'user';
        const told = toldBy(client);
        const error = await failureOf(client.sshLogon('127.0.0.1', 22));
        assert.deepEqual([error.code, error.errno], [row.code, errno]);
        assert.ok(error.message.startsWith(row.text) && error.message.includes(errno), error.message);
        assert.deepEqual(told, [row.code]);
      }
    });
  },
);

shows(
  'put in place of the answer of the system in the middle of a request: what can end a connection that stands',
  [
    ...[
      'error:10050',
      'error:10051',
      'error:10052',
      'error:10053',
      'error:10054',
      'error:10055',
      'error:10057',
    ],
    ...['error:10058', 'error:10060', 'error:10064', 'error:10065', 'event:disconnected', 'connected'],
  ],
  async () => {
    await using server = await startServer({
      users: { me: { password: 'secret' } },
      onRequest: ({ name }) => (name === 'SSH_FXP_MKDIR' ? { silent: true } : undefined),
    });
    const ends = [10050, 10051, 10052, 10053, 10054, 10055, 10057, 10058, 10060, 10064, 10065];
    for (const { code, errno } of NUMBERS.filter((row) => ends.includes(row.code))) {
      let socket: Socket | undefined;
      const meet = (one: Socket): boolean => {
        socket ??= one;
        return true;
      };
      await withSockets(meet, async () => {
        const client = new SFTPClient();
        [client.sshUser, client.sshPassword, client.timeout] = ['me', 'secret', 5];
        client.sshAuthMode = SSHAuthModes.amPassword;
        await client.config(`SSHAcceptServerHostKeyFingerPrint=${server.fingerprint}`);
        await client.sshLogon(server.host, server.port);
        assert.equal(client.connected, true);
        const told = toldBy(client);
        const waiting = failureOf(client.makeDirectory('d'));
        socket!.destroy(systemError(errno));
        const error = await waiting;
        assert.deepEqual([error.code, error.errno], [code, errno], error.message);
        assert.deepEqual([told, client.connected], [[code], false]);
      });
    }
  },
);
