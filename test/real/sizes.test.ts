/** Files of many sizes both ways against every server, and new keys in mid-transfer. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import { makeScratch, realServer, requireServer, requireSshd } from '../support/servers/from-env.ts';
import { startSshd } from '../support/servers/openssh.ts';
import { SERVER_NAMES } from '../support/servers/registry.ts';
import { pattern } from '../support/sftp/memory-session.ts';
import { bothWays, loginTo, noUnhandledRejections, withSftp } from './login.ts';

noUnhandledRejections();

const SIZES = [0, 1, 32_767, 32_768, 32_769, 1_048_577] as const;
const LARGE = 67_108_864;

async function fileHash(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

for (const name of SERVER_NAMES) {
  test(`files of ${SIZES.join(', ')} bytes up to ${name} and down`, requireServer(name), async () => {
    await using scratch = await makeScratch();
    await withSftp(await loginTo(realServer(name)), async (sftp) => {
      for (const size of SIZES) await bothWays(sftp, scratch.path, size);
    });
  });

  test(`a file of 64 MiB up to ${name} and down, from path to path`, requireServer(name), async () => {
    await using scratch = await makeScratch();
    const source = join(scratch.path, 'source');
    const content = pattern(LARGE);
    await writeFile(source, content);
    const expected = createHash('sha256').update(content).digest('hex');
    await withSftp(await loginTo(realServer(name)), async (sftp) => {
      await sftp.upload(source, `${scratch.path}/up`);
      assert.equal(await fileHash(`${scratch.path}/up`), expected);
      await sftp.download(`${scratch.path}/up`, join(scratch.path, 'down'));
      assert.equal(await fileHash(join(scratch.path, 'down')), expected);
    });
  });
}

const REKEYING = {
  'ours every 64 KiB': { ours: 65_536, server: undefined, size: 8_388_608 },
  "the server's every 64 KiB": { ours: undefined, server: '64K', size: 8_388_608 },
  'both every 64 KiB': { ours: 65_536, server: '64K', size: 3_000_000 },
} as const;
for (const [what, { ours, server: limit, size }] of Object.entries(REKEYING)) {
  for (const ciphers of [['aes128-gcm@openssh.com'], ['aes256-ctr'], ['chacha20-poly1305@openssh.com']]) {
    test(`new keys during get and put with ${ciphers[0]}: ${what}`, requireSshd(), async () => {
      await using scratch = await makeScratch();
      await using server = await startSshd({
        name: 'rekey',
        logLevel: 'DEBUG1',
        ...(limit === undefined ? {} : { rekeyLimit: limit }),
      });
      const more = {
        algorithms: { ciphers, kex: ['curve25519-sha256'] },
        ...(ours === undefined ? {} : { rekeyBytes: ours }),
      };
      await withSftp(await loginTo(server, more), (sftp) => bothWays(sftp, scratch.path, size));
      const exchanges = server.log().match(/SSH2_MSG_NEWKEYS received/g)?.length ?? 0;
      assert.ok(exchanges > 10, `${exchanges} key exchanges`);
    });
  }
}
