/** OpenSSH certificates of hosts and of users, and X.509 host keys, against real servers. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { caKeys, connect, fingerprints, knownHosts, knownHostsText, x509Roots } from '../../src/index.ts';
import { ASYNCSSH, startAsyncssh } from '../support/servers/asyncssh.ts';
import { getFixtures, type KeyType } from '../support/servers/fixtures.ts';
import { requireSshd } from '../support/servers/from-env.ts';
import { startOnDemand } from '../support/servers/on-demand.ts';
import { startSshd } from '../support/servers/openssh.ts';
import { run } from '../support/servers/run.ts';
import { SECURITY_KEY, securityKeyProvider } from '../support/servers/security-key.ts';
import { CA_EXTENSIONS, HOST_EXTENSIONS, makeCertificate, type X509Files } from '../support/x509.ts';
import { bothWays, fails, loginTo, loginWithout, noUnhandledRejections, withSftp } from './login.ts';

noUnhandledRejections();
const MIB = 1_048_576;

let folder = '';
const ca = { file: '', line: '' };
const otherCa = { file: '', line: '' };
let count = 0;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wherry-certificates-'));
  for (const [one, name, type] of [
    [ca, 'ca', 'ed25519'],
    [otherCa, 'other', 'rsa'],
  ] as const) {
    one.file = join(folder, name);
    await run('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', one.file]);
    one.line = (await readFile(`${one.file}.pub`, 'utf8')).trim();
  }
});
after(() => rm(folder, { recursive: true, force: true }));

/** A certificate for a public key; gives its file. */
async function certify(publicFile: string, by: string, ...args: string[]): Promise<string> {
  const copy = join(folder, `key${++count}`);
  await writeFile(`${copy}.pub`, await readFile(publicFile));
  await run('ssh-keygen', ['-q', '-s', by, '-I', `certificate ${count}`, ...args, `${copy}.pub`]);
  return `${copy}-cert.pub`;
}

async function startCertified(types: readonly KeyType[], ...args: string[]) {
  const { hostKeys } = await getFixtures();
  const files: string[] = [];
  for (const type of types) {
    const { file, publicLine } = hostKeys[type]!;
    const publicFile = join(folder, `host${++count}.pub`);
    await writeFile(publicFile, `${publicLine}\n`);
    files.push(await certify(publicFile, ca.file, '-h', ...args));
    assert.ok(file);
  }
  return startSshd({
    name: 'certified',
    hostKeys: types,
    allAlgorithms: types.includes('dsa'),
    config: files.map((file) => `HostCertificate ${file}`),
  });
}

test('a host certificate of every type, by a CA key and by @cert-authority', requireSshd(), async () => {
  await using server = await startCertified(['ed25519', 'rsa', 'ecdsa256'], '-n', '127.0.0.1,localhost');
  const authority = `@cert-authority [127.0.0.1]:${server.port},elsewhere ${ca.line}`;
  const file = join(folder, 'known_hosts');
  await writeFile(file, `${authority}\n`);
  for (const trust of [
    caKeys(ca.line),
    caKeys([otherCa.line, ca.line]),
    knownHosts(file),
    knownHostsText(authority),
  ]) {
    await withSftp(await loginTo(server, { trust }), async (_sftp, connection) => {
      assert.equal(connection.algorithms.hostKey, 'ssh-ed25519-cert-v01@openssh.com');
    });
  }
  for (const name of [
    'ssh-ed25519-cert-v01@openssh.com',
    'rsa-sha2-512-cert-v01@openssh.com',
    'rsa-sha2-256-cert-v01@openssh.com',
    'ecdsa-sha2-nistp256-cert-v01@openssh.com',
  ]) {
    const login = await loginTo(server, { trust: caKeys(ca.line), algorithms: { hostKey: [name] } });
    await withSftp(login, async (sftp, connection) => {
      assert.equal(connection.algorithms.hostKey, name);
      await connection.rekey();
      await bothWays(sftp, server.home, MIB);
    });
  }
});

test('a host certificate of the other types, and signing with SHA-1, by name', requireSshd(), async () => {
  await using server = await startCertified(['rsa', 'dsa', 'ecdsa384', 'ecdsa521'], '-n', '127.0.0.1');
  for (const name of [
    'ecdsa-sha2-nistp384-cert-v01@openssh.com',
    'ecdsa-sha2-nistp521-cert-v01@openssh.com',
    'ssh-rsa-cert-v01@openssh.com',
    'ssh-dss-cert-v01@openssh.com',
  ]) {
    const login = await loginTo(server, { trust: caKeys(ca.line), algorithms: { hostKey: [name] } });
    await withSftp(login, async (sftp, connection) => {
      assert.equal(connection.algorithms.hostKey, name);
      await bothWays(sftp, server.home, MIB);
    });
  }
});

test(
  'a bare @cert-authority line serves another port too, as ssh has it; its plain key may be pinned',
  requireSshd(),
  async () => {
    await using server = await startCertified(['ed25519'], '-n', '127.0.0.1');
    const bare = knownHostsText(`@cert-authority 127.0.0.1 ${ca.line}`);
    await withSftp(await loginTo(server, { trust: bare }), (sftp) => sftp.realpath('.'));
    const pinned = fingerprints(server.hostKeys.map(({ fingerprint }) => fingerprint));
    await withSftp(await loginTo(server, { trust: pinned }), async (_sftp, connection) => {
      assert.equal(connection.algorithms.hostKey, 'ssh-ed25519');
    });
  },
);

test('a host certificate that is not good: its reason, by each trust source', requireSshd(), async () => {
  const cases: [args: string[], reason: RegExp][] = [
    [['-n', 'elsewhere'], /good for elsewhere, not for 127\.0\.0\.1/],
    [['-n', '127.0.0.1', '-V', '20200101:20200102'], /expired on 2020/],
    [['-n', '127.0.0.1', '-V', '20900101:20910101'], /not valid before 20/],
    [[], /names nobody/],
    [
      ['-n', '127.0.0.1', '-O', 'critical:strange@wherry.example=x'],
      /critical option strange@wherry\.example/,
    ],
  ];
  for (const [args, reason] of cases) {
    await using server = await startCertified(['ed25519'], ...args);
    const error = await fails(
      5000,
      connect(await loginTo(server, { trust: caKeys(ca.line) })),
      'HOST_KEY_REJECTED',
    );
    assert.match(error.message, reason);
    const known = knownHostsText(`@cert-authority [127.0.0.1]:* ${ca.line}`);
    const other = await fails(5000, connect(await loginTo(server, { trust: known })), 'HOST_KEY_UNKNOWN');
    assert.match(other.message, reason);
  }
});

test('another CA, a revoked one, and no certificate at all', requireSshd(), async () => {
  await using server = await startCertified(['ed25519'], '-n', '127.0.0.1');
  const other = await fails(
    5000,
    connect(await loginTo(server, { trust: caKeys(otherCa.line) })),
    'HOST_KEY_REJECTED',
  );
  assert.match(other.message, /signed by another CA/);
  const revoked = knownHostsText(`@cert-authority * ${ca.line}\n@revoked * ${ca.line}`);
  await fails(5000, connect(await loginTo(server, { trust: revoked })), 'HOST_KEY_REVOKED');
  // Where the CA does not hold, the plain key does: OpenSSH falls back to it.
  const plain = knownHostsText(`@cert-authority * ${otherCa.line}\n* ${server.hostKeys[0]!.publicLine}`);
  await withSftp(await loginTo(server, { trust: plain }), (sftp) => sftp.realpath('.'));
  await using bare = await startSshd({ name: 'plain', hostKeys: ['ed25519'] });
  await fails(5000, connect(await loginTo(bare, { trust: caKeys(ca.line) })), 'HOST_KEY_UNKNOWN');
});

test('a user certificate of every type logs in, where the plain key does not', requireSshd(), async () => {
  const { userKeys } = await getFixtures();
  await using server = await startSshd({
    name: 'user-ca',
    config: [`TrustedUserCAKeys ${ca.file}.pub`, 'AuthorizedKeysFile none'],
  });
  for (const type of ['ed25519', 'rsa', 'ecdsa256', 'ecdsa521'] as const) {
    const { publicFile, files } = userKeys[type];
    const certificate = await readFile(await certify(publicFile, ca.file, '-n', server.user), 'utf8');
    const privateKey = await readFile(files.openssh);
    await withSftp(await loginTo(server, { privateKey, certificate }), (sftp) => sftp.realpath('.'));
    await fails(5000, connect(await loginTo(server, { privateKey })), 'AUTH_FAILED');
    assert.match(server.log(), /Accepted certificate ID/);
    if (type !== 'rsa') continue;
    for (const algorithm of ['rsa-sha2-256-cert-v01@openssh.com', 'rsa-sha2-512-cert-v01@openssh.com']) {
      const renamed = certificate.replace(/^\S+/, algorithm);
      await withSftp(await loginTo(server, { privateKey, certificate: renamed }), (sftp) =>
        sftp.realpath('.'),
      );
    }
  }
});

test('a user certificate that is not good is refused, and the error names it', requireSshd(), async () => {
  const { userKeys } = await getFixtures();
  const { publicFile, files } = userKeys.ed25519;
  await using server = await startSshd({
    name: 'user-ca',
    config: [`TrustedUserCAKeys ${ca.file}.pub`, 'AuthorizedKeysFile none'],
  });
  const privateKey = await readFile(files.openssh);
  for (const args of [
    ['-n', 'nobody'],
    ['-n', server.user, '-V', '20200101:20200102'],
  ]) {
    const certificate = await readFile(await certify(publicFile, ca.file, ...args), 'utf8');
    const error = await fails(
      5000,
      connect(await loginTo(server, { privateKey, certificate })),
      'AUTH_FAILED',
    );
    const [first] = error.details.attempts ?? [];
    assert.match(first?.method ?? '', /ssh-ed25519-cert-v01@openssh\.com SHA256:/);
    assert.equal(first?.algorithm, 'ssh-ed25519-cert-v01@openssh.com');
  }
  const foreign = await readFile(await certify(userKeys.rsa.publicFile, ca.file, '-n', server.user), 'utf8');
  await fails(5000, connect(await loginTo(server, { privateKey, certificate: foreign })), 'INVALID_ARGUMENT');
});

test(
  'an agent: its own certificates, ours for its keys, and keys that are bound to a host',
  requireSshd(),
  async () => {
    const { userKeys } = await getFixtures();
    await using server = await startSshd({
      name: 'user-ca',
      hostKeys: ['ed25519'],
      config: [`TrustedUserCAKeys ${ca.file}.pub`, 'AuthorizedKeysFile none'],
    });
    const socket = join(folder, 'agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = once(agent, 'close');
    try {
      await once(agent.stdout, 'data');
      const env = { SSH_AUTH_SOCK: socket };
      for (const type of ['ed25519', 'rsa'] as const) {
        const key = join(folder, `held-${type}`);
        await writeFile(key, await readFile(userKeys[type].files.openssh), { mode: 0o600 });
        const line = await readFile(
          await certify(userKeys[type].publicFile, ca.file, '-n', server.user),
          'utf8',
        );
        await run('ssh-add', ['-q', '-D'], { env });
        await run('ssh-add', ['-q', key], { env });
        await fails(5000, connect(await loginWithout(server, { agent: socket })), 'AUTH_FAILED');
        await withSftp(await loginWithout(server, { agent: socket, certificate: line }), (sftp) =>
          sftp.realpath('.'),
        );
        await writeFile(`${key}-cert.pub`, line);
        await run('ssh-add', ['-q', '-D'], { env });
        await run('ssh-add', ['-q', key], { env });
        await withSftp(await loginWithout(server, { agent: socket }), (sftp) => sftp.realpath('.'));
      }
      const known = join(folder, 'bound_hosts');
      await using open = await startSshd({ name: 'bound', hostKeys: ['ed25519'] });
      await writeFile(known, `here ${open.hostKeys[0]!.publicLine}\nthere ${ca.line}\n`);
      const key = userKeys.ed25519.files.openssh;
      for (const [host, fits] of [
        ['here', true],
        ['there', false],
      ] as const) {
        await run('ssh-add', ['-q', '-D'], { env });
        await run('ssh-add', ['-q', '-H', known, '-h', host, key], { env });
        const login = await loginWithout(open, { agent: { path: socket, required: true } });
        if (fits) await withSftp(login, (sftp) => sftp.realpath('.'));
        else await fails(5000, connect(login), 'AGENT_FAILED', 'AUTH_FAILED');
      }
    } finally {
      agent.kill();
      await ended;
    }
  },
);

test(
  'hostkeys-00: a server proves its other keys, which are recorded; keys that are gone are taken out',
  requireSshd(),
  async () => {
    const { hostKeys } = await getFixtures();
    await using server = await startSshd({ name: 'keys', hostKeys: ['ed25519', 'rsa', 'ecdsa256'] });
    const target = `[127.0.0.1]:${server.port}`;
    for (const hash of [false, true]) {
      const file = join(folder, `learns-${hash}`);
      const stale = `${target} ${hostKeys.ecdsa384.publicLine}`;
      const others = [
        `elsewhere ${hostKeys.ecdsa384.publicLine}`,
        `${target},elsewhere ${hostKeys.ecdsa384.publicLine}`,
      ];
      await writeFile(file, [`${target} ${hostKeys.ed25519.publicLine}`, stale, ...others, ''].join('\n'), {
        mode: 0o640,
      });
      if (hash) await run('ssh-keygen', ['-H', '-f', file]);
      const before = await readFile(file, 'utf8');
      await withSftp(await loginTo(server, { trust: knownHosts(file) }), (sftp) => sftp.realpath('.'));
      assert.equal(await readFile(file, 'utf8'), before, 'nothing is written unasked');
      const connection = await connect(await loginTo(server, { trust: knownHosts(file, { update: true }) }));
      for (let i = 0; i < 200 && (await readFile(file, 'utf8')) === before; i++) await sleep(20);
      await connection.close();
      const { stdout } = await run('ssh-keygen', ['-F', target, '-f', file]);
      for (const type of ['ed25519', 'rsa', 'ecdsa256'] as const)
        assert.ok(stdout.includes(hostKeys[type].publicLine.split(' ')[1]!), type);
      const text = await readFile(file, 'utf8');
      if (!hash) for (const line of others) assert.ok(text.includes(line), line);
      assert.ok(!text.split('\n').includes(stale));
      assert.equal((await stat(file)).mode & 0o777, hash ? (await stat(file)).mode & 0o777 : 0o640);
      const again = await connect(await loginTo(server, { trust: knownHosts(file, { update: true }) }));
      await sleep(100);
      await again.close();
      assert.equal(await readFile(file, 'utf8'), text, 'nothing more to learn');
    }
  },
);

test('X.509 host keys of asyncssh (RFC 6187)', async (t) => {
  const root = await makeCertificate({ name: 'root', extensions: CA_EXTENSIONS });
  const issuer = await makeCertificate({ name: 'ca', issuer: root, extensions: CA_EXTENSIONS });
  const hosts: [key: string, names: string[]][] = [
    ['rsa:2048', ['x509v3-rsa2048-sha256', 'x509v3-ssh-rsa']],
    ['ec', ['x509v3-ecdsa-sha2-nistp256']],
    ['secp384r1', ['x509v3-ecdsa-sha2-nistp384']],
    ['secp521r1', ['x509v3-ecdsa-sha2-nistp521']],
  ];
  for (const [key, names] of hosts) {
    const own: X509Files = await makeCertificate({ name: 'host', key, issuer, extensions: HOST_EXTENSIONS });
    await using server = await startOnDemand(t, ASYNCSSH, () =>
      startAsyncssh({
        hostKeys: [],
        algorithms: 'all',
        x509HostKeys: [[own.keyFile, [own.certFile, issuer.certFile]]],
      }),
    );
    if (server === undefined) return;
    const trust = x509Roots(root.pem);
    await withSftp(await loginTo(server, { trust }), async (_sftp, connection) => {
      assert.equal(connection.algorithms.hostKey, names[0]);
    });
    for (const name of names) {
      const login = await loginTo(server, { trust, algorithms: { hostKey: [name] } });
      await withSftp(login, (sftp) => bothWays(sftp, server.home, MIB));
    }
    const wrong = await loginTo(server, {
      trust: x509Roots(
        own.pem.replace(own.pem, (await makeCertificate({ name: 'root', extensions: CA_EXTENSIONS })).pem),
      ),
    });
    const error = await fails(10_000, connect(wrong), 'HOST_KEY_REJECTED');
    assert.match(error.message, /no trusted root/);
  }
});

test('keys on a security key, and certificates of them, through an agent', async (t) => {
  const provider = await startOnDemand(t, SECURITY_KEY, securityKeyProvider);
  if (provider === undefined) return;
  const authorized = join(folder, 'sk_authorized');
  // sshd reads it as the user.
  await chmod(folder, 0o711);
  await using server = await startSshd({
    name: 'sk',
    hostKeys: ['ed25519'],
    config: [`TrustedUserCAKeys ${ca.file}.pub`, `AuthorizedKeysFile ${authorized}`],
  });
  const socket = join(folder, 'sk-agent');
  const args = ['-D', '-a', socket, '-P', `${dirname(provider)}/*`];
  const agent = spawn('ssh-agent', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(agent, 'close');
  try {
    await once(agent.stdout, 'data');
    const env = { SSH_AUTH_SOCK: socket };
    for (const type of ['ed25519-sk', 'ecdsa-sk']) {
      const file = join(folder, type);
      await run('ssh-keygen', ['-q', '-t', type, '-N', '', '-w', provider, '-f', file], { env });
      await writeFile(authorized, await readFile(`${file}.pub`), { mode: 0o644 });
      await run('ssh-add', ['-q', '-D'], { env });
      await run('ssh-add', ['-q', '-S', provider, file], { env });
      await withSftp(await loginWithout(server, { agent: socket }), (sftp) => sftp.realpath('.'));
      await writeFile(authorized, '');
      await fails(5000, connect(await loginWithout(server, { agent: socket })), 'AUTH_FAILED');
      const certificate = await readFile(await certify(`${file}.pub`, ca.file, '-n', server.user), 'utf8');
      await withSftp(await loginWithout(server, { agent: socket, certificate }), (sftp) =>
        sftp.realpath('.'),
      );
    }
  } finally {
    agent.kill();
    await ended;
  }
});

test('a host key on a security key, and a certificate of it, which sshd signs with through an agent', async (t) => {
  const provider = await startOnDemand(t, SECURITY_KEY, securityKeyProvider);
  if (provider === undefined) return;
  const socket = join(folder, 'sk-host-agent');
  const args = ['-D', '-a', socket, '-P', `${dirname(provider)}/*`];
  const agent = spawn('ssh-agent', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(agent, 'close');
  try {
    await once(agent.stdout, 'data');
    const env = { SSH_AUTH_SOCK: socket };
    const files: string[] = [];
    for (const type of ['ed25519-sk', 'ecdsa-sk']) {
      const file = join(folder, `host-${type}`);
      await run('ssh-keygen', ['-q', '-t', type, '-N', '', '-w', provider, '-f', file], { env });
      await run('ssh-add', ['-q', '-S', provider, file], { env });
      files.push(file);
    }
    const certificates = await Promise.all(
      files.map((file) => certify(`${file}.pub`, ca.file, '-h', '-n', '127.0.0.1')),
    );
    await using server = await startSshd({
      name: 'sk-host',
      hostKeys: [],
      config: [
        `HostKeyAgent ${socket}`,
        ...files.map((file) => `HostKey ${file}.pub`),
        ...certificates.map((file) => `HostCertificate ${file}`),
      ],
    });
    for (const [i, names] of [
      ['sk-ssh-ed25519@openssh.com', 'sk-ssh-ed25519-cert-v01@openssh.com'],
      ['sk-ecdsa-sha2-nistp256@openssh.com', 'sk-ecdsa-sha2-nistp256-cert-v01@openssh.com'],
    ].entries()) {
      const line = (await readFile(`${files[i]}.pub`, 'utf8')).trim();
      for (const [trust, name] of [
        [knownHostsText(`[127.0.0.1]:${server.port} ${line}`), names[0]!],
        [caKeys(ca.line), names[1]!],
      ] as const) {
        const login = await loginTo(server, { trust, algorithms: { hostKey: [name] } });
        await withSftp(login, async (sftp, connection) => {
          assert.equal(connection.algorithms.hostKey, name);
          await bothWays(sftp, server.home, MIB);
        });
      }
    }
    const other = knownHostsText(
      `[127.0.0.1]:${server.port} ${(await readFile(`${files[1]}.pub`, 'utf8')).trim()}`,
    );
    const hostKey = ['sk-ssh-ed25519@openssh.com'];
    await fails(
      5000,
      connect(await loginTo(server, { trust: other, algorithms: { hostKey } })),
      'HOST_KEY_CHANGED',
    );
  } finally {
    agent.kill();
    await ended;
  }
});
