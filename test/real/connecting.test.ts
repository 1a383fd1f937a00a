/** From where a connection is made, over which addresses, and how long reaching the server may take. */
import assert from 'node:assert/strict';
import dns from 'node:dns';
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net';
import { after, before, type TestContext, test } from 'node:test';
import { connect, type Handshake, type ProxyServer } from '../../src/index.ts';
import { deafListener } from '../net/deaf-listener.ts';
import { getAccount } from '../support/servers/account.ts';
import { requireSshd } from '../support/servers/from-env.ts';
import { startOnDemand } from '../support/servers/on-demand.ts';
import { startSshd } from '../support/servers/openssh.ts';
import { PROXY_PROGRAMS } from '../support/servers/proxies.ts';
import { freePort, type RealServer } from '../support/servers/server.ts';
import { fails, loginTo, noUnhandledRejections, withSftp } from './login.ts';

noUnhandledRejections();
const sshd = requireSshd();

let server: RealServer;
let hasIpv6 = false;
before(async () => {
  if (sshd.skip) return;
  server = await startSshd({ name: 'connecting', config: ['ListenAddress ::1'] });
  const probe = await listen({ host: '::1' }, () => {}).catch(() => undefined);
  hasIpv6 = probe !== undefined;
  await probe?.[Symbol.asyncDispose]();
});
after(() => server?.stop());

interface Listening extends AsyncDisposable {
  readonly port: number;
}

async function listen(
  where: { host: string; port?: number },
  onSocket: (socket: Socket) => void,
): Promise<Listening> {
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    onSocket(socket);
  });
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen({ port: 0, ...where }, resolve);
  });
  return {
    port: (listener.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => listener.close(() => resolve()));
    },
  };
}

/** Brings what it accepts to the server. */
function relay(where: { host: string; port?: number }): Promise<Listening> {
  return listen(where, (socket) => {
    const onward = dial(server.port, '127.0.0.1');
    onward.on('error', () => socket.destroy());
    socket.pipe(onward).pipe(socket);
    socket.once('close', () => onward.destroy());
  });
}

/** Makes a name of those addresses, in that order. */
function nameOf(t: TestContext, addresses: readonly string[]): string {
  const name = `${addresses.length}-addresses.example`;
  const answers = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  t.mock.restoreAll();
  const real = dns.lookup as (...args: unknown[]) => void;
  t.mock.method(dns, 'lookup', (host: string, ...rest: [LookupOptions, LookupDone]) => {
    if (host !== name) return real(host, ...rest);
    const [{ all, family }, done] = rest;
    const fitting = answers.filter((one) => !family || family === one.family);
    if (all) done(null, fitting);
    else done(null, fitting[0]!.address, fitting[0]!.family);
  });
  return name;
}

interface LookupOptions {
  readonly all?: boolean;
  readonly family?: number;
}
type LookupDone = (error: Error | null, address: unknown, family?: number) => void;

/** Logs in, and gives the address and port of this machine as both ends see them. */
async function localEnd(more: object): Promise<{ ours: string; theirs: string }> {
  let ours = '';
  const beforeLogin = async ({ local }: Handshake): Promise<undefined> => {
    ours = `${local?.address} port ${local?.port}`;
  };
  const from = server.log().length;
  await withSftp(await loginTo(server, { beforeLogin, ...more }), (sftp) => sftp.realpath('.'));
  return { ours, theirs: /Connection from (\S+ port \d+) on/.exec(server.log().slice(from))?.[1] ?? '' };
}

test('a local port and a local address, as the server sees them', sshd, async () => {
  const localPort = await freePort();
  const plain = await localEnd({ localPort });
  assert.deepEqual(plain, { ours: `127.0.0.1 port ${localPort}`, theirs: `127.0.0.1 port ${localPort}` });
  const port = await freePort();
  const both = await localEnd({ localAddress: '127.0.0.9', localPort: port });
  assert.deepEqual(both, { ours: `127.0.0.9 port ${port}`, theirs: `127.0.0.9 port ${port}` });
  assert.match((await localEnd({ localAddress: '127.0.0.8' })).theirs, /^127\.0\.0\.8 port/);

  const options = await loginTo(server);
  const taken = await fails(3000, connect({ ...options, localPort: server.port }), 'CONNECT_FAILED');
  assert.equal(taken.details.errno, 'EADDRINUSE');
  const foreign = await fails(3000, connect({ ...options, localAddress: '192.0.2.77' }), 'CONNECT_FAILED');
  assert.equal(foreign.details.errno, 'EADDRNOTAVAIL');
});

test('IPv6, by address and by family, with a local end of its own', sshd, async (t) => {
  if (!hasIpv6) return t.skip('no ::1 on this machine');
  const trust = (await loginTo(server)).trust!;
  for (const host of ['::1', nameOf(t, ['127.0.0.1', '::1'])]) {
    const localPort = await freePort();
    const { ours, theirs } = await localEnd({ host, trust, family: 6, localPort });
    assert.deepEqual([ours, theirs], [`::1 port ${localPort}`, `::1 port ${localPort}`]);
  }
  const { theirs } = await localEnd({ host: nameOf(t, ['::1', '127.0.0.1']), trust, family: 4 });
  assert.match(theirs, /^127\.0\.0\.1 port/);
});

test('of two addresses the one that answers: the other refuses, or is silent', sshd, async (t) => {
  if (!hasIpv6) return t.skip('no ::1 on this machine');
  const trust = (await loginTo(server)).trust!;
  for (const [dead, alive] of [
    ['::1', '127.0.0.1'],
    ['127.0.0.1', '::1'],
  ] as const) {
    const host = nameOf(t, [dead, alive]);
    await using living = await relay({ host: alive });
    const login = await loginTo(server, { host, port: living.port, trust });
    await withSftp(login, (sftp) => sftp.realpath('.'));
    const deaf = await deafListener({ host: dead, port: living.port });
    if (deaf === undefined) return t.skip('this kernel takes any number of connections');
    await using _ = deaf;
    await withSftp(login, (sftp) => sftp.realpath('.'));
    const family = dead === '::1' ? 6 : 4;
    await fails(5000, connect({ ...login, family, connectTimeout: 100 }), 'CONNECT_TIMEOUT');
  }
});

test(
  'connectTimeout: a server, a proxy, what lies behind one, and a jump host that do not answer',
  sshd,
  async (t) => {
    const options = await loginTo(server, { timeout: 60_000, connectTimeout: 300 });
    const deaf = await deafListener();
    if (deaf === undefined) return t.skip('this kernel takes any number of connections');
    await using _ = deaf;
    await using silent = await listen({ host: '127.0.0.1' }, () => {});
    const late = (more: object): Promise<Error> =>
      fails(10_000, connect({ ...options, ...more }), 'CONNECT_TIMEOUT');

    assert.match(
      (await late({ port: deaf.port })).message,
      /^no connection to 127\.0\.0\.1 port \d+ within 0\.3 s$/,
    );
    for (const type of ['http', 'https', 'socks4', 'socks4a', 'socks5'] as const) {
      for (const { port } of [deaf, silent]) {
        const proxy: ProxyServer = { type, host: '127.0.0.1', port };
        assert.match(
          (await late({ proxy })).message,
          new RegExp(`^${type} proxy 127\\.0\\.0\\.1 port ${port}: `),
        );
      }
    }
    for (const [program, type] of [
      ['tinyproxy', 'http'],
      ['microsocks', 'socks5'],
    ] as const) {
      const row = PROXY_PROGRAMS[program];
      const behind = { ...server, port: deaf.port };
      const account = await getAccount();
      const running = await startOnDemand(t, row, () => row.start({ server: behind, account }));
      if (running === undefined) return;
      await using __ = running;
      await late({ port: deaf.port, proxy: { type, host: '127.0.0.1', port: running.port } });
    }

    const jump = await loginTo(server, { timeout: 60_000 });
    assert.match((await late({ jump, port: deaf.port })).message, /^no connection to 127\.0\.0\.1 port/);
    assert.match(
      (await late({ jump: { ...jump, port: deaf.port } })).message,
      /^jump host 127\.0\.0\.1: no connection/,
    );
    assert.match(
      (await late({ jump: [jump, { ...jump, port: deaf.port }] })).message,
      /^jump host 127\.0\.0\.1: no/,
    );
    const own = { ...jump, port: deaf.port, connectTimeout: 100 };
    assert.match((await late({ connectTimeout: 50_000, jump: own })).message, /within 0\.1 s$/);
  },
);

test(
  'connectTimeout ends with reaching the server: its silence afterwards is a matter of timeout',
  sshd,
  async () => {
    await using silent = await listen({ host: '127.0.0.1' }, () => {});
    const options = await loginTo(server, { port: silent.port, timeout: 400, connectTimeout: 100 });
    const error = await fails(10_000, connect(options), 'TIMEOUT');
    assert.equal(error.details.phase, 'version exchange');
    const jump = { ...(await loginTo(server)), port: silent.port, timeout: 400 };
    await fails(10_000, connect({ ...(await loginTo(server)), connectTimeout: 100, jump }), 'TIMEOUT');
  },
);
