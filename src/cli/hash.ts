import { createHash } from 'node:crypto';
import { Writable } from 'node:stream';
import { isWherryError, type Sftp } from '../index.ts';
import type { CommandContext } from './commands.ts';
import { byServer, locateBySftp } from './place.ts';
import { printable } from './printable.ts';
import { withSftp } from './session.ts';

/** `wherry hash URL...`. */
export async function hash(context: CommandContext): Promise<void> {
  const { args, options, report } = context;
  const algorithm = options.algorithm ?? 'sha256';
  for (const urls of byServer(args.map((text) => locateBySftp(context, text)))) {
    await withSftp(urls[0]!, context, async (sftp) => {
      for (const { path } of urls) {
        const byServer = await hashByServer(sftp, path, algorithm, context);
        const digest = byServer ?? (await hashHere(sftp, path, algorithm, context));
        const facts = { path, algorithm, digest, by: byServer === undefined ? 'reading' : 'server' };
        await report.item('hash', facts, `${digest}  ${printable(path)}`);
      }
    });
  }
}

/** Undefined where the server has no such hash. */
async function hashByServer(
  sftp: Sftp,
  path: string,
  algorithm: string,
  { signal, report }: CommandContext,
): Promise<string | undefined> {
  try {
    const found = await sftp.hash(path, { algorithms: [algorithm as 'sha256'], signal });
    return found.algorithm === algorithm ? Buffer.from(found.hashes[0]!).toString('hex') : undefined;
  } catch (error) {
    const lacks = isWherryError(error) && /^SFTP_(OP_UNSUPPORTED|FAILURE)$/.test(error.code);
    if (!lacks) throw error;
    report.note(`${path}: the server tells no ${algorithm}; the file is read instead`);
    return undefined;
  }
}

async function hashHere(
  sftp: Sftp,
  path: string,
  algorithm: string,
  { signal, report }: CommandContext,
): Promise<string> {
  const digest = createHash(algorithm);
  const sink = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      digest.update(chunk);
      done();
    },
  });
  await sftp.download(path, sink, {
    signal,
    onProgress: (progress) => report.progress({ path, ...progress }),
  });
  return digest.digest('hex');
}
