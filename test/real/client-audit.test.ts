/** ssh-audit looks at what Wherry offers when the user names nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, fingerprints } from '../../src/index.ts';
import { startOnDemand } from '../support/servers/on-demand.ts';
import { run } from '../support/servers/run.ts';
import { freePort } from '../support/servers/server.ts';

/** What it says of sound algorithms: those it is too old to know, NIST's curves, and MACs beside the cipher. */
const OPINIONS =
  /unknown algorithm|using experimental algorithm|using weak elliptic curves|elliptic curves that are suspected|weak random number generator could|using encrypt-and-MAC mode/;

test('ssh-audit finds nothing weak in our default offers', async (t) => {
  const row = { name: 'ssh-audit', doc: 'audits a client', packages: ['ssh-audit'], needsRoot: false };
  const port = await startOnDemand(t, row, freePort);
  if (port === undefined) return;
  const audit = run('ssh-audit', ['-c', '-n', '-4', '-p', String(port)], { allowFailure: true });
  const trust = fingerprints([`SHA256:${'A'.repeat(43)}`]);
  for (let turn = 0; turn < 100; turn++) {
    const error = await connect({ host: '127.0.0.1', port, username: 'nobody', trust, timeout: 5_000 }).catch(
      (reason: { code: string }) => reason,
    );
    assert.ok('code' in error);
    if (error.code !== 'CONNECT_REFUSED' && error.code !== 'CONNECT_FAILED') break;
    await sleep(100);
  }
  const { stdout } = await audit;
  assert.match(stdout, /\(kex\) curve25519-sha256/);
  const findings = stdout.split('\n').filter((line) => /\[(fail|warn)\]/.test(line) && !OPINIONS.test(line));
  assert.deepEqual(findings, []);
});
