import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ErrorCode } from '../../../src/base/error-codes.ts';
import { isWherryError } from '../../../src/base/errors.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import {
  type SignatureName,
  signaturesForKey,
  signData,
  verifySignature,
} from '../../../src/ssh/crypto/signatures.ts';
import { connectAgent } from '../../../src/ssh/keys/agent.ts';
import { parsePublicKeyLine } from '../../../src/ssh/keys/public-key.ts';
import { WireReader } from '../../../src/ssh/wire/reader.ts';
import { WireWriter } from '../../../src/ssh/wire/writer.ts';
import { run } from '../../support/servers/run.ts';
import { eachRequest, frame, identitiesFrame, silent, u32, withFake } from './fake-agent.ts';
import { KeyFiles, TYPES } from './key-files.ts';

const files = new KeyFiles();
const others = new KeyFiles();
let folder = '';
let socketPath = '';
let agentProcess: ChildProcess | undefined;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wherry-agent-'));
  socketPath = join(folder, 'real');
  agentProcess = await startAgent(socketPath);
});
after(async () => {
  agentProcess?.kill('SIGTERM');
  await rm(folder, { recursive: true, force: true });
});

test('ssh-agent: no keys, then one of every type, listed and signing', async () => {
  const agent = await connectAgent(socketPath);
  assert.deepEqual(await agent.identities(), []);
  for (const type of TYPES) await sshAdd(await files.plain(type));
  const identities = await agent.identities();
  assert.deepEqual(identities.map((one) => one.publicKey.type).sort(), [...TYPES].sort());
  for (const { publicKey, comment } of identities) {
    assert.equal(comment, `comment of ${publicKey.type}`);
    for (const algorithm of signaturesForKey(publicKey.type)) {
      const data = Buffer.from(`signed with ${algorithm}`);
      const signature = await agent.sign(publicKey, data, algorithm);
      assert.ok(verifySignature(algorithm, publicKey.key, data, signature), algorithm);
    }
  }
  agent.close();
});

test('ssh-agent: many requests at once are answered in order', async () => {
  await sshAdd(await files.plain('ssh-ed25519'));
  using agent = await connectAgent(socketPath);
  const { publicKey } = parsePublicKeyLine(await files.publicLine('ssh-ed25519'));
  const all = Array.from({ length: 20 }, async (_, i) => {
    const data = Buffer.from(`message ${i}`);
    return verifySignature(
      'ssh-ed25519',
      publicKey.key,
      data,
      await agent.sign(publicKey, data, 'ssh-ed25519'),
    );
  });
  assert.deepEqual(await Promise.all(all), Array(20).fill(true));
});

test('ssh-agent: a key it does not hold is refused, and the connection goes on', async () => {
  using agent = await connectAgent(socketPath);
  const { publicKey } = parsePublicKeyLine(await others.publicLine('ssh-ed25519'));
  await assert.rejects(
    agent.sign(publicKey, Buffer.alloc(4), 'ssh-ed25519'),
    hasCode('AGENT_FAILED', /refused/),
  );
  assert.ok(Array.isArray(await agent.identities()));
  await assert.rejects(agent.sign(publicKey, Buffer.alloc(4), 'ssh-rsa'), hasCode('INVALID_ARGUMENT'));
});

test('ssh-agent: a certificate it holds is left out', async () => {
  const [ca, user] = [await files.plain('ecdsa-sha2-nistp256'), await others.plain('ssh-ed25519')];
  await run('ssh-keygen', ['-q', '-s', ca, '-I', 'id', '-n', 'me', `${user}.pub`]);
  await sshAdd(user);
  const { stdout } = await run('ssh-add', ['-L'], { env: { SSH_AUTH_SOCK: socketPath } });
  assert.match(stdout, /-cert-v01@openssh\.com/);
  using agent = await connectAgent(socketPath);
  const identities = await agent.identities();
  assert.ok(identities.every((one) => !one.publicKey.type.includes('cert')));
});

test('the agent is killed: what waits and what comes later is AGENT_FAILED', async () => {
  const path = join(folder, 'killed');
  const child = await startAgent(path);
  const agent = await connectAgent(path);
  await agent.identities();
  child.kill('SIGSTOP');
  const waiting = [agent.identities(), agent.identities()];
  child.kill('SIGKILL');
  for (const one of await Promise.allSettled(waiting)) {
    assert.equal(one.status, 'rejected');
    assert.ok(hasCode('AGENT_FAILED')(one.reason));
  }
  await assert.rejects(agent.identities(), hasCode('AGENT_FAILED'));
});

test('no agent: nothing at the path, SSH_AUTH_SOCK not set', async () => {
  await assert.rejects(connectAgent(join(folder, 'nobody')), hasCode('AGENT_FAILED', /ENOENT/));
  const before = process.env.SSH_AUTH_SOCK;
  delete process.env.SSH_AUTH_SOCK;
  try {
    if (process.platform !== 'win32')
      await assert.rejects(connectAgent(), hasCode('AGENT_FAILED', /SSH_AUTH_SOCK/));
    process.env.SSH_AUTH_SOCK = socketPath;
    (await connectAgent()).close();
  } finally {
    if (before === undefined) delete process.env.SSH_AUTH_SOCK;
    else process.env.SSH_AUTH_SOCK = before;
  }
});

test('close(): what waits and what comes later is CLOSED; twice is fine', async () => {
  await withFake(silent, async (path) => {
    const agent = await connectAgent(path);
    const waiting = agent.identities();
    agent.close();
    agent.close();
    await assert.rejects(waiting, hasCode('CLOSED'));
    await assert.rejects(agent.identities(), hasCode('CLOSED'));
  });
});

test('timeout and signal end the waiting, and the late answer goes to nobody else', async () => {
  const answer = (socket: Socket): void => {
    let count = 0;
    eachRequest(socket, () => {
      count++;
      const comment = `answer ${count}`;
      setTimeout(() => socket.write(identitiesFrame([[ed25519Blob, comment]])), count === 1 ? 80 : 0);
    });
  };
  const ed25519Blob = parsePublicKeyLine(await files.publicLine('ssh-ed25519')).publicKey.blob;
  await withFake(answer, async (path) => {
    using agent = await connectAgent(path);
    await assert.rejects(agent.identities({ timeout: 20 }), hasCode('TIMEOUT'));
    await sleep(100);
    assert.equal((await agent.identities())[0]!.comment, 'answer 2');
  });
  await withFake(silent, async (path) => {
    using agent = await connectAgent(path);
    const controller = new AbortController();
    const waiting = agent.identities({ signal: controller.signal });
    controller.abort();
    await assert.rejects(waiting, hasCode('ABORTED'));
    await assert.rejects(agent.identities({ signal: AbortSignal.abort() }), hasCode('ABORTED'));
    await assert.rejects(connectAgent(path, { signal: AbortSignal.abort() }), hasCode('ABORTED'));
  });
});

const ED25519_HEAD = '0000000b7373682d65643235353139';

/** Agents that sin, by their sin: what they write for the first request. */
const SINS: Readonly<Record<string, (socket: Socket) => void>> = {
  'a frame over the limit': (s) => s.write(u32(LIMITS.agentFrameBytes.value + 1)),
  'a frame of 4 GiB': (s) => s.write(u32(0xffff_ffff)),
  'an empty frame': (s) => s.write(u32(0)),
  SSH_AGENT_FAILURE: (s) => s.write(frame(Buffer.of(5))),
  'another answer': (s) => s.write(frame(Buffer.of(6))),
  'a count of keys that are not there': (s) => s.write(frame(Buffer.from('0cffffffff', 'hex'))),
  'a key that ends too early': (s) => s.write(frame(Buffer.from(`0c00000001000000ff${ED25519_HEAD}`, 'hex'))),
  'end without an answer': (s) => s.end(),
  'half an answer, then the end': (s) => s.end(Buffer.from('000000100c0000', 'hex')),
};
for (const [name, act] of Object.entries(SINS)) {
  test(`a misbehaving agent: ${name}`, async () => {
    const answer = (socket: Socket): void => eachRequest(socket, () => act(socket));
    await withFake(answer, async (path) => {
      using agent = await connectAgent(path);
      await assert.rejects(agent.identities({ timeout: 5000 }), hasCode('AGENT_FAILED'));
    });
  });
}

test('an answer of an agent may be as long as the limit', async () => {
  const blob = parsePublicKeyLine(await files.publicLine('ssh-ed25519')).publicKey.blob;
  const comment = 'x'.repeat(LIMITS.agentFrameBytes.value - 1 - 4 - 4 - blob.length - 4);
  const answer = (socket: Socket): void =>
    eachRequest(socket, () => socket.write(identitiesFrame([[blob, comment]])));
  assert.equal(identitiesFrame([[blob, comment]]).length, 4 + LIMITS.agentFrameBytes.value);
  await withFake(answer, async (path) => {
    using agent = await connectAgent(path);
    assert.equal((await agent.identities()).length, 1);
  });
});

test('an agent that speaks unasked is dropped', async () => {
  await withFake(
    (s) => void s.write(frame(Buffer.of(5))),
    async (path) => {
      using agent = await connectAgent(path);
      await sleep(30);
      await assert.rejects(agent.identities(), hasCode('AGENT_FAILED', /nobody asked/));
    },
  );
});

test('golang b27e150: keys that cannot be read are left out; bytes come one by one; comments are made fit', async () => {
  const { blob } = parsePublicKeyLine(await files.publicLine('ssh-rsa')).publicKey;
  const answer = (socket: Socket): void =>
    eachRequest(socket, async () => {
      const keys: [Uint8Array, string][] = [
        [new WireWriter().text('ssh-dss').finish(), 'old'],
        [Buffer.from('garbage'), ''],
        [Buffer.alloc(0), ''],
        [blob, 'evil \u001b[31m'],
      ];
      for (const byte of identitiesFrame(keys)) socket.write(Buffer.of(byte));
    });
  await withFake(answer, async (path) => {
    using agent = await connectAgent(path);
    const identities = await agent.identities();
    assert.deepEqual(
      identities.map((one) => one.comment),
      ['evil ?[31m'],
    );
  });
});

test('an agent that ignores the RSA flags is found out; the flags are as the draft has them', async () => {
  const pem = await files.rewritten('ssh-rsa', '', '-m', 'PEM');
  const key = createPrivateKey(await readFile(pem));
  const flagsSeen: number[] = [];
  const answer = (socket: Socket): void =>
    eachRequest(socket, (request) => {
      const reader = new WireReader(request, 1);
      reader.string();
      const data = reader.string();
      flagsSeen.push(reader.u32());
      socket.write(
        frame(
          new WireWriter()
            .u8(14)
            .string(signData('ssh-rsa', key, data))
            .finish(),
        ),
      );
    });
  await withFake(answer, async (path) => {
    using agent = await connectAgent(path);
    const { publicKey } = parsePublicKeyLine(await files.publicLine('ssh-rsa'));
    const ask = (algorithm: SignatureName): Promise<Uint8Array> =>
      agent.sign(publicKey, Buffer.of(1), algorithm);
    await assert.rejects(ask('rsa-sha2-256'), hasCode('AGENT_FAILED', /not rsa-sha2-256/));
    await assert.rejects(ask('rsa-sha2-512'), hasCode('AGENT_FAILED', /not rsa-sha2-512/));
    assert.ok(await ask('ssh-rsa'));
    assert.deepEqual(flagsSeen, [2, 4, 0]);
  });
});

test('an idle connection does not keep the process alive, nor does a request given up', async () => {
  await withFake(silent, async (path) => {
    const module = new URL('../../../src/ssh/keys/agent.ts', import.meta.url).href;
    const script = `
      const { connectAgent } = await import(${JSON.stringify(module)});
      const agent = await connectAgent(${JSON.stringify(path)});
      await agent.identities({ timeout: 50 }).catch((error) => console.log(error.code));`;
    const { stdout } = await run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      timeout: 15_000,
    });
    assert.equal(stdout, 'TIMEOUT\n');
  });
});

async function startAgent(path: string): Promise<ChildProcess> {
  const child = spawn('ssh-agent', ['-D', '-a', path], { stdio: 'ignore' });
  for (let i = 0; i < 200; i++) {
    try {
      await access(path);
      return child;
    } catch {
      await sleep(20);
    }
  }
  child.kill();
  throw new Error('ssh-agent does not start');
}

async function sshAdd(path: string): Promise<void> {
  await run('ssh-add', ['-q', path], { env: { SSH_AUTH_SOCK: socketPath } });
}

function hasCode(code: ErrorCode, words = /./): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isWherryError(error), String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, words);
    return true;
  };
}
