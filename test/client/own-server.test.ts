/** What a server can show that does what the test says: wherry/server. */
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { appendFile, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { SFTPClient, SFTPClientError, SSHAuthModes } from '../../src/client/index.ts';
import { generateKey } from '../../src/keys.ts';
import { MemoryFiles } from '../../src/server/files/memory-files.ts';
import { type RunningServer, type ServerOptions, startServer } from '../../src/server/index.ts';
import type { FileAttributes } from '../../src/sftp/attributes.ts';
import type { Channel } from '../../src/ssh/connection/channel.ts';
import { noUnhandledRejections } from '../real/login.ts';
import { listenSsh } from '../support/peer/ssh-server.ts';
import type { ServerEnd } from '../support/sftp/channel-pair.ts';
import { localFolder } from '../support/sftp/memory-session.ts';
import { MemorySftpServer } from '../support/sftp/server.ts';
import { shows } from './shows.ts';

noUnhandledRejections();

async function clientOf(server: RunningServer): Promise<SFTPClient> {
  const client = new SFTPClient();
  [client.sshHost, client.sshPort, client.timeout] = [server.host, server.port, 5];
  [client.sshUser, client.sshPassword, client.sshAuthMode] = ['me', 'secret', SSHAuthModes.amPassword];
  await client.config(`SSHAcceptServerHostKeyFingerPrint=${server.fingerprint}`);
  return client;
}

const serve = (options: Partial<ServerOptions> = {}): Promise<RunningServer> =>
  startServer({ users: { me: { password: 'secret' } }, ...options });

async function failsWith(code: number, promise: Promise<unknown>): Promise<SFTPClientError> {
  const error = await promise.then(
    () => assert.fail(`no failure, ${code} expected`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof SFTPClientError, String(error));
  assert.equal(error.code, code, `${error.code} ${error.message}`);
  return error;
}

shows(
  'access control lists, what is allotted, times and owners, in each version that has them',
  [
    ...['fileAcl', 'fileAllocationSize', 'fileOwnerId', 'fileModifiedTime'],
    ...['queryFileAttributes', 'updateFileAttributes'],
  ],
  async () => {
    await using local = await localFolder();
    await writeFile(local.file('f'), Buffer.alloc(10_000), { mode: 0o640 });
    await using server = await serve({ root: local.path });
    for (const version of [3, 4, 5, 6]) {
      const client = await clientOf(server);
      await client.config(`ProtocolVersion=${version}`);
      client.remoteFile = 'f';
      await client.queryFileAttributes();
      assert.equal(await client.config('NegotiatedProtocolVersion'), String(version));
      const there = await stat(local.file('f'));
      assert.equal(client.fileAllocationSize, version === 6 ? there.blocks * 512 : 0, String(version));
      assert.equal(
        client.fileModifiedTime,
        Math.floor(there.mtimeMs / (version === 3 ? 1000 : 1)) * (version === 3 ? 1000 : 1),
      );
      if (version === 3) {
        assert.deepEqual([client.fileAcl, client.fileOwnerId], ['', String(there.uid)]);
        await client.sshLogoff();
        continue;
      }
      // A mode as a list: filexfer-13 section 7.8.
      assert.equal(client.fileAcl, 'A::OWNER@:rwa\nA:g:GROUP@:r\nA::EVERYONE@:');
      client.fileAcl = client.fileAcl.replace('GROUP@:r', 'GROUP@:rwa');
      client.fileModifiedTime = 1_400_000_000_000 + version;
      await client.updateFileAttributes();
      const after = await stat(local.file('f'));
      assert.deepEqual([after.mode & 0o777, after.mtimeMs], [0o660, 1_400_000_000_000 + version]);
      client.filePermissionsOctal = '640';
      await client.updateFileAttributes();
      assert.equal((await stat(local.file('f'))).mode & 0o777, 0o640);
      await client.sshLogoff();
    }
  },
);

/** Files that tell of themselves what the test says. */
class LyingFiles extends MemoryFiles {
  told: FileAttributes = {};

  override attributes(path: string, follow: boolean): FileAttributes {
    const attributes = super.attributes(path, follow);
    return attributes.type === 'directory' ? attributes : { ...attributes, ...this.told };
  }
}

/** A real channel as the server of the tests takes it. */
function endOf(channel: Channel): ServerEnd {
  const end: ServerEnd = {
    onData: () => {},
    onClose: () => {},
    send: (bytes) => void channel.write(bytes),
    eof: () => channel.close(),
    close: () => channel.close(),
    lose: () => channel.close(),
    over: false,
  };
  channel.attach({ data: (bytes) => end.onData(bytes), closed: () => end.onClose() });
  return end;
}

shows(
  'sizes up to 2^53 - 1 are exact; a time beyond is refused',
  ['fileSize', 'fileAllocationSize', 'dirListFileSize', 'queryFileAttributes', 'error:1103'],
  async () => {
    const files = new LyingFiles();
    files.put('/f', 'x');
    await using server = await serve({ files });
    const client = await clientOf(server);
    await client.config('ProtocolVersion=6');
    client.remoteFile = '/f';
    files.told = { size: Number.MAX_SAFE_INTEGER, allocationSize: Number.MAX_SAFE_INTEGER };
    await client.queryFileAttributes();
    assert.deepEqual([client.fileSize, client.fileAllocationSize], [2 ** 53 - 1, 2 ** 53 - 1]);
    await client.listDirectory();
    assert.equal(client.dirListFileSize(0), 2 ** 53 - 1);
    files.told = { modifyTime: 2 ** 45 };
    assert.match((await failsWith(1103, client.queryFileAttributes())).message, /2\^53/);
    files.told = {};
    await client.queryFileAttributes();
    assert.equal(client.fileSize, 1);
    await client.sshLogoff();
  },
);

shows(
  'a size beyond 2^53 is refused with 1105, in queries, listings and downloads, and never rounded',
  ['queryFileAttributes', 'listDirectory', 'download', 'error:1105'],
  async () => {
    for (const size of [2n ** 53n, 2n ** 60n + 1n, 2n ** 64n - 1n]) {
      await using server = await listenSsh({
        users: { anonymous: { none: true } },
        onSubsystem: (_, channel) => {
          const end = endOf(channel);
          new MemorySftpServer(end, { lyingSize: size as unknown as number }).fs.put('f', 'x');
          return true;
        },
      });
      const client = new SFTPClient();
      [client.sshHost, client.sshPort, client.sshUser] = [server.host, server.port, 'user'];
      [client.sshAuthMode, client.timeout, client.remoteFile] = [SSHAuthModes.amNone, 5, 'f'];
      await client.config('SSHAcceptAnyServerHostKey=True');
      client.on('transfer', () => assert.fail('something was transferred'));
      for (const method of ['queryFileAttributes', 'listDirectory', 'download'] as const) {
        const error = await failsWith(1105, client[method]());
        assert.equal(error.group, 'SFTPClient');
        assert.match(error.message, new RegExp(`size ${size} is beyond 2\\^53`), method);
        assert.deepEqual([client.fileSize, client.dirListCount], [0, 0]);
      }
      await client.disconnect();
    }
  },
);

shows(
  'a custom login: fields of every type are written and read, and the server takes them',
  [
    ...['event:sshCustomAuth', 'setSshParam', 'getSshParam', 'getSshParamBytes'],
    ...['encodePacket', 'decodePacket'],
  ],
  async () => {
    const key = await generateKey('ed25519');
    await using server = await startServer({
      users: {
        me: {
          publicKeys: [key.publicKey],
          keyboardInteractive: [
            {
              name: 'Gate',
              instruction: 'Say both',
              prompts: [
                { text: 'Colour? ', echo: true },
                { text: 'PIN? ', echo: false },
              ],
              answers: ['blue', '1234'],
            },
          ],
        },
      },
    });
    const client = await clientOf(server);
    client.sshAuthMode = SSHAuthModes.amCustom;
    const head = (method: string): Buffer => {
      let packet = client.setSshParam(Buffer.alloc(0), 'b', '50');
      for (const text of ['me', 'ssh-connection', method]) packet = client.setSshParam(packet, 's', text);
      return packet;
    };
    const seen: number[] = [];
    client.on('sshCustomAuth', (e) => {
      const last = client.decodePacket(e.packet);
      seen.push(last[0]!);
      let packet: Buffer;
      if (seen.length === 1) {
        // Would this key do? RFC 4252 section 7.
        packet = client.setSshParam(head('publickey'), 'f', 'False');
        packet = client.setSshParam(packet, 's', 'ssh-ed25519');
        packet = client.setSshParam(packet, 'sb', client.encodePacket(key.publicKey.blob));
      } else if (seen.length === 2) {
        assert.equal(client.getSshParam(last, '%s'), 'ssh-ed25519');
        assert.deepEqual(client.getSshParamBytes(last, '%s,sb'), Buffer.from(key.publicKey.blob));
        packet = client.setSshParam(head('keyboard-interactive'), 's', '');
        packet = client.setSshParam(packet, 's', '');
      } else {
        // RFC 4256 section 3.2.
        assert.deepEqual(
          ['%s', '%s,s', '%s,s,s,i', '%s,s,s,i,s', '%s,s,s,i,s,f', '%s,s,s,i,s,f,s', '%s,s,s,i,s,f,s,f'].map(
            (types) => client.getSshParam(last, types),
          ),
          ['Gate', 'Say both', '2', 'Colour? ', 'True', 'PIN? ', 'False'],
        );
        assert.deepEqual(client.getSshParamBytes(last, '%s,s,s,i'), Buffer.of(0, 0, 0, 2));
        packet = client.setSshParam(Buffer.of(61), 'i', '2');
        packet = client.setSshParam(packet, 's', 'blue');
        packet = client.setSshParam(packet, 'sb', client.encodePacket(Buffer.from('1234')));
      }
      e.packet = client.encodePacket(packet);
    });
    await client.sshLogon();
    assert.deepEqual(seen, [6, 60, 60]);
    assert.equal(client.connected, true);
    await client.sshLogoff();
  },
);

shows(
  'UseFIPSCompliantAPI: 211 outside of FIPS mode; in it (which another test shows, here Node only says so) what is offered is approved',
  ['config:UseFIPSCompliantAPI', 'error:211', 'error:1005'],
  async () => {
    await using server = await serve({ hostKey: await generateKey('ecdsa') });
    const { getFips } = crypto;
    const client = await clientOf(server);
    await failsWith(211, client.config('UseFIPSCompliantAPI=True'));
    crypto.getFips = () => 1;
    syncBuiltinESMExports();
    try {
      await client.config('UseFIPSCompliantAPI=True');
      assert.equal(await client.config('UseFIPSCompliantAPI'), 'True');
      let negotiated = '';
      client.on('sshStatus', ({ message }) => {
        if (message.startsWith('negotiated')) negotiated = message;
      });
      client.sshEncryptionAlgorithms = 'chacha20-poly1305@openssh.com,aes256-ctr';
      await client.sshLogon();
      await client.sshLogoff();
      assert.match(
        negotiated,
        /^negotiated ecdh-sha2-nistp256 ecdsa-sha2-nistp256 aes256-ctr aes256-ctr hmac-sha2-256/,
      );
      client.sshEncryptionAlgorithms = 'chacha20-poly1305@openssh.com';
      await failsWith(1005, client.sshLogon());
    } finally {
      crypto.getFips = getFips;
      syncBuiltinESMExports();
    }
    await failsWith(211, client.config('UseFIPSCompliantAPI=Yes'));
  },
);

shows('a time-out that is changed after the login counts at once', ['timeout'], async () => {
  let isSilent = false;
  await using server = await serve({ onRequest: () => (isSilent ? { silent: true } : undefined) });
  const client = await clientOf(server);
  client.timeout = 60;
  await client.sshLogon(server.host, server.port);
  client.timeout = 1;
  isSilent = true;
  client.remoteFile = 'f';
  await failsWith(201, client.queryFileAttributes());
  await client.interrupt();
  await server.close();
});

shows(
  'text: what is shown is what is delivered, times are kept, files that grow are followed, and append knows it too',
  [
    ...['config:TransferMode', 'config:LocalEOL', 'config:ServerEOL', 'config:PreserveFileTime'],
    ...['config:RealTimeUpload', 'append', 'event:transfer'],
  ],
  async () => {
    await using local = await localFolder();
    await using there = await localFolder();
    await using server = await serve({ root: there.path });
    const client = await clientOf(server);
    for (const setting of ['TransferMode=1', 'LocalEOL="\r\n"', 'ServerEOL="\n"', 'PreserveFileTime=True'])
      await client.config(setting);
    await writeFile(local.file('l'), 'one\r\ntwo\r\n');
    await utimes(local.file('l'), 1_400_000_000, 1_500_000_000);
    [client.localFile, client.remoteFile] = [local.file('l'), 'f'];
    await client.upload();
    assert.equal(await readFile(there.file('f'), 'utf8'), 'one\ntwo\n');
    assert.equal((await stat(there.file('f'))).mtimeMs, 1_500_000_000_000);
    await client.append();
    assert.equal(await readFile(there.file('f'), 'utf8'), 'one\ntwo\n'.repeat(2));
    await utimes(there.file('f'), 1_400_000_000, 1_600_000_000);
    let shown = '';
    const percents = new Set<number>();
    client.on('transfer', (e) => {
      shown += e.text.toString();
      percents.add(e.percentDone);
    });
    client.localFile = '';
    await client.download();
    assert.deepEqual([shown, [...percents]], ['one\r\ntwo\r\n'.repeat(2), [-1]]);
    client.localFile = local.file('d');
    await client.download();
    assert.equal(await readFile(local.file('d'), 'utf8'), shown.slice(shown.length / 2));
    assert.equal((await stat(local.file('d'))).mtimeMs, 1_600_000_000_000);

    await client.config('RealTimeUpload=True');
    [client.localFile, client.remoteFile, shown] = [local.file('l'), 'g', ''];
    const growing = client.upload();
    while (shown === '') await sleep(10);
    await appendFile(local.file('l'), 'three\r\n');
    await growing;
    assert.equal(await readFile(there.file('g'), 'utf8'), 'one\ntwo\nthree\n');
    await client.sshLogoff();
  },
);

shows('amNone logs in as anonymous, whatever sshUser says', ['sshAuthMode', 'error:1032'], async () => {
  for (const [user, code] of [
    ['anonymous', 0],
    ['me', 1032],
  ] as const) {
    await using server = await listenSsh({
      users: { [user]: { none: true } },
      onSubsystem: (_, channel) => {
        new MemorySftpServer(endOf(channel)).fs.put('f', 'x');
        return true;
      },
    });
    const client = new SFTPClient();
    [client.sshHost, client.sshPort, client.sshUser] = [server.host, server.port, 'me'];
    [client.sshAuthMode, client.timeout] = [SSHAuthModes.amNone, 5];
    await client.config('SSHAcceptAnyServerHostKey=True');
    if (code === 0) await client.sshLogon();
    else await failsWith(code, client.sshLogon());
    await client.disconnect();
  }
});

shows(
  'a user must be named, and a name of this machine will do as localHost',
  ['sshUser', 'localHost', 'error:10022', 'error:11001'],
  async () => {
    await using server = await serve();
    const client = await clientOf(server);
    client.sshUser = '';
    assert.match((await failsWith(10022, client.sshLogon())).message, /sshUser/);
    assert.equal(client.connected, false);
    client.sshUser = 'me';
    client.localHost = 'localhost';
    await client.sshLogon();
    assert.equal(client.localHost, '127.0.0.1');
    await client.sshLogoff();
    assert.equal(client.localHost, 'localhost');
    client.localHost = 'no-such-host.invalid';
    assert.match((await failsWith(11001, client.sshLogon())).message, /localHost/);
  },
);

shows(
  'what a handler of connected throws ends the logon with its own error, and the connection',
  ['event:connected', 'event:disconnected', 'error:1098', 'connected'],
  async () => {
    await using server = await serve();
    const client = await clientOf(server);
    const told: boolean[] = [];
    client.on('disconnected', () => told.push(client.connected));
    client.on('connected', () => {
      told.push(client.connected);
      throw new RangeError('mine');
    });
    for (const method of ['sshLogon', 'connect'] as const) {
      const error = await failsWith(1098, client[method]());
      assert.deepEqual([error.message, (error.cause as Error).name], ['mine', 'RangeError']);
    }
    assert.deepEqual(told, [true, false, true, false]);
  },
);

/** What the reference lists as its defaults, or as all that it knows. */
const LISTS = {
  sshEncryptionAlgorithms:
    'aes256-ctr,aes192-ctr,aes128-ctr,3des-ctr,arcfour256,arcfour128,arcfour,aes256-gcm@openssh.com,aes128-gcm@openssh.com,chacha20-poly1305@openssh.com',
  sshCompressionAlgorithms: 'none,zlib',
  SSHKeyExchangeAlgorithms:
    'curve25519-sha256,curve25519-sha256@libssh.org,diffie-hellman-group1-sha1,diffie-hellman-group14-sha1,diffie-hellman-group14-sha256,diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,diffie-hellman-group-exchange-sha256,diffie-hellman-group-exchange-sha1,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,gss-group14-sha256-toWM5Slw5Ew8Mqkay+al2g==,gss-group16-sha512-toWM5Slw5Ew8Mqkay+al2g==,gss-nistp256-sha256-toWM5Slw5Ew8Mqkay+al2g==,gss-curve25519-sha256-toWM5Slw5Ew8Mqkay+al2g==,gss-group14-sha1-toWM5Slw5Ew8Mqkay+al2g==,gss-gex-sha1-toWM5Slw5Ew8Mqkay+al2g==',
  SSHMacAlgorithms:
    'hmac-sha1,hmac-md5,hmac-sha1-96,hmac-md5-96,hmac-sha2-256,hmac-sha2-256-96,hmac-sha2-512,hmac-sha2-512-96,hmac-ripemd160,hmac-ripemd160-96,hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256-96-etm@openssh.com,hmac-sha2-512-96-etm@openssh.com,umac-64@openssh.com,umac-64-etm@openssh.com,umac-128@openssh.com,umac-128-etm@openssh.com',
  SSHPubKeyAuthSigAlgorithms:
    'ssh-rsa,rsa-sha2-256,rsa-sha2-512,ssh-dss,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,ssh-ed25519,x509v3-sign-rsa,x509v3-sign-dss',
  SSHPublicKeyAlgorithms:
    'ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-256,rsa-sha2-512,ssh-rsa,ssh-dss,x509v3-sign-rsa,x509v3-sign-dss',
} as const;

shows(
  "the reference's own lists of algorithms may be set as they are, in that order; every name in them is known",
  [...['sshEncryptionAlgorithms', 'config:SSHKeyExchangeAlgorithms', 'config:SSHMacAlgorithms']],
  async () => {
    await using server = await serve();
    const client = await clientOf(server);
    let negotiated = '';
    client.on('sshStatus', ({ message }) => {
      if (message.startsWith('negotiated')) negotiated = message;
    });
    for (const [name, list] of Object.entries(LISTS)) {
      if (name in client) Object.assign(client, { [name]: list });
      else await client.config(`${name}=${list}`);
    }
    await client.sshLogon();
    await client.sshLogoff();
    assert.match(negotiated, /curve25519-sha256 ssh-ed25519 aes256-ctr aes256-ctr hmac-sha2-256 /);
  },
);
