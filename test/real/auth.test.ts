/** Every way to log in, against OpenSSH. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ConnectOptions, connect, type PromptRequest } from '../../src/index.ts';
import { getFixtures } from '../support/servers/fixtures.ts';
import { realServer, requireServer, requireSshd } from '../support/servers/from-env.ts';
import { startSshd } from '../support/servers/openssh.ts';
import { run } from '../support/servers/run.ts';
import { fails, loginTo, loginWithout, noUnhandledRejections, withSftp } from './login.ts';

noUnhandledRejections();

async function logsIn(options: ConnectOptions): Promise<void> {
  assert.match(await withSftp(options, (sftp) => sftp.realpath('.')), /^\//);
}

test(
  'nothing to log in with: AUTH_FAILED that names what the server takes',
  requireServer('openssh'),
  async () => {
    const error = await fails(5000, connect(await loginWithout(realServer('openssh'))), 'AUTH_FAILED');
    assert.ok(error.details.allowed?.includes('publickey'));
    assert.match(error.message, /publickey/);
  },
);

test(
  'a password, and a prompt handler that is asked for it',
  requireServer('openssh', 'keyboard-interactive'),
  async () => {
    const server = realServer('openssh');
    await logsIn(await loginWithout(server, { password: server.password! }));
    await using pam = await startSshd({ name: 'pam', authenticationMethods: 'keyboard-interactive' });
    await logsIn(await loginWithout(pam, { password: server.password! }));
    const asked: PromptRequest[] = [];
    const options = await loginWithout(pam, {
      keyboardInteractive: async (request) => {
        asked.push(request);
        return request.prompts.map(() => server.password!);
      },
    });
    await logsIn(options);
    assert.ok(
      asked.some(({ prompts }) => prompts.some((prompt) => /password/i.test(prompt.text) && !prompt.echo)),
    );
    const wrong = await loginWithout(pam, {
      keyboardInteractive: async ({ prompts }) => prompts.map(() => 'no'),
    });
    await fails(20_000, connect(wrong), 'AUTH_FAILED');
  },
);

test('dropbear takes the password too', requireServer('dropbear', 'password'), async () => {
  const server = realServer('dropbear');
  await logsIn(await loginWithout(server, { password: server.password! }));
});

test(
  'several keys, of which the last one fits; one in a row of refused ones',
  requireServer('openssh'),
  async () => {
    const { hostKeys, userKeys } = await getFixtures();
    const read = (file: string): Promise<Buffer> => readFile(file);
    const strangers = await Promise.all(
      [hostKeys.ed25519, hostKeys.ecdsa256, hostKeys.rsa].map((key) => read(key.file)),
    );
    const privateKey = [...strangers, await read(userKeys.rsa.files.openssh)];
    await logsIn(await loginTo(realServer('openssh'), { privateKey }));
  },
);

for (const methods of ['publickey,password', 'password,publickey', 'publickey,keyboard-interactive']) {
  test(
    `AuthenticationMethods ${methods}: partial success is followed, and half of it refused`,
    requireSshd('root'),
    async () => {
      await using server = await startSshd({ name: 'both', authenticationMethods: methods });
      const password = server.password!;
      await logsIn(await loginTo(server, { password }));
      const half = await fails(15_000, connect(await loginTo(server)), 'AUTH_FAILED');
      if (methods.startsWith('publickey')) assert.equal(half.details.partialSuccess, true);
      await fails(15_000, connect(await loginWithout(server, { password })), 'AUTH_FAILED');
    },
  );
}

test(
  'an ssh-agent: by path and by SSH_AUTH_SOCK, with every key type; empty, and gone',
  requireServer('openssh'),
  async () => {
    const server = realServer('openssh');
    const { userKeys } = await getFixtures();
    const folder = await mkdtemp(join(tmpdir(), 'wherry-agent-'));
    const socket = join(folder, 'agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
    const before = process.env.SSH_AUTH_SOCK;
    try {
      await new Promise((resolve) => agent.stdout.once('data', resolve));
      const env = { SSH_AUTH_SOCK: socket };
      await fails(5000, connect(await loginWithout(server, { agent: socket })), 'AUTH_FAILED');
      for (const type of ['ed25519', 'rsa', 'ecdsa256', 'ecdsa384', 'ecdsa521'] as const) {
        await run('ssh-add', ['-q', '-D'], { env });
        await run('ssh-add', ['-q', userKeys[type].files.openssh], { env });
        await logsIn(await loginWithout(server, { agent: socket }));
      }
      process.env.SSH_AUTH_SOCK = socket;
      await logsIn(await loginWithout(server, { agent: true }));
    } finally {
      if (before === undefined) delete process.env.SSH_AUTH_SOCK;
      else process.env.SSH_AUTH_SOCK = before;
      agent.kill();
      await rm(folder, { recursive: true, force: true });
    }
    await fails(5000, connect(await loginWithout(server, { agent: socket })), 'AGENT_FAILED', 'AUTH_FAILED');
  },
);

test('the banner arrives before the login', requireSshd(), async () => {
  const { dir } = await getFixtures();
  const file = join(dir, 'banner.txt');
  await run('sh', ['-c', 'printf "Welcome\\033[31m!\\n" > "$0"', file]);
  await using server = await startSshd({ name: 'banner', config: [`Banner ${file}`] });
  let banner = '';
  const connection = await connect(
    await loginTo(server, {
      onBanner: (text) => {
        banner += text;
      },
    }),
  );
  await connection.close();
  assert.match(banner, /Welcome/);
  assert.ok(!banner.includes('\u001b'));
});
