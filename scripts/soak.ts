/**
 * `npm run soak -- --minutes N`: moves files between this machine and an sshd of its own for an hour, 50 at a time, over
 * re-keys and connections that are cut, compares every hash, and watches heap, buffers, handles and descriptors. Ends
 * with 0 when every file came back as it went and nothing grew.
 */
import { parseArgs } from 'node:util';
import { loginTo } from '../test/real/login.ts';
import { makeScratch } from '../test/support/servers/from-env.ts';
import { startSshd } from '../test/support/servers/openssh.ts';
import { describe, growth, soak } from '../test/support/soak.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    parallel: { type: 'string', default: '50' },
    'rest-ms': { type: 'string', default: '20' },
  },
});

await using scratch = await makeScratch('soak-');
// The server brings on new keys as well; MaxSessions and MaxStartups are above what 10 connections need.
await using server = await startSshd({ name: 'soak', rekeyLimit: '8M 60', config: ['MaxStartups 100'] });
const result = await soak({
  login: await loginTo(server, { rekeyBytes: 4_194_304 }),
  folder: scratch.path,
  seconds: Number(values.minutes) * 60,
  connections: 10,
  parallel: Number(values.parallel),
  largestFile: 4_194_304,
  restMs: Number(values['rest-ms']),
  sampleSeconds: 30,
  cut: async () => {
    await server.killConnections();
  },
  cutSeconds: 45,
  log: (line) => console.log(`  ${new Date().toISOString().slice(11, 19)} ${line}`),
});

const grown = growth(result.samples);
const leaks =
  result.after.descriptors > result.before.descriptors ? [`descriptors left: ${describe(result.after)}`] : [];
console.log(
  [
    `${result.files} files, ${(result.bytes / 2 ** 30).toFixed(2)} GiB both ways, ${result.connects} connections`,
    `ended by cuts: ${JSON.stringify(result.lost)}`,
    `before: ${describe(result.before)}`,
    `after:  ${describe(result.after)}`,
    ...[...result.wrong, ...grown, ...leaks].map((line) => `WRONG: ${line}`),
  ].join('\n'),
);
if (result.files === 0 || result.wrong.length + grown.length + leaks.length > 0) process.exitCode = 1;
