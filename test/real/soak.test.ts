/** The short form of `npm run soak`: parallel transfers over re-keys and cut connections; nothing is lost or kept. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeScratch, requireSshd } from '../support/servers/from-env.ts';
import { startSshd } from '../support/servers/openssh.ts';
import { growth, type Sample, soak } from '../support/soak.ts';
import { loginTo, noUnhandledRejections } from './login.ts';

noUnhandledRejections();

test(
  '20 transfers at a time over re-keys and cut connections: every hash right, nothing kept',
  requireSshd(),
  async () => {
    await using scratch = await makeScratch('soak-');
    await using server = await startSshd({ name: 'soak', rekeyLimit: '2M 5', config: ['MaxStartups 100'] });
    const result = await soak({
      login: await loginTo(server, { rekeyBytes: 1_048_576 }),
      folder: scratch.path,
      seconds: 8,
      connections: 4,
      parallel: 20,
      largestFile: 1_048_576,
      restMs: 0,
      sampleSeconds: 2,
      cut: async () => {
        await server.killConnections();
      },
      cutSeconds: 3,
      log: () => {},
    });
    assert.deepEqual(result.wrong, []);
    assert.ok(result.files > 20, `${result.files} files`);
    assert.ok(result.connects > 4, `${result.connects} connections`);
    const known = ['CONNECTION_LOST', 'SSH_DISCONNECTED', 'CHANNEL_CLOSED', 'CLOSED'];
    assert.deepEqual(
      Object.keys(result.lost).filter((code) => !known.includes(code)),
      [],
    );
    assert.ok(result.after.descriptors <= result.before.descriptors, 'descriptors');
    assert.ok(result.after.handles <= result.before.handles, `handles: ${process.getActiveResourcesInfo()}`);
  },
);

test('growth is told, coming and going is not', () => {
  const at = (heap: number): Sample => ({ heap, buffers: 0, handles: 3, descriptors: 20 });
  assert.deepEqual(growth([50e6, 60e6, 51e6, 59e6, 50e6, 60e6].map(at)), []);
  assert.equal(growth([50e6, 55e6, 60e6, 65e6, 70e6, 75e6].map(at)).length, 1);
});
