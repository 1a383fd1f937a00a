/** Keys and certificates of the client: every field, from stores that the usual tools have made, and logins with them. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { CertStoreTypes, SFTPClient, SSHAuthModes } from '../../../src/client/index.ts';
import { CERTIFICATE_FIELDS } from '../../../src/client/tables/certificate-fields.ts';
import { shows } from '../../client/shows.ts';
import { ASYNCSSH, startAsyncssh } from '../../support/servers/asyncssh.ts';
import { getFixtures } from '../../support/servers/fixtures.ts';
import { requireServer, requireSshd } from '../../support/servers/from-env.ts';
import { startOnDemand } from '../../support/servers/on-demand.ts';
import { startSshd } from '../../support/servers/openssh.ts';
import { run } from '../../support/servers/run.ts';
import { localFolder } from '../../support/sftp/memory-session.ts';
import { CA_EXTENSIONS, HOST_EXTENSIONS, makeCertificate } from '../../support/x509.ts';
import { noUnhandledRejections } from '../login.ts';
import { clientOf, failsWith } from './clients.ts';
import { makePfx } from './pfx.ts';

noUnhandledRejections();
const openssh = requireServer('openssh');

shows(
  'a PFX file: found by subject, shown in every field, logged in with; the same as an accepted key',
  ['sshCert*', 'sshAcceptServerHostKey*', 'sshAuthMode'],
  openssh,
  async () => {
    await using folder = await localFolder();
    const store = await makePfx(folder.path);
    const client = await clientOf();
    client.sshAuthMode = SSHAuthModes.amPublicKey;
    for (const group of [client.sshCert, client.sshAcceptServerHostKey]) {
      group.storeType = CertStoreTypes.cstPFXFile;
      group.store = store;
      group.storePassword = 'wrong';
      assert.throws(
        () => {
          group.subject = '*';
        },
        { code: 1006 },
      );
      group.storePassword = 'certpassword';
      group.subject = 'CN=nobody';
      assert.deepEqual([group.subject, group.privateKeyAvailable], ['', false]);
      group.subject = 'server.com';
      assert.match(group.subject, /CN=www\.server\.com/);
      assert.deepEqual(
        [group.version, group.publicKeyAlgorithm, group.serialNumber, group.usageFlags, group.usage],
        ['V3', 'RSA', '0102AB', 0xa0, 'Digital Signature,Key Encipherment'],
      );
      assert.deepEqual(
        [group.subjectAltNames, group.extendedKeyUsage, group.issuer, group.privateKeyContainer],
        ['a.example,b.example', '1.3.6.1.5.5.7.3.2', group.subject, ''],
      );
      for (const date of [group.effectiveDate, group.expirationDate])
        assert.match(date, /^\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d$/);
      for (const [text, bytes] of [
        [group.fingerprint, 16],
        [group.fingerprintSha1, 20],
        [group.fingerprintSha256, 32],
        [group.thumbprintMd5, 16],
        [group.thumbprintSha1, 20],
        [group.thumbprintSha256, 32],
      ] as const) {
        assert.equal(text.split(':').length, bytes);
      }
      assert.match(group.privateKey, /BEGIN PRIVATE KEY/);
      assert.match(group.publicKey, /BEGIN PUBLIC KEY/);
      assert.match(String(group.encoded), /BEGIN CERTIFICATE/);
      assert.match(group.signatureAlgorithm, /SHA256/);
      assert.ok(group.publicKeyLength >= 2048 && group.privateKeyAvailable);
    }
    assert.equal(client.sshCertSubject, client.sshCert.subject);
    await client.sshLogon();
    await client.sshLogoff();
  },
);

shows(
  'keys of other stores log in: PEM text, a file whose type is told by its contents, with a passphrase',
  ['sshCertStore', 'sshCertStoreType', 'sshCertStorePassword', 'sshCertEncoded', 'error:1006'],
  openssh,
  async () => {
    const { userKeys } = await getFixtures();
    const file = userKeys.ed25519.files.openssh;
    const text = await readFile(file, 'utf8');
    await using folder = await localFolder();
    const locked = folder.file('locked');
    await writeFile(locked, text, { mode: 0o600 });
    await run('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'a passphrase', '-f', locked]);
    const opener = await clientOf();
    opener.sshCertStore = locked;
    await failsWith(1006, opener.sshLogon());
    opener.sshCertStorePassword = 'a passphrase';
    await opener.sshLogon();
    await opener.sshLogoff();
    for (const [type, store] of [
      [CertStoreTypes.cstAuto, file],
      [CertStoreTypes.cstAuto, text],
      [CertStoreTypes.cstPEMKeyBlob, text],
      [CertStoreTypes.cstPEMKeyBlob, Buffer.from(text)],
    ] as const) {
      const client = await clientOf();
      client.sshCertStoreType = type;
      client.sshCertStore = store;
      await client.sshLogon();
      await client.sshLogoff();
    }
    const client = new SFTPClient();
    client.sshCertStoreType = CertStoreTypes.cstPEMKeyFile;
    client.sshCertStore = file;
    client.sshCertEncoded = await readFile(`${file}.pub`, 'utf8');
    assert.equal(client.sshCertPrivateKeyAvailable, true);
    client.sshCertEncoded = await readFile(`${userKeys.rsa.files.openssh}.pub`, 'utf8');
    assert.equal(client.sshCertPrivateKeyAvailable, false);
    client.sshCertStoreType = CertStoreTypes.cstPPKFile;
    assert.throws(
      () => {
        client.sshCertSubject = '*';
      },
      { code: 1006 },
    );
    client.sshCertStoreType = CertStoreTypes.cstUser;
    assert.throws(
      () => {
        client.sshCertSubject = '*';
      },
      { code: 1006 },
    );
    client.sshCertStoreType = CertStoreTypes.cstPEMKeyFile;
    client.sshCertStore = '/no/such/file';
    assert.throws(
      () => {
        client.sshCertSubject = '*';
      },
      { errno: 'ENOENT' },
    );
  },
);

shows('keys of an agent: as well, or only', ['config:EnablePageantAuth'], openssh, async () => {
  await using folder = await localFolder();
  const socket = folder.file('agent');
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  const before = process.env.SSH_AUTH_SOCK;
  try {
    while (!existsSync(socket)) await sleep(20);
    process.env.SSH_AUTH_SOCK = socket;
    const client = await clientOf();
    client.sshAuthMode = SSHAuthModes.amPassword;
    await client.config('EnablePageantAuth=2');
    await failsWith(1032, client.sshLogon());
    const { userKeys } = await getFixtures();
    await run('ssh-add', ['-q', userKeys.ed25519.files.openssh], { env: { SSH_AUTH_SOCK: socket } });
    await client.sshLogon();
    await client.sshLogoff();
    await client.config('EnablePageantAuth=1');
    await client.sshLogon();
    await client.sshLogoff();
  } finally {
    agent.kill();
    if (before === undefined) delete process.env.SSH_AUTH_SOCK;
    else process.env.SSH_AUTH_SOCK = before;
  }
});

shows(
  'OpenSSH certificates: of the host, by its authority, and of the user',
  ['config:SSHAcceptServerCAKey', 'config:SignedSSHCert'],
  requireSshd(),
  async () => {
    await using folder = await localFolder();
    const { hostKeys, userKeys } = await getFixtures();
    const ca = folder.file('ca');
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', ca]);
    const caLine = (await readFile(`${ca}.pub`, 'utf8')).trim();
    const certify = async (line: string, name: string, ...args: string[]): Promise<string> => {
      const file = folder.file(name);
      await run('sh', ['-c', 'printf "%s\\n" "$1" > "$2"', 'sh', line, `${file}.pub`]);
      await run('ssh-keygen', ['-q', '-s', ca, '-I', name, ...args, `${file}.pub`]);
      return `${file}-cert.pub`;
    };
    const hostCertificate = await certify(hostKeys.ed25519.publicLine, 'host', '-h', '-n', '127.0.0.1');
    await using server = await startSshd({
      name: 'certified',
      hostKeys: ['ed25519'],
      config: [
        `HostCertificate ${hostCertificate}`,
        `TrustedUserCAKeys ${ca}.pub`,
        'AuthorizedKeysFile none',
      ],
    });
    const client = await clientOf(server);
    await client.config('SSHAcceptServerHostKeyFingerPrint=');
    await failsWith(1030, client.connect());
    await client.config(`SSHAcceptServerCAKey=${caLine}`);
    await client.connect();
    await client.disconnect();
    await failsWith(1032, client.sshLogon());
    const userLine = await readFile(`${userKeys.ed25519.files.openssh}.pub`, 'utf8');
    const certificate = await readFile(await certify(userLine.trim(), 'user', '-n', server.user), 'utf8');
    await client.config(`SignedSSHCert=${certificate.trim()}`);
    await client.sshLogon();
    await client.sshLogoff();
    await assert.rejects(client.config('SSHAcceptServerCAKey=nonsense'), { code: 1006 });
  },
);

const DIGESTS = [
  ['Md5', 'md5'],
  ['Sha1', 'sha1'],
  ['Sha256', 'sha256'],
] as const;

shows(
  'every field of a certificate says what openssl and ssh-keygen say',
  ['sshCert*', 'sshAcceptServerHostKey*'],
  openssh,
  async () => {
    await using folder = await localFolder();
    const store = await makePfx(folder.path);
    const [cert, key] = [folder.file('cert.pem'), folder.file('key.pem')];
    const told = async (command: string, ...args: string[]): Promise<string> =>
      (await run(command, args)).stdout.trim();
    const x509 = (...args: string[]): Promise<string> =>
      told('openssl', 'x509', '-in', cert, '-noout', ...args);
    const after = (text: string): string => text.slice(text.indexOf('=') + 1);
    const sshKey = Buffer.from((await told('ssh-keygen', '-y', '-f', key)).split(' ')[1]!, 'base64');
    await writeFile(folder.file('blob'), sshKey);
    const blobHash = async (hash: string): Promise<string> =>
      after(await told('openssl', 'dgst', `-${hash}`, '-c', folder.file('blob'))).trim();
    const names = ['-nameopt', 'RFC2253,sep_comma_plus_space'];
    const text = await x509('-text');
    const line = (pattern: RegExp): string => pattern.exec(text)?.[1] ?? assert.fail(String(pattern));
    const date = async (which: string): Promise<number> =>
      Date.parse(after(await x509(which, '-dateopt', 'iso_8601')).replace(' ', 'T'));
    const expected: Record<string, unknown> = {
      effectiveDate: await date('-startdate'),
      expirationDate: await date('-enddate'),
      issuer: after(await x509('-issuer', ...names)),
      subject: after(await x509('-subject', ...names)),
      serialNumber: after(await x509('-serial')),
      version: `V${line(/Version: (\d)/)}`,
      publicKey: await x509('-pubkey'),
      publicKeyLength: Number(line(/Public-Key: \((\d+) bit\)/)),
      publicKeyAlgorithm: line(/Public Key Algorithm: (rsa)Encryption/).toUpperCase(),
      signatureAlgorithm: `RSA_${line(/Signature Algorithm: (sha256)WithRSAEncryption/).toUpperCase()}RSA`,
      subjectAltNames: line(/Alternative Name: *\n *(.*)/)
        .replace(/DNS:/g, '')
        .replace(/, /g, ','),
      usage: line(/X509v3 Key Usage: *\n *(.*)/).replace(/, /g, ','),
      usageFlags: 0x80 | 0x20,
      extendedKeyUsage: /TLS Web Client Authentication/.test(text) ? '1.3.6.1.5.5.7.3.2' : '',
      privateKey: await told('openssl', 'pkcs8', '-topk8', '-nocrypt', '-in', key),
      privateKeyAvailable: true,
      privateKeyContainer: '',
      encoded: await told('openssl', 'x509', '-in', cert),
      fingerprint: await blobHash('md5'),
      fingerprintSha1: await blobHash('sha1'),
      fingerprintSha256: await blobHash('sha256'),
      store,
      storePassword: 'certpassword',
      storeType: CertStoreTypes.cstPFXFile,
    };
    for (const [name, hash] of DIGESTS)
      expected[`thumbprint${name}`] = after(await x509('-fingerprint', `-${hash}`)).toLowerCase();
    assert.deepEqual(Object.keys(expected).sort(), Object.keys(CERTIFICATE_FIELDS).sort());
    const client = new SFTPClient();
    for (const group of [client.sshCert, client.sshAcceptServerHostKey]) {
      [group.storeType, group.store] = [CertStoreTypes.cstPFXFile, store];
      group.storePassword = 'certpassword';
      group.subject = '*';
      for (const [name, value] of Object.entries(expected)) {
        const ours = group[name as keyof typeof group];
        // Dates are local: `23-Jan-2000 15:00:00`.
        if (name.endsWith('Date')) assert.equal(Date.parse(String(ours).replace(/-/g, ' ')), value, name);
        else assert.equal(typeof ours === 'string' ? ours.trim() : ours, value, name);
      }
    }
  },
);

shows(
  'a certificate: its subject stays empty where the store has no private key for it',
  ['sshCertEncoded', 'sshCertSubject', 'sshCertPrivateKeyAvailable'],
  async () => {
    const [own, other] = [await makeCertificate({ name: 'own' }), await makeCertificate({ name: 'other' })];
    const client = new SFTPClient();
    [client.sshCertStoreType, client.sshCertStore] = [CertStoreTypes.cstPEMKeyFile, own.keyFile];
    client.sshCertEncoded = own.pem;
    assert.deepEqual([client.sshCertSubject, client.sshCertPrivateKeyAvailable], ['CN=own', true]);
    client.sshCertEncoded = other.pem;
    assert.deepEqual([client.sshCertSubject, client.sshCertPrivateKeyAvailable], ['', false]);
    assert.equal(client.sshCertIssuer, 'CN=other');
  },
);

shows(
  'asyncssh with an X.509 host key: its subject and issuer are shown to whoever decides',
  ['event:sshServerAuthentication', 'config:SSHPublicKeyAlgorithms', 'sshAcceptServerHostKeyEncoded'],
  async (t) => {
    const root = await makeCertificate({ name: 'root', extensions: CA_EXTENSIONS });
    const own = await makeCertificate({
      ...{ name: 'host', key: 'rsa:2048', issuer: root },
      extensions: HOST_EXTENSIONS,
    });
    await using server = await startOnDemand(t, ASYNCSSH, () =>
      startAsyncssh({
        ...{ hostKeys: [], algorithms: 'all' },
        x509HostKeys: [[own.keyFile, [own.certFile, root.certFile]]],
      }),
    );
    if (server === undefined) return;
    const client = await clientOf(server);
    await client.config('SSHAcceptServerHostKeyFingerPrint=');
    let told: unknown[] = [];
    client.on('sshServerAuthentication', (e) => {
      told = [e.keyAlgorithm, e.certSubject, e.certIssuer, e.accept];
      e.accept = true;
    });
    await client.config('SSHPublicKeyAlgorithms=x509v3-rsa2048-sha256');
    await client.sshLogon();
    await client.sshLogoff();
    assert.deepEqual(told, ['x509v3-rsa2048-sha256', 'CN=host', 'CN=root', false]);
    client.sshAcceptServerHostKeyEncoded = own.pem;
    await client.sshLogon();
    await client.sshLogoff();
    assert.equal(told[3], true);
  },
);
