/** One transfer by SFTPClient, with and without a handler of its transfer event. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { timed } from './report.mjs';

const job = JSON.parse(process.argv[2]);
const { SFTPClient } = await import(pathToFileURL(join(job.dist, 'client', 'index.js')).href);

const client = new SFTPClient();
await timed(
  async () => {
    await client.config(`SSHAcceptServerHostKeyFingerPrint=${job.fingerprint}`);
    await client.config(`SSHKeyExchangeAlgorithms=${job.kex}`);
    if (job.mac !== undefined) await client.config(`SSHMacAlgorithms=${job.mac}`);
    client.sshEncryptionAlgorithms = job.cipher;
    client.sshUser = job.user;
    client.sshAuthMode = 3;
    client.sshCertStoreType = 7;
    client.sshCertStore = await readFile(job.keyFile);
    client.sshCertSubject = '*';
    client.overwrite = true;
    client.localFile = job.local;
    client.remoteFile = job.remote;
    if (job.handler) {
      client.on('transfer', (e) => {
        if (e.percentDone < 0 || e.text.length === 0) throw new Error('no piece, or no size');
      });
    }
    await client.sshLogon(job.host, job.port);
  },
  () => (job.direction === 'get' ? client.download() : client.upload()),
);
await client.sshLogoff();
