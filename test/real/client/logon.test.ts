/** Connecting and logging in: the order of the events, what is accepted, what is refused, and how it ends. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionEvents, SFTPClient, SSHAuthModes } from '../../../src/client/index.ts';
import { shows } from '../../client/shows.ts';
import { realServer, requireServer } from '../../support/servers/from-env.ts';
import { noUnhandledRejections } from '../login.ts';
import { assertLocked, clientOf, failsWith } from './clients.ts';

noUnhandledRejections();
const openssh = requireServer('openssh');
const withPassword = requireServer('openssh', 'password');

shows(
  'a logon by key: the events come in order, the state follows, and a farewell ends it',
  [
    ...[
      'sshLogon',
      'sshLogoff',
      'connected',
      'sshHost',
      'sshPort',
      'sshUser',
      'sshAuthMode',
      'remotePath',
      'idle',
    ],
    ...['event:connected', 'event:connectionStatus', 'event:disconnected', 'event:sshServerAuthentication'],
    ...[
      'event:sshStatus',
      'config:ServerSSHVersionString',
      'config:NegotiatedStrictKex',
      'config:NegotiatedProtocolVersion',
    ],
    'sshCertStore',
    'sshCertStoreType',
    'config:SSHAcceptServerHostKeyFingerPrint',
  ],
  openssh,
  async () => {
    const client = await clientOf();
    const order: string[] = [];
    let statusLines = 0;
    client.on('connectionStatus', (e) => order.push(`${e.connectionEvent} ${e.statusCode} ${e.description}`));
    client.on('connected', (e) =>
      order.push(`connected ${e.statusCode} ${e.description} ${client.connected}`),
    );
    client.on('disconnected', (e) =>
      order.push(`disconnected ${e.statusCode} ${e.description} ${client.connected}`),
    );
    client.on('sshServerAuthentication', (e) =>
      order.push(`key ${e.accept} ${e.hostKey.length > 30} ${client.idle}`),
    );
    client.on('sshStatus', () => statusLines++);
    assert.equal(await client.config('NegotiatedProtocolVersion'), '0');
    const { host, port } = client as unknown as { host: string; port: number };
    assert.deepEqual([host, port], [undefined, undefined]);
    const server = realServer('openssh');
    await client.sshLogon(server.host, server.port);
    assert.deepEqual([client.connected, client.idle, client.remotePath], [true, true, server.home]);
    assert.match(await client.config('ServerSSHVersionString'), /^SSH-2\.0-OpenSSH/);
    assert.match(await client.config('NegotiatedStrictKex'), /^(True|False)$/);
    assert.equal(await client.config('NegotiatedProtocolVersion'), '3');
    assert.ok(statusLines >= 4);
    await client.sshLogoff();
    assert.deepEqual(order, [
      `${ConnectionEvents.connected} 0 OK`,
      'key true true false',
      `${ConnectionEvents.handshakeComplete} 0 OK`,
      'connected 0 OK true',
      `${ConnectionEvents.secureEnded} 0 OK`,
      `${ConnectionEvents.disconnected} 0 OK`,
      'disconnected 0 OK false',
    ]);
    assert.deepEqual([client.connected, await client.config('NegotiatedProtocolVersion')], [false, '0']);
  },
);

shows(
  'connect() only shakes hands; sshLogon() goes on from there',
  ['connect', 'disconnect', 'sshLogon', 'sshUser', 'error:104'],
  openssh,
  async () => {
    const client = await clientOf();
    client.sshUser = '';
    let ended = 0;
    client.on('disconnected', () => ended++);
    await client.connect();
    assert.deepEqual([client.connected, client.remotePath], [true, '']);
    assert.match(await client.config('ServerSSHVersionString'), /OpenSSH/);
    await failsWith(104, client.connect());
    client.sshUser = realServer('openssh').user;
    await client.sshLogon();
    assert.notEqual(client.remotePath, '');
    await failsWith(104, client.sshLogon());
    await client.disconnect();
    await client.disconnect();
    assert.equal(ended, 1);
    await client.connect();
    await client.disconnect();
    assert.deepEqual([client.connected, ended], [false, 2]);
  },
);

shows(
  'what cannot be changed while connected says so',
  ['localPort', 'localHost', 'sshHost', 'sshPort', 'error:100', 'error:101', 'error:106', 'error:107'],
  openssh,
  async () => {
    const client = await clientOf();
    await client.connect();
    assertLocked(client);
    await client.disconnect();
    client.sshPort = 1;
  },
);

describe('host keys', () => {
  shows(
    'nobody accepts the key: 1030, and no password was sent',
    ['config:SSHAcceptAnyServerHostKey', 'event:connected', 'error:1030'],
    openssh,
    async () => {
      const client = await clientOf();
      await client.config('SSHAcceptServerHostKeyFingerPrint=');
      const codes: number[] = [];
      client.on('connected', (e) => codes.push(e.statusCode));
      client.on('disconnected', () => codes.push(-1));
      const error = await failsWith(1030, client.sshLogon());
      assert.equal(error.coreCode, 'HOST_KEY_REJECTED');
      assert.deepEqual(codes, [1030]);
      await client.config('SSHAcceptAnyServerHostKey=True');
      await client.sshLogon();
      await client.sshLogoff();
    },
  );

  shows(
    'a handler decides, awaited; it may also refuse what the settings accept; fingerprints in three hashes',
    [
      ...['config:SSHFingerprintMD5', 'config:SSHFingerprintSHA1', 'config:SSHFingerprintSHA256'],
      'config:SSHFingerprintHashAlgorithm',
    ],
    openssh,
    async () => {
      const client = await clientOf();
      await client.config('SSHAcceptServerHostKeyFingerPrint=');
      const seen: string[] = [];
      client.once('sshServerAuthentication', async (e) => {
        await sleep(5);
        seen.push(e.fingerprint, await client.config('SSHFingerprintSHA256'));
        e.accept = true;
      });
      await client.connect();
      await client.disconnect();
      assert.match(seen[0]!, /^([0-9a-f]{2}:){31}[0-9a-f]{2}$/);
      assert.equal(seen[0], seen[1]);
      for (const [hash, bytes] of [
        ['MD5', 16],
        ['SHA1', 20],
      ] as const) {
        await client.config(`SSHFingerprintHashAlgorithm=${hash}`);
        let fingerprint = '';
        client.once('sshServerAuthentication', (e) => {
          fingerprint = e.fingerprint;
          e.accept = true;
        });
        await client.connect();
        assert.equal(fingerprint, await client.config(`SSHFingerprint${hash}`));
        assert.equal(fingerprint.split(':').length, bytes);
        await client.disconnect();
        await client.config(
          `SSHAcceptServerHostKeyFingerPrint=00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff, ${fingerprint}`,
        );
        await client.connect();
        await client.disconnect();
      }
      client.once('sshServerAuthentication', (e) => {
        e.accept = false;
      });
      await failsWith(1030, client.connect());
      await assert.rejects(client.config('SSHAcceptServerHostKeyFingerPrint=nonsense'), { code: 10022 });
    },
  );

  shows(
    'sshAcceptServerHostKey takes the key itself',
    ['sshAcceptServerHostKeyEncoded', 'sshAcceptServerHostKeyFingerprint*', 'config:SSHPublicKeyAlgorithms'],
    openssh,
    async () => {
      const client = await clientOf();
      await client.config('SSHAcceptServerHostKeyFingerPrint=');
      await client.config('SSHPublicKeyAlgorithms=ssh-ed25519');
      const { publicLine } = realServer('openssh').hostKeys.find(({ type }) => type === 'ed25519')!;
      client.sshAcceptServerHostKeyEncoded = publicLine;
      await client.connect();
      assert.equal(
        client.sshAcceptServerHostKeyFingerprintSha256,
        await client.config('SSHFingerprintSHA256'),
      );
      assert.equal(client.sshAcceptServerHostKeyFingerprintSha1, await client.config('SSHFingerprintSHA1'));
      assert.equal(client.sshAcceptServerHostKeyFingerprint, await client.config('SSHFingerprintMD5'));
      await client.disconnect();
      await client.config('SSHPublicKeyAlgorithms=rsa-sha2-512');
      await failsWith(1030, client.connect());
    },
  );
});

describe('ways to log in', () => {
  shows(
    'by password; a wrong one is 1032 with what was tried',
    ['sshPassword', 'event:disconnected', 'error:1032'],
    withPassword,
    async () => {
      const client = await clientOf();
      client.sshAuthMode = SSHAuthModes.amPassword;
      client.sshPassword = 'wrong';
      let ended: string[] = [];
      client.on('connected', (e) => ended.push(`connected ${e.statusCode}`));
      client.on('disconnected', (e) => ended.push(`disconnected ${e.statusCode}`));
      const error = await failsWith(1032, client.sshLogon());
      assert.deepEqual(error.details.tried, ['password']);
      assert.ok(!JSON.stringify(error).includes('wrong"'));
      assert.deepEqual(ended, ['connected 0', 'disconnected 1032']);
      assert.equal(client.connected, false);
      client.sshPassword = realServer('openssh').password!;
      await client.sshLogon();
      ended = [];
      await client.sshLogoff();
      assert.deepEqual(ended, ['disconnected 0']);
    },
  );

  shows(
    'keyboard-interactive: one event for each question; PasswordPrompt answers in advance',
    ['event:sshKeyboardInteractive', 'config:PasswordPrompt'],
    requireServer('openssh', 'keyboard-interactive'),
    async () => {
      const { password } = realServer('openssh');
      const client = await clientOf();
      client.sshAuthMode = SSHAuthModes.amKeyboardInteractive;
      const prompts: string[] = [];
      const answer = async (e: {
        prompt: string;
        echoResponse: boolean;
        response: string;
      }): Promise<void> => {
        await sleep(1);
        prompts.push(`${e.prompt.trim()} ${e.echoResponse} ${e.response}`);
        e.response = password!;
      };
      client.on('sshKeyboardInteractive', answer);
      await client.sshLogon();
      await client.sshLogoff();
      assert.match(prompts[0]!, /password.* false $/i);
      client.off('sshKeyboardInteractive', answer);
      await failsWith(1032, client.sshLogon());
      client.sshPassword = password!;
      await client.config('PasswordPrompt=*[Pp]assword*');
      await client.sshLogon();
      await client.sshLogoff();
    },
  );

  shows(
    'custom: the handler builds the packets',
    ['event:sshCustomAuth', 'encodePacket', 'decodePacket', 'setSshParam', 'getSshParam'],
    withPassword,
    async () => {
      const { password, user } = realServer('openssh');
      const client = await clientOf();
      client.sshAuthMode = SSHAuthModes.amCustom;
      const seen: number[] = [];
      client.on('sshCustomAuth', (e) => {
        const last = client.decodePacket(e.packet);
        seen.push(last[0]!);
        if (last[0] === 51) assert.match(client.getSshParam(last, '%s'), /password/);
        let packet = client.setSshParam(Buffer.alloc(0), 'b', '50');
        packet = client.setSshParam(packet, 's', user);
        packet = client.setSshParam(packet, 's', 'ssh-connection');
        packet = client.setSshParam(packet, 's', seen.length === 1 ? 'none' : 'password');
        if (seen.length > 1) {
          packet = client.setSshParam(packet, 'f', 'False');
          packet = client.setSshParam(packet, 's', password!);
        }
        e.packet = client.encodePacket(packet);
      });
      await client.sshLogon();
      assert.deepEqual(seen, [6, 51]);
      await client.sshLogoff();
    },
  );

  shows('a custom login that gives up is 1032', ['event:sshCustomAuth'], openssh, async () => {
    const client = await clientOf();
    client.sshAuthMode = SSHAuthModes.amCustom;
    let asked = 0;
    client.on('sshCustomAuth', () => {
      asked++;
    });
    await failsWith(1032, client.sshLogon());
    assert.equal(asked, 1);
  });

  shows(
    'TryAllAvailableAuthMethods goes on after a refusal',
    ['config:TryAllAvailableAuthMethods'],
    withPassword,
    async () => {
      const client = await clientOf();
      client.sshAuthMode = SSHAuthModes.amPassword;
      client.sshPassword = 'wrong';
      await failsWith(1032, client.sshLogon());
      await client.config('TryAllAvailableAuthMethods=True');
      await client.sshLogon();
      await client.sshLogoff();
    },
  );
});

describe('servers that are not there', () => {
  shows(
    'a closed port: 10061, told by connected and by the error',
    ['event:connected', 'error:10061'],
    async () => {
      const listener = createServer().listen(0, '127.0.0.1');
      await once(listener, 'listening');
      const { port } = listener.address() as { port: number };
      await new Promise((resolve) => listener.close(resolve));
      const client = new SFTPClient();
      client.sshUser = 'user';
      const told: string[] = [];
      client.on('connected', (e) => told.push(`${e.statusCode} ${e.description}`));
      const error = await failsWith(10061, client.sshLogon('127.0.0.1', port));
      assert.match(error.message, /^\[10061\] Connection refused\./);
      assert.deepEqual([error.errno, error.coreCode], ['ECONNREFUSED', 'CONNECT_REFUSED']);
      assert.deepEqual(told, [`10061 ${error.message}`]);
    },
  );

  shows(
    'a silent server: 201 after timeout seconds; interrupt() ends it before',
    ['timeout', 'interrupt', 'idle', 'error:201', 'error:211', 'error:10004'],
    async () => {
      const listener = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
      await once(listener, 'listening');
      const { port } = listener.address() as { port: number };
      try {
        const client = new SFTPClient();
        client.sshUser = 'user';
        client.timeout = 1;
        await failsWith(201, client.sshLogon('127.0.0.1', port));
        client.timeout = 0;
        const waiting = failsWith(10004, client.sshLogon());
        await sleep(20);
        assert.equal(client.idle, false);
        await failsWith(211, client.listDirectory());
        client.interrupt();
        await waiting;
        assert.equal(client.idle, true);
        client.interrupt();
      } finally {
        listener.close();
      }
    },
  );

  shows('no host, no port', ['sshHost', 'sshPort', 'error:102', 'error:116', 'error:11001'], async () => {
    const client = new SFTPClient();
    client.sshUser = 'user';
    await failsWith(102, client.sshLogon());
    await failsWith(102, client.sshLogon('0.0.0.0', 22));
    await failsWith(116, client.sshLogon('127.0.0.1', 0));
    await failsWith(11001, client.sshLogon('no-such-host.invalid', 22));
  });
});
