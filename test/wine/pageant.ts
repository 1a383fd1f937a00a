/** Pageant on Windows, under Wine: PuTTY's own where it runs, else a window that stands in for it. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { hostSettings } from '../../src/cli/host-settings.ts';
import { findIdentities } from '../../src/cli/identities.ts';
import { parseUrl } from '../../src/cli/url.ts';
import { SFTPClient, SSHAuthModes } from '../../src/client/index.ts';
import { connect, openSftp } from '../../src/index.ts';
import { connectAgent, parsePrivateKey } from '../../src/keys.ts';
import { AgentLink } from '../../src/ssh/keys/agent-link.ts';
import { AGENT } from '../../src/ssh/keys/agent-protocol.ts';
import { openPageantWindow } from '../../src/ssh/keys/windows/pageant-window.ts';
import { encode } from '../../src/ssh/wire/message.ts';
import { login, setup } from './setup.ts';
import { openStandIn, type StandIn } from './stand-in.ts';

const key = parsePrivateKey(setup.agentKey);
let standIn: StandIn | undefined;
after(() => standIn?.close());

if (!setup.pageant) {
  test('no agent runs, and then that of OpenSSH', async () => {
    const connecting = (kind: 'pageant' | 'any') => connectAgent(undefined, { kind });
    await assert.rejects(connecting('pageant'), { code: 'AGENT_FAILED', message: 'Pageant is not running' });
    await assert.rejects(connecting('any'), { code: 'AGENT_FAILED', message: /^neither Pageant/ });
    const server = createServer((socket) => socket.resume().on('error', () => {}));
    await new Promise<void>((resolve) => server.listen('\\\\.\\pipe\\openssh-ssh-agent', resolve));
    await assert.rejects(connecting('pageant'), { code: 'AGENT_FAILED' });
    (await connecting('any')).close();
    server.close();
  });
  test('a window stands in for Pageant', () => {
    standIn = openStandIn(key);
  });
}

test('its window lists and signs, and the event loop goes on meanwhile', async () => {
  const road = await openPageantWindow();
  assert.ok(!(road instanceof AgentLink));
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  for (let i = 0; i < 20; i++) {
    const answer = await road.request(encode(AGENT.SSH_AGENTC_REQUEST_IDENTITIES, {}), 'listing', {});
    assert.ok(Buffer.from(answer).includes(Buffer.from(key.publicKey.blob)));
  }
  clearInterval(timer);
  assert.ok(turns > 0);
  const longest = new Uint8Array(262_140);
  longest[0] = 200;
  assert.deepEqual([...(await road.request(longest, 'asking for nothing known', {}))], [5]);
});

test('the agent is found, listed, and logs in', async () => {
  const agent = await connectAgent(undefined, { kind: 'pageant' });
  const found = await agent.identities();
  assert.deepEqual(
    found.map(({ publicKey }) => publicKey.type),
    ['ssh-ed25519'],
  );
  agent.close();
  const connection = await connect(login({ agent: { kind: 'pageant' } }));
  await (await openSftp(connection)).realpath('.');
  await connection.close();
});

test('the command line asks it, where nothing names an agent', async () => {
  const options = { timeout: 30, config: false } as const;
  const settings = await hostSettings(parseUrl('sftp://localhost/'), options);
  const { agent } = await findIdentities(options, { settings, person: undefined, note: () => {} });
  assert.deepEqual(agent, { kind: 'any' });
});

for (const [value, number] of [
  [0, 1006],
  [1, 0],
  [2, 0],
] as const) {
  test(`SFTPClient with EnablePageantAuth=${value}`, async () => {
    const client = new SFTPClient();
    await client.config(`SSHAcceptServerHostKeyFingerPrint=${setup.fingerprints.join(',')}`);
    await client.config(`EnablePageantAuth=${value}`);
    client.sshUser = setup.user;
    client.sshAuthMode = SSHAuthModes.amPublicKey;
    const logon = client.sshLogon(setup.host, setup.port);
    if (number !== 0) await assert.rejects(logon, { code: number });
    else {
      await logon;
      await client.sshLogoff();
    }
  });
}

if (!setup.pageant) {
  test('an agent that does not answer: who waits may give up, and the next one is served', async () => {
    const agent = await connectAgent(undefined, { kind: 'pageant' });
    const release = standIn!.hold();
    await assert.rejects(agent.identities({ timeout: 200 }), { code: 'TIMEOUT' });
    await sleep(500);
    release();
    assert.equal((await agent.identities({ timeout: 5000 })).length, 1);
    agent.close();
  });

  test('an agent that refuses the message', async () => {
    const agent = await connectAgent(undefined, { kind: 'pageant' });
    standIn!.refuse = true;
    await assert.rejects(agent.identities(), { code: 'AGENT_FAILED', message: /refused the message/ });
    standIn!.refuse = false;
    assert.equal((await agent.identities()).length, 1);
    agent.close();
  });
}
