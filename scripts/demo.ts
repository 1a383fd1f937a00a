/**
 * `npm run demo`: Wherry at work. Starts an SFTP server on loopback, uploads a folder, lists it, downloads it, compares
 * every SHA-256, and shows progress and speed. Ends with 0 when every file came back as it went.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, fingerprints, openSftp, type TreeResult } from '../src/index.ts';
import { startServer } from '../src/server/index.ts';

const MIB = 1_048_576;
/** A folder with an empty file, many small ones, odd names, and one worth a progress report. */
const FILES: readonly (readonly [name: string, size: number])[] = [
  ['empty.txt', 0],
  ['notes.txt', 1234],
  ['päper & pencil.txt', 32_769],
  ['video.bin', 32 * MIB],
  ...Array.from({ length: 40 }, (_, i) => [`many/file-${i}.dat`, i * 997] as const),
  ['deep/er/still/here.txt', 5 * MIB + 1],
];

const password = randomBytes(12).toString('hex');
const work = await mkdtemp(join(tmpdir(), 'wherry-demo-'));
const server = await startServer({ users: { demo: { password } } });
try {
  const source = join(work, 'source');
  for (const [name, size] of FILES) {
    await mkdir(join(source, name, '..'), { recursive: true });
    await writeFile(join(source, name), randomBytes(size));
  }
  console.log(`server on ${server.host} port ${server.port}, host key ${server.fingerprint}`);

  await using ssh = await connect({
    host: server.host,
    port: server.port,
    username: 'demo',
    password,
    trust: fingerprints([server.fingerprint]),
  });
  const { kex, cipherFromServer } = ssh.algorithms;
  console.log(`connected: ${kex}, ${cipherFromServer}`);
  await using sftp = await openSftp(ssh);

  report('uploaded', await sftp.uploadTree(source, 'inbox', { onProgress: show('upload') }));
  for await (const { name, type, attributes } of sftp.list('inbox')) {
    console.log(`  ${type.padEnd(9)} ${String(attributes.size ?? '').padStart(10)} ${name}`);
  }
  const target = join(work, 'target');
  report('downloaded', await sftp.downloadTree('inbox', target, { onProgress: show('download') }));

  const same = await compare(source, target);
  console.log(`${same} of ${FILES.length} files have the same SHA-256 as before`);
  if (same !== FILES.length) process.exitCode = 1;
} finally {
  await server.close();
  await rm(work, { recursive: true, force: true });
}

function show(what: string): (progress: { path: string; transferred: number; rate: number }) => void {
  let last = 0;
  return ({ path, transferred, rate }) => {
    if (performance.now() - last < 200) return;
    last = performance.now();
    console.log(
      `  ${what} ${path}: ${(transferred / MIB).toFixed(1)} MiB at ${(rate / MIB).toFixed(0)} MiB/s`,
    );
  };
}

function report(what: string, { files, folders, bytes, duration }: TreeResult): void {
  const speed = (bytes / MIB / (duration / 1000)).toFixed(0);
  console.log(
    `${what} ${files} files in ${folders} folders, ${(bytes / MIB).toFixed(1)} MiB at ${speed} MiB/s`,
  );
}

async function compare(before: string, after: string): Promise<number> {
  const hash = async (file: string): Promise<string> =>
    createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
  let same = 0;
  for (const name of await readdir(before, { recursive: true })) {
    if (!(await stat(join(before, name))).isFile()) continue;
    if ((await hash(join(before, name))) === (await hash(join(after, name)))) same++;
    else console.log(`DIFFERENT: ${name}`);
  }
  return same;
}
