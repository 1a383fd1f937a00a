/** One transfer by ssh2-sftp-client: fastGet and fastPut, or get and put; or of a folder. */
import { timed } from './report.mjs';
import { packages, ssh2Options } from './ssh2-options.mjs';

const job = JSON.parse(process.argv[2]);
const Client = packages(job)('ssh2-sftp-client');

const client = new Client();
await timed(
  () => client.connect(ssh2Options(job)),
  () => {
    if (job.tree) {
      return job.direction === 'get'
        ? client.downloadDir(job.remote, job.local, { useFastget: true })
        : client.uploadDir(job.local, job.remote, { useFastput: true });
    }
    if (job.direction === 'get')
      return job.fast ? client.fastGet(job.remote, job.local) : client.get(job.remote, job.local);
    return job.fast ? client.fastPut(job.local, job.remote) : client.put(job.local, job.remote);
  },
);
await client.end();
