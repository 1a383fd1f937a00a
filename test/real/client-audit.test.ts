/** ssh-audit looks at what Wherry offers when the user names nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, fingerprints } from '../../src/index.ts';
import { startOnDemand } from '../support/servers/on-demand.ts';
import { run } from '../support/servers/run.ts';
import { freePort } from '../support/servers/server.ts';

/**
 * What it says of algorithms that stay in the defaults, and of which. The reasons are with the decisions in
 * ARCHITECTURE.md; what its version is too old to know it calls unknown.
 */
const KEPT: readonly (readonly [opinion: RegExp, names: RegExp])[] = [
  [
    /unknown algorithm/,
    /^(mlkem768x25519-sha256|sntrup761x25519-sha512|kex-strict-c-v00@openssh\.com|ext-info-c)$/,
  ],
  [/using experimental algorithm/, /^sntrup761x25519-sha512@openssh\.com$/],
  [/using weak elliptic curves|elliptic curves that are suspected/, /^(ecdh|ecdsa)-sha2-nistp(256|384|521)$/],
  [/using weak random number generator could/, /^ecdsa-sha2-nistp(256|384|521)$/],
  [/using encrypt-and-MAC mode/, /^hmac-sha2-(256|512)$/],
];

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
  const findings: string[] = [];
  let name = '';
  for (const line of stdout.split('\n')) {
    name = /^\((?:kex|key|enc|mac)\) (\S+)/.exec(line)?.[1] ?? (line.startsWith(' ') ? name : '');
    if (!/\[(fail|warn)\]/.test(line)) continue;
    if (!KEPT.some(([opinion, names]) => opinion.test(line) && names.test(name)))
      findings.push(`${name}: ${line}`);
  }
  assert.deepEqual(findings, []);
});
