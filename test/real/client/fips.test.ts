/** UseFIPSCompliantAPI in a Node that runs in FIPS mode: OpenSSL's FIPS provider, a real server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FIPS, fipsEnvironment } from '../../support/servers/fips.ts';
import { getFixtures } from '../../support/servers/fixtures.ts';
import { makeScratch, realServer, requireServer } from '../../support/servers/from-env.ts';
import { startOnDemand } from '../../support/servers/on-demand.ts';
import { run } from '../../support/servers/run.ts';

const PROGRAM = fileURLToPath(new URL('fips-program.ts', import.meta.url));

test(
  'in FIPS mode only approved algorithms are offered, and a session works with them; others that are named fail, and are refused with the setting',
  requireServer('openssh'),
  async (t) => {
    const env = await startOnDemand(t, FIPS, fipsEnvironment);
    if (env === undefined) return;
    await using scratch = await makeScratch();
    const { host, port, user, hostKeys } = realServer('openssh');
    const { userKeys } = await getFixtures();
    const job = {
      ...{ host, port, user, folder: scratch.path, keyFile: userKeys.ecdsa256.files.openssh },
      fingerprints: hostKeys.map(({ fingerprint }) => fingerprint).join(','),
    };
    const args = ['--force-fips', '--import', 'tsx', PROGRAM, JSON.stringify(job)];
    const said = JSON.parse((await run(process.execPath, args, { env, timeout: 60_000 })).stdout);
    assert.equal(said.fips, 1);
    assert.match(said.md5, /unsupported/);
    assert.deepEqual(said.fingerprints, ['', 95]);
    assert.deepEqual([said.named, said.set, said.refused], [1034, '', 1005]);
    assert.equal(said.without, said.with);
    assert.match(said.with, /ecdh-sha2-nistp256 .*aes128-gcm@openssh\.com/);
    for (const kex of ['ecdh-sha2-nistp384', 'ecdh-sha2-nistp521'])
      assert.match(said[kex], new RegExp(`negotiated ${kex} (ecdsa|rsa)-sha2-`), kex);
  },
);
