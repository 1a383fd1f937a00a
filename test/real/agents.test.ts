/** Agents against a real sshd: PuTTY's pageant, and many keys in one agent where the server bears few attempts. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { connect } from '../../src/index.ts';
import { connectAgent, formatPublicKey, parsePublicKeyLine } from '../../src/keys.ts';
import { isSignatureName, signaturesForKey, verifySignature } from '../../src/ssh/crypto/signatures.ts';
import { getFixtures } from '../support/servers/fixtures.ts';
import { requireSshd } from '../support/servers/from-env.ts';
import { startOnDemand } from '../support/servers/on-demand.ts';
import { startSshd } from '../support/servers/openssh.ts';
import { PAGEANT, startPageant } from '../support/servers/pageant.ts';
import { run } from '../support/servers/run.ts';
import { fails, loginWithout, noUnhandledRejections } from './login.ts';

noUnhandledRejections();

const fixtures = fileURLToPath(new URL('../fixtures/keys/', import.meta.url));
const TYPES = ['ed25519', 'ecdsa256', 'ecdsa384', 'ecdsa521', 'rsa', 'ed448'] as const;

test(
  'pageant: lists its keys, signs by every algorithm, RSA with both hashes, and logs in',
  requireSshd(),
  async (t) => {
    await using pageant = await startOnDemand(t, PAGEANT, startPageant);
    if (pageant === undefined) return;
    using agent = await connectAgent(pageant.socket);
    assert.deepEqual(await agent.identities(), []);
    const proof = { hostKey: Buffer.of(1), sessionId: Buffer.of(1), signature: Buffer.of(1) };
    assert.equal(await agent.bindSession(proof), false, 'it knows no session binding');
    const unknown = { type: 'ssh-ed25519', blob: Buffer.alloc(51) };
    await fails(5000, agent.sign(unknown, Buffer.of(1), 'ssh-ed25519'), 'AGENT_FAILED');
    await pageant.add(...TYPES.map((type) => `${fixtures}${type}.v3.ppk`));
    const identities = await agent.identities();
    assert.deepEqual(
      identities.map(({ comment }) => comment).sort(),
      TYPES.map((type) => `made as ${type}`).sort(),
    );
    for (const { publicKey } of identities) {
      for (const name of signaturesForKey(publicKey.type)) {
        assert.ok(isSignatureName(name));
        const data = Buffer.from(`signed with ${name}`);
        assert.ok(verifySignature(name, publicKey.key, data, await agent.sign(publicKey, data, name)), name);
      }
    }
    const dir = await mkdtemp(join((await getFixtures()).dir, 'pageant-'));
    try {
      await chmod(dir, 0o711);
      const authorized = join(dir, 'authorized_keys');
      await using server = await startSshd({ name: 'pageant', config: [`AuthorizedKeysFile ${authorized}`] });
      for (const { publicKey } of identities.filter((one) => one.publicKey.type !== 'ssh-ed448')) {
        await writeFile(authorized, formatPublicKey(publicKey), { mode: 0o644 });
        const all = await connect(await loginWithout(server, { agent: pageant.socket }));
        await all.close();
      }
      await pageant.removeAll();
      const none = connect(await loginWithout(server, { agent: { path: pageant.socket, required: true } }));
      await fails(5000, none, 'AGENT_FAILED', 'AUTH_FAILED');
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  },
);

test(
  'each key of an agent is one attempt; the chosen one alone; the error lists them where the server hangs up',
  requireSshd(),
  async () => {
    const dir = await mkdtemp(join((await getFixtures()).dir, 'agent-'));
    const socket = join(dir, 'agent');
    const child = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = once(child, 'close');
    try {
      await chmod(dir, 0o711);
      await once(child.stdout, 'data');
      const env = { SSH_AUTH_SOCK: socket };
      const files = Array.from({ length: 7 }, (_, i) => join(dir, `key${i}`));
      for (const file of files) {
        await run('ssh-keygen', ['-q', '-t', 'rsa', '-b', '2048', '-N', '', '-f', file]);
        await run('ssh-add', ['-q', file], { env });
      }
      const authorized = join(dir, 'authorized_keys');
      const authorize = async (file: string): Promise<void> =>
        writeFile(authorized, await readFile(`${file}.pub`), { mode: 0o644 });
      await using server = await startSshd({
        name: 'tries',
        config: [`AuthorizedKeysFile ${authorized}`, 'MaxAuthTries 6'],
      });
      // The fifth of RSA keys is reached before the sixth refusal, since none is tried with a second hash before that.
      await authorize(files[4]!);
      await (await connect(await loginWithout(server, { agent: socket }))).close();
      await authorize(files[6]!);
      const refused = await fails(
        10_000,
        connect(await loginWithout(server, { agent: socket })),
        'AUTH_FAILED',
      );
      assert.match(refused.message, /the server hung up: .*[Tt]oo many authentication failures/);
      const keys = (refused.details.attempts ?? []).map(({ method }) => method);
      assert.ok(keys.length >= 4 && keys.length <= 6, keys.join());
      assert.equal(new Set(keys).size, keys.length, 'each key once');
      const { publicKey } = parsePublicKeyLine(await readFile(`${files[6]}.pub`, 'utf8'));
      const only = { path: socket, keys: [publicKey] };
      await (await connect(await loginWithout(server, { agent: only }))).close();
      await authorize(files[0]!);
      const one = await fails(10_000, connect(await loginWithout(server, { agent: only })), 'AUTH_FAILED');
      assert.deepEqual(new Set(one.details.attempts?.map(({ method }) => method)).size, 1);
    } finally {
      child.kill();
      await ended;
      await rm(dir, { recursive: true, force: true });
    }
  },
);
