/** One piece of work by a build of Wherry: see bench/works.ts for what there is. */
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { timed } from './report.mjs';

const job = JSON.parse(process.argv[2]);
const wherry = await import(pathToFileURL(join(job.dist, 'index.js')).href);
const privateKey = await readFile(job.keyFile);
const connect = () =>
  wherry.connect({
    host: job.host,
    port: job.port,
    username: job.user,
    privateKey,
    trust: wherry.fingerprints([job.fingerprint]),
    algorithms: { kex: [job.kex], ciphers: [job.cipher] },
  });

const WORKS = {
  get: (sftp) => sftp.download(job.remote, job.local),
  put: (sftp) => sftp.upload(job.local, job.remote),
  'tree get': (sftp) => sftp.downloadTree(job.remote, job.local),
  'tree put': (sftp) => sftp.uploadTree(job.local, job.remote),
  async list(sftp) {
    for await (const _ of sftp.list(job.remote));
  },
  'stream get': (sftp) =>
    pipeline(sftp.createReadStream(job.remote), createWriteStream(job.local, { highWaterMark: 1_048_576 })),
  'stream put': (sftp) =>
    pipeline(createReadStream(job.local, { highWaterMark: 1_048_576 }), sftp.createWriteStream(job.remote)),
  /** Gives the resident bytes each connection keeps when all have moved the file and rest. */
  async connections() {
    const before = await resident();
    const all = [];
    for (let i = 0; i < job.count; i += 10) {
      all.push(
        ...(await Promise.all(Array.from({ length: 10 }, async () => wherry.openSftp(await connect())))),
      );
    }
    const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });
    await Promise.all(all.map((one) => one.download(job.remote, nowhere())));
    return ((await resident()) - before) / job.count;
  },
};

async function resident() {
  globalThis.gc?.();
  await setTimeout(200);
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

let ssh;
let sftp;
await timed(
  async () => {
    ssh = await connect();
    sftp = await wherry.openSftp(ssh);
  },
  () => WORKS[job.work](sftp),
);
process.exit(0);
