/** Ways to log in beyond a key and a password, against real servers. */
import assert from 'node:assert/strict';
import { readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ConnectOptions, connect, type LogEvent, type PromptRequest } from '../../src/index.ts';
import { ASYNCSSH, startAsyncssh } from '../support/servers/asyncssh.ts';
import { getFixtures } from '../support/servers/fixtures.ts';
import { realServer, requireServer, requireSshd } from '../support/servers/from-env.ts';
import { type OnDemand, startOnDemand } from '../support/servers/on-demand.ts';
import { findSshd, startSshd } from '../support/servers/openssh.ts';
import { makeAccount } from '../support/servers/own-account.ts';
import { run } from '../support/servers/run.ts';
import { fails, loginTo, loginWithout, noUnhandledRejections, withSftp } from './login.ts';

noUnhandledRejections();

const OTP: OnDemand = {
  name: 'one-time codes',
  doc: 'PAM asks for a password and a code',
  packages: ['libpam-google-authenticator', 'oathtool', 'openssh-server', 'openssh-client'],
  needsRoot: true,
};

async function logsIn(options: ConnectOptions): Promise<void> {
  assert.match(await withSftp(options, (sftp) => sftp.realpath('.')), /^\//);
}

test(
  'PAM in several rounds: a password that has expired is changed by prompts',
  requireSshd('root'),
  async () => {
    await using account = await makeAccount();
    await using server = await startSshd({ name: 'expired', authenticationMethods: 'keyboard-interactive' });
    const login = await loginWithout(server, { username: account.user });
    await account.expire();
    const asked: string[] = [];
    const fresh = `Fresh-${account.password}`;
    const answer = ({ prompts }: PromptRequest): string[] =>
      prompts.map(({ text, echo }) => {
        asked.push(text);
        assert.equal(echo, false);
        return /new/i.test(text) ? fresh : account.password;
      });
    await logsIn({ ...login, keyboardInteractive: answer });
    assert.equal(asked.length, 4, asked.join());
    await logsIn({ ...login, password: fresh });
    await fails(15_000, connect({ ...login, password: account.password }), 'AUTH_FAILED');
  },
);

test(
  'a password alone does not answer a change by prompts, and is shown to nobody',
  requireSshd('root'),
  async () => {
    await using account = await makeAccount();
    await using server = await startSshd({ name: 'expired', authenticationMethods: 'keyboard-interactive' });
    await account.expire();
    const login = await loginWithout(server, { username: account.user, password: account.password });
    const error = await fails(15_000, connect(login), 'AUTH_FAILED');
    assert.match(error.message, /asks for more than the password/);
  },
);

test('a password and a one-time code, each in its round', async (t) => {
  const ready = await startOnDemand(t, OTP, async () => true);
  if (ready === undefined) return;
  await using account = await makeAccount();
  const { dir } = await getFixtures();
  // PAM goes by the name sshd was started by.
  const service = `wherry-otp-${account.user}`;
  const [link, secretFile, pamFile] = [
    join(dir, service),
    join(dir, `${service}.secret`),
    `/etc/pam.d/${service}`,
  ];
  const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEH';
  await writeFile(secretFile, `${secret}\n" TOTP_AUTH\n`, { mode: 0o600 });
  await symlink((await findSshd())!.sshd, link);
  await writeFile(
    pamFile,
    `auth required pam_unix.so
auth required pam_google_authenticator.so secret=${secretFile} user=root no_strict_owner allowed_perm=0600
account required pam_permit.so
session required pam_permit.so
`,
  );
  try {
    const program = { ...(await findSshd())!, sshd: link };
    await using server = await startSshd({
      name: 'otp',
      program,
      authenticationMethods: 'keyboard-interactive',
    });
    const code = async (): Promise<string> => (await run('oathtool', ['--totp', '-b', secret])).stdout.trim();
    const login = await loginWithout(server, { username: account.user });
    const asked: string[] = [];
    const by = (otp: string): ConnectOptions => ({
      ...login,
      keyboardInteractive: ({ prompts }) =>
        prompts.map(({ text }) => {
          asked.push(text);
          return /code/i.test(text) ? otp : account.password;
        }),
    });
    await logsIn(by(await code()));
    assert.deepEqual(
      asked.map((text) => text.replace(/[:\s]+$/, '')),
      ['Password', 'Verification code'],
    );
    await fails(20_000, connect(by('000000')), 'AUTH_FAILED');
  } finally {
    await rm(pamFile, { force: true });
  }
});

test('asyncssh: a password change request, answered, declined, and refused', async (t) => {
  await using server = await startOnDemand(t, ASYNCSSH, () => startAsyncssh({ expired: 'the old password' }));
  if (server === undefined) return;
  const login = await loginWithout(server, { password: 'the old password' });
  const prompts: string[] = [];
  await logsIn({
    ...login,
    newPassword: ({ prompt }) => {
      prompts.push(prompt);
      return 'a new password';
    },
  });
  assert.deepEqual(prompts, ['Your password has expired']);
  const declined = await fails(5000, connect({ ...login, newPassword: () => undefined }), 'AUTH_FAILED');
  assert.match(declined.message, /Your password has expired/);
  await fails(5000, connect(login), 'AUTH_FAILED');
  const tooShort = { ...login, login: { methods: ['password'] as const }, newPassword: () => 'short' };
  await fails(5000, connect(tooShort), 'AUTH_FAILED');
});

test('asyncssh: prompts of which one is echoed', async (t) => {
  const challenge = {
    ask: [
      'Two',
      'Both, please',
      [
        ['Password: ', false],
        ['Colour: ', true],
      ],
    ] as const,
    answers: ['one', 'blue'],
  };
  await using server = await startOnDemand(t, ASYNCSSH, () => startAsyncssh({ challenge }));
  if (server === undefined) return;
  const seen: PromptRequest[] = [];
  await logsIn(
    await loginWithout(server, {
      keyboardInteractive: (request) => {
        seen.push(request);
        return ['one', 'blue'];
      },
    }),
  );
  assert.deepEqual(seen, [
    {
      name: 'Two',
      instruction: 'Both, please',
      prompts: [
        { text: 'Password: ', echo: false },
        { text: 'Colour: ', echo: true },
      ],
    },
  ]);
});

/** A log that keeps what it warns of. */
function warningsOf() {
  const warnings: string[] = [];
  const log = (event: LogEvent): void => {
    if (event.kind === 'insecureAlgorithm') warnings.push(`${event.use} ${event.name}`);
  };
  return { log, warnings };
}

test('hostbased: the host key of this machine vouches for its user', requireSshd('root'), async () => {
  await using account = await makeAccount();
  const { hostKeys } = await getFixtures();
  await using server = await startSshd({
    name: 'hostbased',
    config: [
      'HostbasedAuthentication yes',
      'HostbasedUsesNameFromPacketOnly yes',
      'IgnoreRhosts no',
      'IgnoreUserKnownHosts no',
      'HostbasedAcceptedAlgorithms +ssh-rsa',
    ],
  });
  for (const type of ['ed25519', 'rsa'] as const) {
    await account.write('.shosts', 'client.example me\n');
    await account.write('.ssh/known_hosts', `client.example ${hostKeys[type].publicLine}\n`);
    const hostbased = {
      privateKey: await readFile(hostKeys[type].file),
      clientHost: 'client.example',
      clientUser: 'me',
    };
    const login = await loginWithout(server, { username: account.user, hostbased });
    await logsIn(login);
    if (type === 'rsa') {
      const { log, warnings } = warningsOf();
      await logsIn({ ...login, log, algorithms: { publicKey: ['ssh-rsa'] } });
      assert.deepEqual(warnings, ['signature algorithm ssh-rsa']);
    }
    const other = { ...hostbased, clientUser: 'another' };
    const error = await fails(5000, connect({ ...login, hostbased: other }), 'AUTH_FAILED');
    assert.match(error.details.tried?.[0] ?? '', /^hostbased \(/);
  }
});

test(
  'the methods and their order, one factor after the other, and none alone',
  requireSshd('root'),
  async () => {
    await using server = await startSshd({
      name: 'factors',
      authenticationMethods: 'publickey,password,keyboard-interactive',
    });
    const password = server.password!;
    await logsIn(await loginTo(server, { password }));
    const strict = { afterRefusal: 'fail', repeat: 'never' } as const;
    await logsIn(await loginTo(server, { password, login: strict }));
    const wrong = await fails(
      10_000,
      connect(await loginTo(server, { password: 'no', login: strict })),
      'AUTH_FAILED',
    );
    assert.deepEqual(
      wrong.details.attempts?.map(({ method, outcome }) => [method.split(' ')[0], outcome]),
      [
        ['publickey', 'accepted'],
        ['password', 'refused'],
      ],
    );
    const none = await fails(
      5000,
      connect(await loginTo(server, { login: { methods: ['none'] } })),
      'AUTH_FAILED',
    );
    assert.deepEqual(none.details.tried, ['none']);
  },
);

test('two keys as two factors', requireSshd(), async () => {
  const { userKeys } = await getFixtures();
  await using server = await startSshd({ name: 'two', authenticationMethods: 'publickey,publickey' });
  const keys = await Promise.all(
    [userKeys.ed25519, userKeys.rsa].map(({ files }) => readFile(files.openssh)),
  );
  await logsIn(await loginTo(server, { privateKey: keys }));
  const twice = await loginTo(server, { privateKey: keys, login: { repeat: 'never' } });
  await fails(5000, connect(twice), 'AUTH_FAILED');
  await fails(5000, connect(await loginTo(server, { privateKey: keys[0]! })), 'AUTH_FAILED');
});

test('signature algorithms of a public key, as the caller lists them', requireServer('openssh'), async () => {
  const server = realServer('openssh');
  const { userKeys } = await getFixtures();
  const privateKey = await readFile(userKeys.rsa.files.openssh);
  for (const publicKey of [['rsa-sha2-256'], ['ssh-rsa', 'rsa-sha2-512'], ['ssh-ed25519', 'rsa-sha2-256']])
    await logsIn(await loginTo(server, { privateKey, algorithms: { publicKey } }));
  const sha1 = await loginTo(server, { privateKey, algorithms: { publicKey: ['ssh-rsa'] } });
  const error = await fails(5000, connect(sha1), 'AUTH_FAILED');
  assert.deepEqual(
    error.details.attempts?.map(({ algorithm }) => algorithm),
    ['ssh-rsa'],
  );
  await using old = await startSshd({ name: 'sha1', config: ['PubkeyAcceptedAlgorithms +ssh-rsa'] });
  const { log, warnings } = warningsOf();
  await logsIn(await loginTo(old, { privateKey, log, algorithms: { publicKey: ['ssh-rsa'] } }));
  assert.deepEqual(warnings, ['signature algorithm ssh-rsa']);
});

test('custom: a password login packet by packet', requireServer('openssh', 'password'), async () => {
  const server = realServer('openssh');
  const text = (value: string): Buffer => {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const request = (password: string): Buffer =>
    Buffer.concat([
      Buffer.of(50),
      ...[server.user, 'ssh-connection', 'password'].map(text),
      Buffer.of(0),
      text(password),
    ]);
  const numbers: number[] = [];
  await logsIn(
    await loginWithout(server, {
      customLogin: async ({ last, send, receive }) => {
        numbers.push(last[0]!);
        for (const password of ['wrong', server.password!]) {
          send(request(password));
          numbers.push((await receive())[0]!);
        }
      },
    }),
  );
  assert.deepEqual(numbers, [6, 51, 52]);
});
