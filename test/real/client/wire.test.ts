/** Settings whose effect lies in what goes over the wire. */
import assert from 'node:assert/strict';
import { symlink } from 'node:fs/promises';
import type { SFTPClient } from '../../../src/client/index.ts';
import { shows } from '../../client/shows.ts';
import { getFixtures } from '../../support/servers/fixtures.ts';
import { requireServer, requireSshd } from '../../support/servers/from-env.ts';
import { startSshd } from '../../support/servers/openssh.ts';
import { localFolder, pattern } from '../../support/sftp/memory-session.ts';
import { noUnhandledRejections } from '../login.ts';
import { type Bench, bench, clientOf, failsWith } from './clients.ts';
import { mostUnderWay, type Wire, wireOf } from './wire.ts';

noUnhandledRejections();
const openssh = requireServer('openssh');
const [READ, WRITE, FSTAT, REALPATH, STAT] = [5, 6, 8, 16, 17];

/** A logged-in client in a fresh folder, and its wire from now on. */
async function wired(b: Bench): Promise<Wire> {
  await b.client.sshLogoff();
  const wire = await wireOf(b.client);
  await b.client.sshLogon();
  wire.clear();
  return wire;
}

shows(
  'how many requests are under way, and how large they are, both ways',
  ['config:AsyncTransfer', 'config:MaxOutstandingPackets', 'config:MaxFileData'],
  openssh,
  async () => {
    await using b = await bench();
    await using local = await localFolder();
    const { client } = b;
    const wire = await wired(b);
    await b.put('f', pattern(400_000));
    client.overwrite = true;
    [client.remoteFile, client.localFile] = ['f', local.file('l')];
    const both = async (...settings: string[]): Promise<number[][]> => {
      for (const setting of settings) await client.config(setting);
      const seen: number[][] = [];
      for (const [type, transfer] of [
        [READ, () => client.download()],
        [WRITE, () => client.upload()],
      ] as const) {
        wire.clear();
        await transfer();
        const packets = wire.sftp();
        // READ: handle, offset, length. WRITE: handle, offset, data.
        const lengths = packets
          .filter((packet) => packet.out && packet.type === type)
          .map(({ body }) => body.readUInt32BE(4 + body.readUInt32BE(0) + 8));
        seen.push([mostUnderWay(packets, type), Math.max(...lengths)]);
      }
      return seen;
    };
    const [plainGet, plainPut] = await both();
    assert.ok(plainGet![1]! > 32_768 && plainPut![1]! > 32_768, `${plainGet} ${plainPut}`);
    const small = await both('MaxFileData=10000');
    for (const [most, largest] of small) assert.ok(most! > 8 && largest === 10_000, String(small));
    assert.deepEqual(await both('MaxOutstandingPackets=7'), [
      [7, 10_000],
      [7, 10_000],
    ]);
    assert.deepEqual(await both('AsyncTransfer=False'), [
      [1, 10_000],
      [1, 10_000],
    ]);
  },
);

shows(
  'UseFxpStat: whether a file is asked about before a transfer',
  ['config:UseFxpStat'],
  openssh,
  async () => {
    await using b = await bench();
    await using local = await localFolder();
    const { client } = b;
    const wire = await wired(b);
    await b.put('f', 'x');
    [client.remoteFile, client.localFile, client.overwrite] = ['f', local.file('l'), true];
    const asks = async (): Promise<boolean> => {
      wire.clear();
      await client.download();
      return wire.sftp().some(({ out, type }) => out && (type === FSTAT || type === STAT));
    };
    assert.equal(await asks(), true);
    await client.config('UseFxpStat=False');
    assert.equal(await asks(), false);
  },
);

shows(
  'DisableRealPath: links in a path stay, and the server is never asked',
  ['config:DisableRealPath'],
  openssh,
  async () => {
    await using b = await bench();
    const { client } = b;
    await client.makeDirectory('there');
    await symlink(b.at('there'), b.at('link'));
    await client.changeRemotePath('link');
    assert.equal(client.remotePath, b.at('there'));
    await client.sshLogoff();
    const wire = await wireOf(client);
    await client.config('DisableRealPath=True');
    await client.changeRemotePath(b.at('link'));
    await client.sshLogon();
    await client.changeRemotePath(b.at('link'));
    assert.equal(client.remotePath, b.at('link'));
    assert.ok(wire.sftp().length > 0);
    assert.ok(!wire.sftp().some(({ out, type }) => out && type === REALPATH));
  },
);

shows(
  'the window and the packets of a channel',
  ['config:MaxWindowSize', 'config:MaxPacketSize', 'error:211'],
  openssh,
  async () => {
    await using b = await bench();
    const { client } = b;
    await client.sshLogoff();
    await client.config('MaxWindowSize=100000');
    await client.config('MaxPacketSize=5000');
    const wire = await wireOf(client);
    await client.sshLogon();
    const [open] = wire.named(true, 'SSH_MSG_CHANNEL_OPEN');
    // string "session", sender, initial window size, maximum packet size
    assert.deepEqual([open!.payload.readUInt32BE(16), open!.payload.readUInt32BE(20)], [100_000, 5000]);
    await b.put('f', pattern(300_000));
    client.remoteFile = 'f';
    await client.download();
    const data = wire.named(false, 'SSH_MSG_CHANNEL_DATA').map(({ payload }) => payload.readUInt32BE(5));
    assert.ok(Math.max(...data) <= 5000 && Math.max(...data) > 4000, String(Math.max(...data)));
    wire.clear();
    await client.config('MaxWindowSize=700000');
    const [adjust] = wire.named(true, 'SSH_MSG_CHANNEL_WINDOW_ADJUST');
    assert.equal(adjust!.payload.readUInt32BE(5), 600_000);
    await failsWith(211, client.config('MaxWindowSize=600000'));
    assert.equal(await client.config('MaxWindowSize'), '700000');
  },
);

/** The order in which a farewell is said; `closed` is where DISCONNECT goes out. */
async function farewell(client: SFTPClient, ...settings: string[]): Promise<string[]> {
  for (const setting of settings) await client.config(setting);
  await client.config('LogLevel=2');
  await client.sshLogon();
  const lines: string[] = [];
  client.on('log', ({ message }) => {
    const line = /^[<>] SSH_MSG_CHANNEL_CLOSE|^closed/.exec(message);
    if (line !== null) lines.push(line[0]);
  });
  await client.sshLogoff();
  return lines;
}

shows(
  'WaitForChannelClose: whether the farewell waits for the answer',
  ['config:WaitForChannelClose', 'sshLogoff'],
  openssh,
  async () => {
    const [ours, theirs] = ['> SSH_MSG_CHANNEL_CLOSE', '< SSH_MSG_CHANNEL_CLOSE'];
    assert.deepEqual(await farewell(await clientOf()), [ours, theirs, 'closed']);
    assert.deepEqual((await farewell(await clientOf(), 'WaitForChannelClose=False')).slice(0, 2), [
      ours,
      'closed',
    ]);
  },
);

shows(
  'SSHPubKeyAuthSigAlgorithms: what a login is signed with',
  ['config:SSHPubKeyAuthSigAlgorithms', 'config:SSHPublicKeyAlgorithms'],
  requireSshd(),
  async () => {
    await using server = await startSshd({ name: 'signatures', pubkeyAlgorithms: ['rsa-sha2-256'] });
    const client = await clientOf(server);
    const { userKeys } = await getFixtures();
    client.sshCertStore = userKeys.rsa.files.openssh;
    await client.config('SSHPubKeyAuthSigAlgorithms=rsa-sha2-512');
    await assert.rejects(client.sshLogon(), { code: 1032 });
    await client.config('SSHPubKeyAuthSigAlgorithms=rsa-sha2-512,rsa-sha2-256');
    await client.config('SSHPublicKeyAlgorithms=rsa-sha2-256');
    let keyAlgorithm = '';
    client.on('sshServerAuthentication', (e) => {
      keyAlgorithm = e.keyAlgorithm;
    });
    await client.sshLogon();
    assert.equal(keyAlgorithm, 'rsa-sha2-256');
    await client.sshLogoff();
  },
);
