/** Settings whose effect a real server shows. */
import assert from 'node:assert/strict';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { shows } from '../../client/shows.ts';
import { getAccount } from '../../support/servers/account.ts';
import { makeScratch, realServer, requireServer, requireSshd } from '../../support/servers/from-env.ts';
import { startOnDemand } from '../../support/servers/on-demand.ts';
import { startSshd } from '../../support/servers/openssh.ts';
import { PROFTPD, startProftpd } from '../../support/servers/proftpd.ts';
import { PROXY_PROGRAMS } from '../../support/servers/proxies.ts';
import { localFolder, pattern } from '../../support/sftp/memory-session.ts';
import { noUnhandledRejections } from '../login.ts';
import { bench, clientOf, failsWith } from './clients.ts';

noUnhandledRejections();
const openssh = requireServer('openssh');

shows(
  'copies on the server: whole files, and parts of them',
  [
    'config:CopyRemoteFile',
    'config:CopyRemoteData',
    'config:CheckFileHash',
    'startByte',
    'error:1103',
    'error:1107',
  ],
  openssh,
  async () => {
    await using b = await bench();
    const { client } = b;
    await b.put('source.txt', 'Hello brave new world');
    await b.put('target.txt', '....................');
    client.remoteFile = 'source.txt';
    await client.config('CopyRemoteFile=copy.txt');
    assert.equal(await readFile(b.at('copy.txt'), 'utf8'), 'Hello brave new world');
    await failsWith(1103, client.config(`CopyRemoteFile=${b.at('copy.txt')}`));
    client.overwrite = true;
    await client.config('CopyRemoteFile=copy.txt');
    client.startByte = 6;
    await client.config('CopyRemoteData=DestFile=target.txt;Length=5;WriteOffset=14');
    assert.equal(await readFile(b.at('target.txt'), 'utf8'), '..............brave.');
    await client.config(`CopyRemoteData=DestFile=${b.folder}/new.txt`);
    assert.equal(await readFile(b.at('new.txt'), 'utf8'), 'brave new world');
    await failsWith(10022, client.config('CopyRemoteData=Length=5'));
    await failsWith(10022, client.config('CopyRemoteData=DestFile=x;Size=5'));
    await using local = await localFolder();
    await writeFile(local.file('l'), 'x');
    client.localFile = local.file('l');
    assert.equal((await failsWith(1103, client.config('CheckFileHash'))).coreCode, 'SFTP_OP_UNSUPPORTED');
    client.remoteFile = '';
    await failsWith(1107, client.config('CheckFileHash'));
  },
);

shows(
  'ProFTPD: hashes compared, a later SFTP version',
  ['config:CheckFileHash', 'config:ProtocolVersion', 'config:NegotiatedProtocolVersion', 'error:1109'],
  async (t) => {
    await using server = await startOnDemand(t, PROFTPD, () => startProftpd({ sftpVersion: 6 }));
    if (server === undefined) return;
    await using scratch = await makeScratch();
    const client = await clientOf(server);
    await writeFile(`${scratch.path}/f`, 'hash me');
    client.remoteFile = `${scratch.path}/f`;
    client.localFile = `${scratch.path}/f`;
    await client.config('ProtocolVersion=6');
    await client.sshLogon();
    assert.equal(await client.config('NegotiatedProtocolVersion'), '6');
    assert.equal(await client.config('CheckFileHash'), 'True');
    await writeFile(`${scratch.path}/other`, 'hash you');
    client.localFile = `${scratch.path}/other`;
    await failsWith(1109, client.config('CheckFileHash'));
    await client.queryFileAttributes();
    assert.notEqual(client.fileOwnerId, '');
    await client.sshLogoff();
  },
);

shows(
  'text: line ends change on the way, both ways',
  ['config:TransferMode', 'config:LocalEOL', 'config:ServerEOL'],
  openssh,
  async () => {
    await using b = await bench();
    await using local = await localFolder();
    const { client } = b;
    await writeFile(local.file('l'), 'one\r\ntwo\r\n');
    [client.localFile, client.remoteFile, client.overwrite] = [local.file('l'), 'f', true];
    await client.upload();
    assert.equal(await readFile(b.at('f'), 'utf8'), 'one\r\ntwo\r\n');
    await client.config('TransferMode=1');
    await client.upload();
    assert.equal(await readFile(b.at('f'), 'utf8'), 'one\ntwo\n');
    client.localFile = local.file('d');
    await client.download();
    assert.equal(await readFile(local.file('d'), 'utf8'), 'one\r\ntwo\r\n');
    await client.config('LocalEOL="\n"');
    await client.config('ServerEOL="\r"');
    await writeFile(local.file('d'), 'one\ntwo\n');
    await client.upload();
    assert.equal(await readFile(b.at('f'), 'utf8'), 'one\rtwo\r');
    client.startByte = 1;
    await failsWith(211, client.upload());
  },
);

shows(
  'a file that is still being written is followed',
  ['config:RealTimeUpload', 'config:RealTimeUploadAgeLimit'],
  openssh,
  async () => {
    await using b = await bench();
    await using local = await localFolder();
    const { client } = b;
    await writeFile(local.file('l'), 'first ');
    await client.config('RealTimeUpload=True');
    [client.localFile, client.remoteFile] = [local.file('l'), 'f'];
    let text = '';
    client.on('transfer', (e) => {
      text += e.text.toString();
    });
    const done = client.upload();
    while (text === '') await sleep(10);
    await appendFile(local.file('l'), 'second');
    await done;
    assert.equal(await readFile(b.at('f'), 'utf8'), 'first second');

    // Silence of more than the default second does not end it now.
    await client.config('RealTimeUploadAgeLimit=600');
    await writeFile(local.file('l'), 'third ');
    [client.overwrite, text] = [true, ''];
    const longer = failsWith(10004, client.upload());
    while (text === '') await sleep(10);
    await sleep(1500);
    await appendFile(local.file('l'), 'fourth');
    while (text !== 'third fourth') await sleep(10);
    client.interrupt();
    await longer;
  },
);

shows(
  'the size of requests, their number, and whether the size of a file is asked for',
  ['config:MaxFileData', 'config:AsyncTransfer', 'config:UseFxpStat'],
  openssh,
  async () => {
    await using b = await bench();
    const { client } = b;
    const content = pattern(50_000);
    await b.put('f', content);
    client.remoteFile = 'f';
    let largest = 0;
    let asked = 0;
    let percent = 0;
    client.on('transfer', (e) => {
      largest = Math.max(largest, e.text.length);
      percent = e.percentDone;
    });
    client.on('log', (e) => {
      if (e.message.startsWith('> SSH_MSG_CHANNEL_DATA')) asked++;
    });
    await client.sshLogoff();
    await client.config('LogLevel=2');
    await client.config('MaxFileData=1000');
    await client.config('AsyncTransfer=False');
    await client.sshLogon();
    asked = 0;
    await client.download();
    assert.deepEqual([largest, percent], [1000, 100]);
    assert.ok(asked >= 50, String(asked));
    await client.config('AsyncTransfer=True');
    await client.config('MaxOutstandingPackets=8');
    asked = 0;
    await client.download();
    assert.ok(asked < 50, String(asked));
    await client.config('UseFxpStat=False');
    await client.download();
    assert.equal(percent, -1);
  },
);

shows(
  'the log: how much of it comes, and what of it is hidden',
  ['event:log', 'config:LogLevel', 'config:LogSFTPFileData', 'config:MaskSensitiveData'],
  requireServer('openssh', 'password'),
  async () => {
    const { password } = realServer('openssh');
    await using b = await bench();
    await b.put('f', 'FILE CONTENTS');
    const client = await clientOf();
    client.sshAuthMode = 2;
    client.sshPassword = password!;
    client.remoteFile = b.at('f');
    let lines: { logLevel: number; message: string; logType: string }[] = [];
    client.on('log', (e) => lines.push({ ...e }));
    const session = async (...settings: string[]): Promise<string> => {
      lines = [];
      for (const setting of settings) await client.config(setting);
      await client.sshLogon();
      await client.download();
      await client.sshLogoff();
      return lines.map(({ message }) => message).join('\n');
    };
    const hex = (text: string): string => Buffer.from(text).toString('hex');
    assert.equal(await session('LogLevel=0'), '');
    const info = await session('LogLevel=1');
    assert.match(info, /negotiated/);
    assert.ok(lines.every(({ logLevel }) => logLevel === 1) && !info.includes('CHANNEL_DATA'));
    const packets = await session('LogLevel=2');
    assert.match(packets, /> SSH_MSG_CHANNEL_DATA \d+/);
    const bytes = await session('LogLevel=3');
    assert.ok(lines.some(({ logLevel }) => logLevel === 3));
    assert.ok(!bytes.includes(hex(password!)) && !bytes.includes(hex('FILE CONTENTS')));
    assert.ok((await session('LogSFTPFileData=True')).includes(hex('FILE CONTENTS')));
    assert.ok((await session('MaskSensitiveData=False')).includes(hex(password!)));
  },
);

shows(
  'ProcessIdleEvents=False keeps what comes while nothing is called for doEvents',
  ['config:ProcessIdleEvents', 'doEvents', 'event:disconnected'],
  requireSshd(),
  async () => {
    await using server = await startSshd({ name: 'idle' });
    const client = await clientOf(server);
    const told: number[] = [];
    client.on('disconnected', (e) => told.push(e.statusCode));
    await client.config('ProcessIdleEvents=False');
    await client.sshLogon();
    await server.killConnections();
    while (client.connected) await sleep(10);
    assert.deepEqual(told, []);
    await client.doEvents();
    assert.equal(told.length, 1);
    assert.notEqual(told[0], 0);
    await client.sshLogon();
    await client.sshLogoff();
    assert.deepEqual(told.slice(1), [0]);
  },
);

shows(
  'doEvents waits SelectWaitMillis, or until an event comes',
  ['doEvents', 'config:SelectWaitMillis'],
  requireServer('openssh'),
  async () => {
    const client = await clientOf();
    const order: string[] = [];
    const timer = setTimeout(() => order.push('60 ms'), 60);
    await client.config('SelectWaitMillis=1');
    await client.doEvents();
    order.push('1 ms');
    await client.config('SelectWaitMillis=120');
    await client.doEvents();
    clearTimeout(timer);
    assert.deepEqual(order, ['1 ms', '60 ms']);
    await client.config('SelectWaitMillis=600000');
    client.on('connected', () => order.push('connected'));
    const connected = client.connect();
    await client.doEvents();
    assert.equal(order.at(-1), 'connected');
    await connected;
    await client.disconnect();
  },
);

shows('names in a code page', ['config:CodePage', 'error:434'], openssh, async () => {
  await using b = await bench();
  const { client } = b;
  await client.sshLogoff();
  await client.config('CodePage=1251');
  await client.changeRemotePath(b.folder);
  await client.createFile('мир');
  await client.listDirectory();
  assert.deepEqual(
    client.dirList.map(({ fileName }) => fileName),
    ['мир'],
  );
  await failsWith(434, client.createFile('日本'));
  await client.sshLogoff();
  await client.config('CodePage=65001');
  await client.listDirectory();
  assert.notEqual(client.dirListFileName(0), 'мир');
});

shows(
  'keys are exchanged anew: on demand, and after so many bytes',
  ['config:SSHKeyRenegotiate', 'config:KeyRenegotiationThreshold', 'error:1117'],
  openssh,
  async () => {
    await using b = await bench();
    const { client } = b;
    const rekeys: string[] = [];
    client.on('sshStatus', (e) => {
      if (e.message.startsWith('re-key')) rekeys.push(e.message);
    });
    await client.config('SSHKeyRenegotiate');
    assert.equal(rekeys.length, 1);
    await client.config('MaxWindowSize=134217728');
    await client.sshLogoff();
    await failsWith(1117, client.config('SSHKeyRenegotiate'));
    await client.config('KeyRenegotiationThreshold=65536');
    await b.put('f', pattern(1_000_000));
    client.remoteFile = 'f';
    await client.download();
    assert.ok(rekeys.length >= 2, String(rekeys.length));
  },
);

shows(
  'algorithms that are named are used; unknown ones are refused before anything is sent',
  [
    ...['sshEncryptionAlgorithms', 'config:SSHKeyExchangeAlgorithms', 'config:SSHMacAlgorithms'],
    ...[
      'config:ClientSSHVersionString',
      'config:SSHVersionPattern',
      'error:1002',
      'error:1003',
      'error:1005',
    ],
  ],
  openssh,
  async () => {
    const client = await clientOf();
    let negotiated = '';
    let version = '';
    client.on('sshStatus', (e) => {
      if (e.message.startsWith('negotiated')) negotiated = e.message;
      if (e.message.startsWith('version')) version = e.message;
    });
    client.sshEncryptionAlgorithms = 'aes192-ctr';
    client.sshCompressionAlgorithms = 'zlib@openssh.com';
    await client.config('SSHKeyExchangeAlgorithms=ecdh-sha2-nistp384');
    await client.config('SSHMacAlgorithms=hmac-sha2-512');
    await client.config('ClientSSHVersionString=SSH-2.0-facade');
    await client.sshLogon();
    for (const name of ['aes192-ctr', 'ecdh-sha2-nistp384', 'hmac-sha2-512'])
      assert.ok(negotiated.includes(name), negotiated);
    assert.match(version, /ours SSH-2\.0-facade /);
    await client.sshLogoff();
    await client.config('SSHVersionPattern=SSH-2.0-Other*');
    await failsWith(1002, client.sshLogon());
    await client.config('SSHVersionPattern=*SSH-2.0-*');
    client.sshEncryptionAlgorithms = 'aes999-ctr';
    await failsWith(1005, client.sshLogon());
    client.sshEncryptionAlgorithms = 'aes256-ctr';
    await client.config('SSHMacAlgorithms=hmac-md5-96');
    await failsWith(1003, client.sshLogon());
  },
);

shows(
  'through proxies, and what they refuse',
  ['firewallType', 'firewallHost', 'localHost', 'localPort'],
  openssh,
  async () => {
    const client = await clientOf();
    client.localHost = '127.0.0.1';
    await client.connect();
    assert.equal(client.localHost, '127.0.0.1');
    assert.ok(client.localPort > 0);
    await client.disconnect();
    assert.equal(client.localPort, 0);
    client.firewallType = 3;
    client.firewallHost = '127.0.0.1';
    client.firewallPort = 1;
    await failsWith(10061, client.connect());
  },
);

test('a real SOCKS proxy and a real HTTP proxy, in front of OpenSSH', openssh, async (t) => {
  const server = realServer('openssh');
  const account = await getAccount();
  for (const [program, type] of [
    ['microsocks', 3],
    ['tinyproxy', 1],
  ] as const) {
    const row = PROXY_PROGRAMS[program];
    const running = await startOnDemand(t, row, () => row.start({ server, account }));
    if (running === undefined) return;
    await using _ = running;
    const client = await clientOf();
    const stages: string[] = [];
    client.on('connectionStatus', (e) => stages.push(e.connectionEvent));
    client.firewallType = type;
    client.firewallHost = '127.0.0.1';
    client.firewallPort = running.port;
    await client.sshLogon();
    assert.equal(stages[0], 'Firewall connection complete');
    await client.sshLogoff();
    assert.equal(stages.at(-1), 'Firewall host disconnected');
    client.sshPort = 1;
    await failsWith(118, client.sshLogon());
  }
});

shows('several factors in a row', ['sshAuthMode'], requireSshd('root'), async () => {
  await using server = await startSshd({ name: 'factors', authenticationMethods: 'publickey,password' });
  const client = await clientOf(server);
  await failsWith(1032, client.sshLogon());
  client.sshAuthMode = 1;
  client.sshPassword = server.password!;
  await client.sshLogon();
  await client.sshLogoff();
  client.sshAuthMode = 0;
  await failsWith(1032, client.sshLogon());
});
