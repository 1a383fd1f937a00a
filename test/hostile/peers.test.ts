/** Scripted peers for what has no room of its own: exit status, guesses, agents and logins bound to a host, scp texts. */

import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isWherryError } from '../../src/base/errors.ts';
import { agentMethod } from '../../src/ssh/auth/agent.ts';
import { keySigner, publicKeyMethod } from '../../src/ssh/auth/public-key.ts';
import { verifySignature } from '../../src/ssh/crypto/signatures.ts';
import { connectAgent } from '../../src/ssh/keys/agent.ts';
import { WireReader } from '../../src/ssh/wire/reader.ts';
import { WireWriter } from '../../src/ssh/wire/writer.ts';
import { receiveInto } from '../../src/transfer/scp-download.ts';
import { runScp } from '../../src/transfer/scp-run.ts';
import { eachRequest, frame, identitiesFrame, withFake } from '../ssh/keys/fake-agent.ts';
import type { TestClientOptions } from '../support/peer/client.ts';
import { testKey } from '../support/peer/host-keys.ts';
import { LOGIN_GRANTED, logInTo, UP_TO_LOGIN } from '../support/peer/login-script.ts';
import type { ScriptedPeer, Step } from '../support/peer/scripted-peer.ts';
import { ScriptedScp } from '../support/scp/scripted-scp.ts';

const host = testKey('ssh-ed25519');
const user = testKey('ssh-ed25519', 'user');

const meet = (steps: readonly Step[], options: TestClientOptions = {}) =>
  logInTo(steps, options, { hostKey: host });

const STATUSES: readonly (readonly [what: string, specific: readonly number[], code: string])[] = [
  ['of 0 bytes', [], 'SSH_MALFORMED'],
  ['of 2 bytes', [0, 0], 'SSH_MALFORMED'],
  ['of 2^32 - 1', [255, 255, 255, 255], 'SCP_FAILED'],
  ['with bytes behind it', [0, 0, 0, 1, 9, 9], 'SCP_FAILED'],
];

for (const [what, specific, code] of STATUSES) {
  test(`exit-status ${what}: a typed error or what it says, never a hang`, async () => {
    const request = new WireWriter()
      .u8(98)
      .u32(0)
      .text('exit-status')
      .bool(false)
      .raw(Uint8Array.from(specific));
    const { client, pair, done } = await meet([
      ...UP_TO_LOGIN,
      LOGIN_GRANTED,
      async (p) => {
        await p.next(90);
        p.payload(new WireWriter().u8(91).u32(0).u32(7).u32(65_536).u32(32_768).finish());
        await p.next(94);
        p.payload(request.finish());
        p.payload([96, 0, 0, 0, 0]);
        p.payload([97, 0, 0, 0, 0]);
      },
    ]);
    const channel = await client!.openChannel('session', 65_536);
    const folder = await mkdtemp(join(tmpdir(), 'wherry-exit-'));
    const copied = runScp(channel, {}, 3000, 'scp download', (link, tally, touch) =>
      receiveInto(link, 'data', join(folder, 't'), {}, tally, touch),
    );
    await assert.rejects(copied, (error) => {
      assert.ok(isWherryError(error), String(error));
      assert.equal(error.code, code, error.message);
      return true;
    });
    await done;
    await client!.close();
    pair.cut();
    assert.deepEqual(await readdir(folder), []);
    await rm(folder, { recursive: true });
  });
}

const WRONG = { firstKexPacketFollows: true, lists: { kex: ['future-kex', 'curve25519-sha256'] } };

test('of guessed packets one is dropped, a second one ends the connection', async () => {
  const { error, pair } = await meet([
    (p) => p.version(),
    (p) => p.kexInit(WRONG),
    (p) => {
      for (let i = 0; i < 1000; i++) p.payload([30, 1, 2, 3]);
    },
  ]);
  // It stands where the reply to our value must.
  assert.equal(error?.code, 'SSH_MALFORMED');
  pair.cut();
});

test('a wrong guess in each of many key exchanges leaves nothing behind', async () => {
  const guessing: Step = async (p: ScriptedPeer) => {
    p.kexInit(WRONG);
    p.payload([30, 1, 2, 3]);
    await p.agree();
    p.newKeys();
    await p.next(21);
  };
  const { client, done, pair, error } = await meet([
    ...UP_TO_LOGIN,
    LOGIN_GRANTED,
    ...Array.from({ length: 50 }, () => guessing),
  ]);
  assert.equal(error, undefined);
  await done;
  await client!.close();
  pair.cut();
});

/** Answers none, then a question about a key and its signature with success; keeps the requests. */
const keyLogin =
  (requests: Uint8Array[]): Step =>
  async (p) => {
    await p.next(50);
    p.payload(new WireWriter().u8(51).nameList(['publickey']).bool(false).finish());
    requests.push(await p.next(50));
    p.payload(new WireWriter().u8(60).text('ssh-ed25519').string(user.publicKey.blob).finish());
    requests.push(await p.next(50));
    p.payload([52]);
  };

async function bindSession(knows: boolean): Promise<void> {
  const asked: Uint8Array[] = [];
  const answer = (request: Uint8Array): Uint8Array => {
    asked.push(Uint8Array.from(request));
    if (request[0] === 11) return identitiesFrame([[user.publicKey.blob, 'me']]);
    if (request[0] !== 13) return frame(Buffer.of(knows ? 6 : 5));
    const reader = new WireReader(request, 1);
    reader.string();
    const signature = user.sign('ssh-ed25519', reader.string());
    return frame(new WireWriter().u8(14).string(signature).finish());
  };
  await withFake(
    (socket) => eachRequest(socket, (request) => socket.write(answer(request))),
    async (path) => {
      using agent = await connectAgent(path);
      const methods = [agentMethod(async () => agent, { required: true })];
      const { client, peer, pair, error, done } = await meet([...UP_TO_LOGIN, keyLogin([])], { methods });
      assert.equal(error, undefined);
      await done;
      assert.deepEqual(
        asked.map(([number]) => number),
        [27, 11, 13],
      );
      const bind = new WireReader(asked[0]!, 1);
      assert.equal(bind.text(), 'session-bind@openssh.com');
      const [hostKey, session, proof] = [bind.string(), bind.string(), bind.string()];
      assert.deepEqual(Buffer.from(hostKey), Buffer.from(host.publicKey.blob));
      assert.deepEqual(Buffer.from(session), Buffer.from(peer.sessionId!));
      assert.ok(verifySignature('ssh-ed25519', host.publicKey.key, session, proof));
      assert.equal(bind.bool(), false);
      await client!.close();
      pair.cut();
    },
  );
}

test('session-bind: the agent is told host key, session and proof before it signs', () => bindSession(true));

test('session-bind: an agent that does not know it signs all the same', () => bindSession(false));

test('publickey-hostbound: the signature covers the host key the server showed', async () => {
  const requests: Uint8Array[] = [];
  const info = new WireWriter().u8(7).u32(1).text('publickey-hostbound@openssh.com').text('0').finish();
  const { client, peer, pair, error, done } = await meet(
    [...UP_TO_LOGIN.slice(0, 2), (p) => p.payload(info), ...UP_TO_LOGIN.slice(2), keyLogin(requests)],
    { methods: [publicKeyMethod(keySigner(user), { probe: true })] },
  );
  assert.equal(error, undefined);
  await done;
  const request = requests[1]!;
  const reader = new WireReader(request, 1);
  assert.equal(reader.text(), 'user');
  reader.text();
  assert.equal(reader.text(), 'publickey-hostbound-v00@openssh.com');
  assert.equal(reader.bool(), true);
  reader.text();
  reader.string();
  assert.deepEqual(Buffer.from(reader.string()), Buffer.from(host.publicKey.blob));
  const signed = new WireWriter().string(peer.sessionId!).raw(request.subarray(0, reader.position)).finish();
  assert.ok(verifySignature('ssh-ed25519', user.publicKey.key, signed, reader.string()));
  await client!.close();
  pair.cut();
});

test('scp: names and messages with terminal codes come out harmless', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wherry-codes-'));
  for (const script of [
    'C0644 1 \u001b[2Jdata\nx\0',
    '\u0001\u001b]0;title\u0007\u001b[31mno\n',
    '\u001b[2J\n',
  ]) {
    const channel = new ScriptedScp([{ await: 1 }, { send: script }, { end: 1 }]);
    const copied = runScp(channel, {}, 2000, 'scp download', (link, tally, touch) =>
      receiveInto(link, 'data', join(folder, 't'), {}, tally, touch),
    );
    await assert.rejects(copied, (error) => {
      assert.ok(isWherryError(error));
      assert.doesNotMatch(
        `${error.message}${JSON.stringify(error.details)}`,
        /[\u0000-\u001f\u007f-\u009f]|\\u001b/,
      );
      return true;
    });
  }
  assert.deepEqual(await readdir(folder), []);
  await rm(folder, { recursive: true });
});
