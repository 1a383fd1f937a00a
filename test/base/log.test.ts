import assert from 'node:assert/strict';
import { channel } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { formatLog, Log, type LogEvent } from '../../src/base/log.ts';

const LINES: { [K in LogEvent['kind']]: readonly [Extract<LogEvent, { kind: K }>, string][] } = {
  connect: [[{ kind: 'connect', host: 'h', port: 22 }, 'connecting to h port 22']],
  version: [
    [{ kind: 'version', ours: 'SSH-2.0-a', theirs: 'SSH-2.0-b' }, 'version ours SSH-2.0-a theirs SSH-2.0-b'],
  ],
  packet: [
    [{ kind: 'packet', direction: 'in', message: 'SSH_MSG_IGNORE', bytes: 5 }, '< SSH_MSG_IGNORE 5'],
    [{ kind: 'packet', direction: 'out', message: 'message 30', bytes: 33 }, '> message 30 33'],
  ],
  negotiated: [
    [{ kind: 'negotiated', algorithms: { kex: 'k', cipherOut: 'c' }, strict: true }, 'negotiated k c strict'],
    [{ kind: 'negotiated', algorithms: { kex: 'k' }, strict: false }, 'negotiated k'],
  ],
  insecureAlgorithm: [
    [
      { kind: 'insecureAlgorithm', use: 'cipher', name: '3des-cbc' },
      'warning: cipher 3des-cbc is insecure; it is used because it was asked for',
    ],
  ],
  rekey: [[{ kind: 'rekey', reason: 'asked for' }, 're-key: asked for']],
  hostKey: [
    [
      { kind: 'hostKey', keyType: 't', fingerprint: 'f', accepted: true, reason: 'listed' },
      'host key t f: accepted, listed',
    ],
    [
      { kind: 'hostKey', keyType: 't', fingerprint: 'f', accepted: false, reason: 'other' },
      'host key t f: refused, other',
    ],
  ],
  hostKeys: [[{ kind: 'hostKeys', outcome: 'not updated: why' }, 'host keys: not updated: why']],
  auth: [[{ kind: 'auth', method: 'password', outcome: 'failure' }, 'login by password: failure']],
  banner: [[{ kind: 'banner', text: 'hello' }, 'banner: hello']],
  sftp: [[{ kind: 'sftp', text: 'version 3' }, 'sftp: version 3']],
  closed: [[{ kind: 'closed', reason: 'CLOSED: bye' }, 'closed: CLOSED: bye']],
};

for (const cases of Object.values(LINES)) {
  for (const [event, line] of cases) {
    test(`${event.kind}: ${line}`, () => assert.equal(formatLog(event), line));
  }
}

test('events reach the logger and the diagnostics channel; with neither, nobody is listening', () => {
  const event: LogEvent = { kind: 'rekey', reason: 'x' };
  const mine: LogEvent[] = [];
  new Log((one) => mine.push(one)).event(event);
  assert.deepEqual(mine, [event]);

  const silent = new Log();
  assert.equal(silent.enabled, process.env.NODE_DEBUG?.includes('wherry') ?? false);
  const published: unknown[] = [];
  const listener = (message: unknown): void => void published.push(message);
  channel('wherry:log').subscribe(listener);
  assert.equal(silent.enabled, true);
  silent.event(event);
  channel('wherry:log').unsubscribe(listener);
  silent.event(event);
  assert.deepEqual(published, [event]);
});
