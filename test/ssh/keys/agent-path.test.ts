import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AgentKind, type AgentSurroundings, agentPath } from '../../../src/ssh/keys/agent-path.ts';

const PIPES = ['initial', 'openssh-ssh-agent', 'pageant.other.11', 'Pageant.Me.22', 'pageant.meg.33'];

test('where the agent of this machine is', () => {
  const cases: [kind: AgentKind, around: Partial<AgentSurroundings>, expected: string | undefined][] = [
    ['openssh', { socket: '/run/agent' }, '/run/agent'],
    ['pageant', { socket: '/run/agent' }, '/run/agent'],
    ['openssh', { socket: '' }, undefined],
    ['openssh', { socket: undefined }, undefined],
    ['openssh', { platform: 'win32' }, '\\\\.\\pipe\\openssh-ssh-agent'],
    ['openssh', { platform: 'win32', socket: '\\\\.\\pipe\\mine' }, '\\\\.\\pipe\\mine'],
    ['pageant', { platform: 'win32' }, '\\\\.\\pipe\\Pageant.Me.22'],
    ['pageant', { platform: 'win32', user: () => 'nobody' }, undefined],
    ['pageant', { platform: 'win32', pipes: () => [] }, undefined],
  ];
  for (const [kind, around, expected] of cases) {
    const usual = { platform: 'linux', socket: undefined, user: () => 'me', pipes: () => PIPES };
    assert.equal(agentPath(kind, { ...usual, ...around }), expected, `${kind} ${JSON.stringify(around)}`);
  }
});
