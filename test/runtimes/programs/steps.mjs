/**
 * What a program does with the package, step by step, against the real server that WHERRY_ACCESS tells of. Prints one JSON
 * object: for each step null, or what went wrong.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { connect, fingerprints, isWherryError, loadPrivateKey, openSftp, WherryError } from 'wherry';
import { SFTPClient } from 'wherry/client';
import SftpClient from 'wherry/compat/ssh2-sftp-client';
import { connectorNames, createEngine } from 'wherry/connectors';
import { loadKeys } from 'wherry/keys';
import { memoryFiles, startServer } from 'wherry/server';

// What a runtime has no algorithm for may fail late, in a reply to what has failed already.
process.on('uncaughtException', () => {});
const access = JSON.parse(process.env.WHERRY_ACCESS);
const { host, port, username, privateKeyFile, hostKeys } = access;
const trust = fingerprints(hostKeys.map(({ fingerprint }) => fingerprint));
const local = await mkdtemp(join(process.cwd(), 'local-'));
const bytes = randomBytes(300_001);
let privateKey, ssh, sftp, remote;
const result = {};

async function step(name, work) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('no end')), 20_000);
  });
  try {
    await Promise.race([work(), late]);
    result[name] = null;
  } catch (error) {
    result[name] = `${error?.code ?? ''} ${error?.stack ?? error}`;
  }
  clearTimeout(timer);
}
const failure = (promise) =>
  promise.then(
    () => assert.fail('did not fail'),
    (error) => error,
  );

await step('login with a key', async () => {
  privateKey = await loadPrivateKey(privateKeyFile);
  ssh = await connect({ host, port, username, privateKey, trust });
  sftp = await openSftp(ssh);
  remote = `${await sftp.realpath('.')}/wherry-runtime-${process.pid}-${Date.now()}`;
  await sftp.mkdir(remote);
});
for (const [type, file] of Object.entries(access.userKeyFiles))
  await step(`login with a key: ${type}`, async () => {
    const one = await connect({ host, port, username, privateKey: await loadPrivateKey(file), trust });
    await one.close();
  });
await step('login with a password', async () => {
  const one = await connect({ host, port, username, password: access.password, trust });
  await one.close();
});
for (const { algorithm } of hostKeys)
  await step(`host key: ${algorithm}`, async () => {
    const hostKey = algorithm === 'ssh-rsa' ? ['rsa-sha2-512'] : [algorithm];
    const one = await connect({ host, port, username, privateKey, trust, algorithms: { hostKey } });
    await one.close();
  });
await step('a wrong password is refused', async () => {
  const error = await failure(connect({ host, port, username, password: 'no', trust }));
  assert.equal(error.code, 'AUTH_FAILED');
});
await step('a wrong host key is refused', async () => {
  const other = fingerprints([`SHA256:${'A'.repeat(43)}`]);
  const error = await failure(connect({ host, port, username, privateKey, trust: other }));
  assert.match(error.code, /^HOST_KEY_/);
});
await step('put and get', async () => {
  await sftp.upload(bytes, `${remote}/a.bin`);
  await sftp.download(`${remote}/a.bin`, join(local, 'a.bin'));
  assert.ok(bytes.equals(await readFile(join(local, 'a.bin'))));
  assert.ok(bytes.equals(await sftp.readFile(`${remote}/a.bin`)));
});
await step('ls, an async iterator', async () => {
  const names = [];
  for await (const { name, attributes } of sftp.list(remote)) names.push([name, attributes.size]);
  assert.deepEqual(
    names.map(([name, size]) => `${name} ${size}`),
    ['a.bin 300001'],
  );
});
await step('a tree up and down', async () => {
  await mkdir(join(local, 'tree', 'deep'), { recursive: true });
  for (const name of ['one', 'deep/two']) await writeFile(join(local, 'tree', name), name);
  assert.equal((await sftp.uploadTree(join(local, 'tree'), `${remote}/tree`)).files, 2);
  assert.equal((await sftp.downloadTree(`${remote}/tree`, join(local, 'back'))).files, 2);
  assert.equal(await readFile(join(local, 'back', 'deep', 'two'), 'utf8'), 'deep/two');
});
await step('Node streams', async () => {
  await sftp.upload(Readable.from([bytes.subarray(0, 1000), bytes.subarray(1000)]), `${remote}/s.bin`);
  assert.ok(bytes.equals(await buffer(sftp.createReadStream(`${remote}/s.bin`))));
  const target = new PassThrough();
  const [got] = await Promise.all([buffer(target), sftp.download(`${remote}/s.bin`, target)]);
  assert.ok(bytes.equals(got));
  const sink = sftp.createWriteStream(`${remote}/w.bin`);
  const closed = new Promise((resolve, reject) => sink.once('close', resolve).once('error', reject));
  sink.end(bytes);
  await closed;
  assert.equal((await sftp.stat(`${remote}/w.bin`)).size, 300_001);
});
await step('web streams', async () => {
  await sftp.upload(new Blob([bytes]).stream(), `${remote}/web.bin`);
  const parts = [];
  const target = new WritableStream({
    write(part) {
      parts.push(Buffer.from(part));
    },
  });
  await sftp.download(`${remote}/web.bin`, target);
  assert.ok(bytes.equals(Buffer.concat(parts)));
});
await step('AbortSignal', async () => {
  const signal = AbortSignal.abort();
  assert.equal((await failure(sftp.stat(remote, { signal }))).code, 'ABORTED');
  const controller = new AbortController();
  const never = new Readable({ read() {} });
  const upload = failure(sftp.upload(never, `${remote}/n.bin`, { signal: controller.signal }));
  setTimeout(() => controller.abort(), 50);
  assert.equal((await upload).code, 'ABORTED');
  await sftp.stat(remote);
});
await step('typed errors', async () => {
  const error = await failure(sftp.stat(`${remote}/missing`));
  assert.ok(error instanceof WherryError && error instanceof Error && isWherryError(error));
  assert.equal(error.code, 'SFTP_NO_SUCH_FILE');
  assert.equal(error.details.path, `${remote}/missing`);
});
await step('await using', async () => {
  // What TypeScript and Node 24 make of `await using`.
  const one = await connect({ host, port, username, privateKey, trust });
  const two = await openSftp(one);
  await two[Symbol.asyncDispose]();
  await one[Symbol.asyncDispose]();
  assert.equal(one.closed, true);
});
await step('diagnostics_channel', async () => {
  const kinds = new Set();
  subscribe('wherry:log', ({ kind }) => kinds.add(kind));
  const one = await connect({ host, port, username, privateKey, trust });
  await one.close();
  for (const kind of ['connect', 'negotiated', 'hostKey', 'auth'])
    assert.ok(kinds.has(kind), [...kinds].join());
});
await step('keys', async () => {
  const [{ publicKey }] = await loadKeys(privateKeyFile);
  assert.equal(publicKey.type, 'ssh-ed25519');
});
await step('the class SFTPClient', async () => {
  const client = new SFTPClient();
  client.sshUser = username;
  client.sshAuthMode = 3;
  client.sshCertStoreType = 6;
  client.sshCertStore = privateKeyFile;
  client.sshCertSubject = '*';
  client.on('sshServerAuthentication', (e) => {
    e.accept = true;
  });
  await client.sshLogon(host, port);
  client.remoteFile = `${remote}/a.bin`;
  client.localFile = join(local, 'class.bin');
  await client.download();
  await client.sshLogoff();
  assert.ok(bytes.equals(await readFile(join(local, 'class.bin'))));
});
await step('ssh2-sftp-client', async () => {
  const client = new SftpClient('steps', {});
  await client.connect({ host, port, username, privateKey: await readFile(privateKeyFile, 'utf8'), trust });
  assert.equal(await client.exists(`${remote}/a.bin`), '-');
  await client.end();
});
await step('connectors', async () => {
  assert.deepEqual(connectorNames(), ['SCP', 'SFTP']);
  const { status, message } = await createEngine({ store: join(local, 'store') }).connect({
    connector_type: 'SFTP',
    host,
    port,
    hostkey: { hostkey_mode: 'known_host', known_host: hostKeys[0].publicLine },
    authentication: {
      authentication_method: 'ssh_key',
      username,
      ssh_key: await readFile(privateKeyFile, 'utf8'),
    },
    mode: { mode_name: 'stats', path: '.' },
  });
  assert.equal(status, 'success', message);
});
await step('the server for tests', async () => {
  const files = memoryFiles();
  const server = await startServer({ users: { me: { password: 'secret' } }, files });
  const one = await connect({
    host: server.host,
    port: server.port,
    username: 'me',
    password: 'secret',
    trust: fingerprints([server.fingerprint]),
  });
  const two = await openSftp(one);
  await two.upload(bytes, '/x.bin');
  assert.ok(bytes.equals(files.get('/x.bin')));
  await one.close();
  await server.close();
});
await step('require()', async () => {
  const require = createRequire(import.meta.url);
  const common = require('wherry');
  assert.equal(typeof common.connect, 'function');
  const Client = require('wherry/compat/ssh2-sftp-client');
  assert.equal(typeof (Client.default ?? Client), 'function');
});
await step('cleaning up', async () => {
  const remove = async (path) => {
    for await (const { name, type } of sftp.list(path)) {
      if (type === 'directory') await remove(`${path}/${name}`);
      else await sftp.remove(`${path}/${name}`);
    }
    await sftp.rmdir(path);
  };
  await remove(remote);
  await ssh.close();
});
await rm(local, { recursive: true });
console.log(`steps ${JSON.stringify(result)}`);
process.exit(0);
