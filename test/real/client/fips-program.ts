/** What fips.test.ts runs in FIPS mode: logs in by key, once for each key exchange, and tells what came of it. */
import { createHash, getFips } from 'node:crypto';
import { CertStoreTypes, SFTPClient, SFTPClientError, SSHAuthModes } from '../../../src/client/index.ts';

const { host, port, user, fingerprints, keyFile, folder } = JSON.parse(process.argv[2]!);
const said: Record<string, unknown> = { fips: getFips(), negotiated: {} };

async function attempt(work: () => unknown): Promise<unknown> {
  try {
    return (await work()) ?? 'done';
  } catch (error) {
    return error instanceof SFTPClientError ? error.code : String(error);
  }
}

const client = new SFTPClient();
[client.sshHost, client.sshPort, client.sshUser, client.timeout] = [host, port, user, 10];
await client.config(`SSHAcceptServerHostKeyFingerPrint=${fingerprints}`);
client.sshAuthMode = SSHAuthModes.amPublicKey;
[client.sshCertStoreType, client.sshCertStore] = [CertStoreTypes.cstPEMKeyFile, keyFile];
client.sshCertSubject = '*';
let negotiated = '';
client.on('sshStatus', ({ message }) => {
  if (message.startsWith('negotiated')) negotiated = message;
});
const session = (): Promise<unknown> =>
  attempt(async () => {
    await client.sshLogon();
    client.overwrite = true;
    client.remoteFile = `${folder}/fips`;
    client.setUploadStream([Buffer.from('in FIPS mode')]);
    await client.upload();
    await client.sshLogoff();
    return negotiated;
  });

said.md5 = await attempt(() => createHash('md5').digest('hex'));
said.fingerprints = [client.sshCertFingerprint, client.sshCertFingerprintSha256.length];
said.without = await session();
said.set = await attempt(() => client.config('UseFIPSCompliantAPI=True'));
said.with = await session();
for (const kex of ['ecdh-sha2-nistp384', 'ecdh-sha2-nistp521']) {
  await client.config(`SSHKeyExchangeAlgorithms=curve25519-sha256,${kex}`);
  said[kex] = await session();
}
await client.config('SSHKeyExchangeAlgorithms=curve25519-sha256');
said.refused = await session();
await client.config('UseFIPSCompliantAPI=False');
said.named = await session();
console.log(JSON.stringify(said));
