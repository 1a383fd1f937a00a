/** One transfer by ssh2's fastGet or fastPut. */
import { promisify } from 'node:util';
import { timed } from './report.mjs';
import { packages, ssh2Options } from './ssh2-options.mjs';

const job = JSON.parse(process.argv[2]);
const { Client } = packages(job)('ssh2');

const client = new Client();
let sftp;
await timed(
  async () => {
    await new Promise((resolve, reject) => {
      client.once('ready', resolve).once('error', reject).connect(ssh2Options(job));
    });
    sftp = await promisify(client.sftp.bind(client))();
  },
  () =>
    job.direction === 'get'
      ? promisify(sftp.fastGet.bind(sftp))(job.remote, job.local)
      : promisify(sftp.fastPut.bind(sftp))(job.local, job.remote),
);
client.end();
