/** hostkeys-00@openssh.com from servers that lie: nothing is learnt, and the connection goes on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '../../../src/base/limits.ts';
import type { LogEvent } from '../../../src/base/log.ts';
import type { PublicKey } from '../../../src/ssh/keys/public-key.ts';
import { encode } from '../../../src/ssh/wire/message.ts';
import { CONNECTION } from '../../../src/ssh/wire/messages.ts';
import { WireWriter } from '../../../src/ssh/wire/writer.ts';
import { joinHalves } from '../../support/peer/client.ts';
import { testKey } from '../../support/peer/host-keys.ts';

const key = testKey('ssh-ed25519', 'another host key');

/** What the client makes of an announcement that the server half cannot prove. */
async function announce(specific: Uint8Array): Promise<{ learnt: PublicKey[][]; said: string[] }> {
  const learnt: PublicKey[][] = [];
  const said: string[] = [];
  const logger = (event: LogEvent): void => {
    if (event.kind === 'hostKeys') said.push(event.outcome);
  };
  await using joined = await joinHalves({
    client: {
      logger,
      onHostKeys: async (keys) => {
        learnt.push([...keys]);
      },
    },
  });
  const notice = { name: 'hostkeys-00@openssh.com', wantReply: false, specific };
  for (let i = 0; i < 2; i++) joined.server.transport.send(encode(CONNECTION.SSH_MSG_GLOBAL_REQUEST, notice));
  for (let i = 0; i < 50 && said.length + learnt.length === 0; i++) await sleep(10);
  await joined.client.ping();
  return { learnt, said };
}

test('keys that are not proved are not learnt', async () => {
  const { learnt, said } = await announce(new WireWriter().string(key.publicKey.blob).finish());
  assert.deepEqual(learnt, []);
  assert.deepEqual(said, ['not updated: the server does not prove its host keys']);
});

test('an announcement that is damaged, empty, of unknown keys or too long', async () => {
  const damaged = await announce(Uint8Array.of(0, 0, 0, 9, 1));
  assert.match(damaged.said.join(), /not updated: malformed/);
  const strange = await announce(
    new WireWriter().string(new WireWriter().text('ssh-strange').finish()).finish(),
  );
  assert.deepEqual(strange.learnt, [[]]);
  const max = LIMITS.announcedHostKeys.value;
  const many = (count: number): Uint8Array => {
    const writer = new WireWriter();
    for (let i = 0; i < count; i++) writer.string(new WireWriter().text('ssh-strange').finish());
    return writer.finish();
  };
  assert.deepEqual((await announce(many(max))).learnt, [[]]);
  assert.match((await announce(many(max + 1))).said.join(), /over the limit/);
});
