import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AgentMaker, type AgentSurroundings, agentPath } from '../../../src/ssh/keys/agent-path.ts';
import { hashOfBlock } from '../../../src/ssh/keys/windows/pageant-hash.ts';

const PIPES = ['initial', 'openssh-ssh-agent', 'pageant.other.11', 'Pageant.Me.22', 'pageant.meg.33'];

const hash = (text: string | undefined) => ({ pageantHash: () => Promise.resolve(text) });

test('where the agent of this machine is', async () => {
  const cases: [kind: AgentMaker, around: Partial<AgentSurroundings>, expected: string | undefined][] = [
    ['openssh', { socket: '/run/agent' }, '/run/agent'],
    ['pageant', { socket: '/run/agent' }, '/run/agent'],
    ['openssh', { socket: '' }, undefined],
    ['openssh', { socket: undefined }, undefined],
    ['openssh', { platform: 'win32' }, '\\\\.\\pipe\\openssh-ssh-agent'],
    ['openssh', { platform: 'win32', socket: '\\\\.\\pipe\\mine' }, '\\\\.\\pipe\\mine'],
    ['pageant', { platform: 'win32' }, '\\\\.\\pipe\\Pageant.Me.22'],
    ['pageant', { platform: 'win32', user: () => 'nobody' }, undefined],
    ['pageant', { platform: 'win32', pipes: () => [] }, undefined],
    ['pageant', { platform: 'win32', pipes: () => undefined }, undefined],
    ['pageant', { platform: 'win32', ...hash('22') }, '\\\\.\\pipe\\Pageant.Me.22'],
    ['pageant', { platform: 'win32', ...hash('11') }, '\\\\.\\pipe\\pageant.other.11'],
    ['pageant', { platform: 'win32', ...hash('2') }, '\\\\.\\pipe\\Pageant.Me.22'],
    ['pageant', { platform: 'win32', ...hash('44'), user: () => 'nobody' }, undefined],
    ['pageant', { platform: 'win32', ...hash('44'), pipes: () => undefined }, '\\\\.\\pipe\\pageant.me.44'],
  ];
  for (const [kind, around, expected] of cases) {
    const usual = {
      platform: 'linux',
      socket: undefined,
      user: () => 'me',
      pipes: () => PIPES,
      ...hash(undefined),
    };
    const found = await agentPath(kind, { ...usual, ...around });
    assert.equal(found, expected, `${kind} ${JSON.stringify(around)}`);
  }
});

test("the hash in the name of Pageant's pipe", () => {
  // Seen of PuTTY 0.78 where CryptProtectMemory does nothing (Wine 8.0).
  const seen = '2e9e7389b30cd8240bf15518e9a228d6537dc38d64b2070a189ca2fe5452d492';
  assert.equal(
    hashOfBlock(() => false),
    seen,
  );
  const other = hashOfBlock((block) => {
    assert.equal(Buffer.from(block).toString('latin1'), 'Pageant'.padEnd(16, '\0'));
    block[0]! ^= 1;
  });
  assert.notEqual(other, seen);
});
