/** Each default cipher, MAC and key exchange in turn, both ends in one process; prints those that did not work. */
import { randomBytes } from 'node:crypto';
import { algorithmNames, connect, fingerprints, openSftp } from 'wherry';
import { startServer } from 'wherry/server';

process.on('uncaughtException', () => {});
const server = await startServer({ users: { me: { password: 'secret' } } });
const { host, port } = server;
const trust = fingerprints([server.fingerprint]);
const { ciphers, kex, macs } = algorithmNames();
const rounds = [
  ...ciphers.defaults.map((name) => [name, { ciphers: [name], kex: ['curve25519-sha256'] }]),
  ...macs.defaults.map((name) => [
    name,
    { macs: [name], ciphers: ['aes128-ctr'], kex: ['curve25519-sha256'] },
  ]),
  // The groups of thousands of bits take seconds, and one of them shows whether they can be had.
  ...kex.defaults
    .filter((name) => !/group1[5-8]|group-exchange/.test(name))
    .map((name) => [name, { kex: [name], ciphers: ['aes128-gcm@openssh.com'] }]),
];
const cannot = [];
for (const [name, algorithms] of rounds) {
  try {
    const options = { host, port, username: 'me', password: 'secret', trust, algorithms, timeout: 5000 };
    const ssh = await connect(options);
    const sftp = await openSftp(ssh);
    const bytes = randomBytes(100_001);
    await sftp.upload(bytes, '/b.bin');
    if (!bytes.equals(await sftp.readFile('/b.bin'))) throw new Error(`other bytes with ${name}`);
    await ssh.close();
  } catch {
    cannot.push(name);
  }
}
await server.close();
console.log(`rounds ${rounds.length} cannot ${JSON.stringify(cannot)}`);
process.exit(0);
