import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogEvent } from '../../../src/base/log.ts';
import { CIPHERS, type CipherRow } from '../../../src/ssh/crypto/ciphers.ts';
import { MACS } from '../../../src/ssh/crypto/macs.ts';
import type { NegotiatedDirection } from '../../../src/ssh/transport/negotiate.ts';
import { isTerrapinAffected } from '../../../src/ssh/transport/strict-kex.ts';
import { joinHalves } from '../../support/peer/client.ts';

async function warnings(algorithms: { ciphers: string[]; macs: string[] }): Promise<string[]> {
  const events: LogEvent[] = [];
  await using joined = await joinHalves({
    both: { algorithms },
    client: { logger: (event) => events.push(event) },
  });
  await joined.client.ping();
  return events.flatMap((event) =>
    event.kind === 'insecureAlgorithm' ? [`${event.use} ${event.name}`] : [],
  );
}

test('an insecure algorithm that was agreed on is told once per use, others are not', async () => {
  assert.deepEqual(await warnings({ ciphers: ['3des-cbc'], macs: ['hmac-md5'] }), [
    'cipher 3des-cbc',
    'MAC hmac-md5',
  ]);
  assert.deepEqual(await warnings({ ciphers: ['aes128-ctr'], macs: ['hmac-sha1'] }), []);
});

test('affected by Terrapin: chacha20-poly1305, and CBC with a MAC over the ciphertext', () => {
  const [plain, etm] = [MACS['hmac-sha2-256'], MACS['hmac-sha2-256-etm@openssh.com']];
  const affected = (Object.entries(CIPHERS) as [string, CipherRow][]).flatMap(([name, cipher]) =>
    (cipher.aead ? [undefined] : [plain, etm])
      .filter((mac) => isTerrapinAffected({ cipher, mac } as NegotiatedDirection))
      .map((mac) => `${name}${mac?.etm ? ' etm' : ''}`),
  );
  assert.deepEqual(affected, [
    'chacha20-poly1305@openssh.com',
    'aes128-cbc etm',
    'aes192-cbc etm',
    'aes256-cbc etm',
    '3des-cbc etm',
    'blowfish-cbc etm',
    'cast128-cbc etm',
  ]);
});
