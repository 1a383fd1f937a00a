import { createHash } from 'node:crypto';
import type { WaitOptions } from '../base/deadline.ts';
import { checkFile } from '../sftp/hashes.ts';
import { openFile } from '../sftp/open-file.ts';
import { OPEN_FLAGS } from '../sftp/packets.ts';
import { closeHandle, fstat } from '../sftp/requests.ts';
import type { SftpSession } from '../sftp/session.ts';
import { OrderedSink, type OrderedTarget } from './ordered-sink.ts';
import { RateGate } from './rate-limit.ts';
import { ReadPipeline } from './read-pipeline.ts';
import { underDeadline } from './run.ts';
import type { Tuning } from './tuning.ts';

/** SHA-256 of a remote file, in hexadecimal: the file is read for it where the server cannot tell (check-file). */
export async function remoteHash(
  session: SftpSession,
  tuning: Promise<Tuning>,
  path: string,
  wait: WaitOptions,
): Promise<string> {
  const handle = await openFile(session, path, OPEN_FLAGS.SSH_FXF_READ, {}, wait);
  try {
    const told = await checkFile(session, { path, handle }, { algorithms: ['sha256'] }, wait).catch(
      () => undefined,
    );
    if (told?.algorithm === 'sha256' && told.hashes.length === 1)
      return Buffer.from(told.hashes[0]!).toString('hex');
    const [{ size }, { readSize, requests, reads }] = await Promise.all([
      fstat(session, handle, path, wait),
      tuning,
    ]);
    const hash = createHash('sha256');
    const sink = new OrderedSink(hashTarget(hash));
    let touch: () => void = () => {};
    const pipeline = new ReadPipeline({
      session,
      handle,
      path,
      start: 0,
      end: readSize.endOf(undefined, size),
      size,
      requestSize: readSize,
      requests,
      budget: reads,
      rate: new RateGate(undefined),
      sink,
      sinkBase: 0,
      asks: () => touch(),
      received: () => touch(),
    });
    await underDeadline(wait, session.timeout, 'hash', pipeline, async (mark) => {
      touch = mark;
      await pipeline.run();
      await sink.finish();
    });
    return hash.digest('hex');
  } finally {
    closeHandle(session, handle, path).catch(() => {});
  }
}

/** Bytes that are only looked at. */
function hashTarget(hash: { update(bytes: Uint8Array): unknown }): OrderedTarget {
  return {
    put(bytes, done) {
      hash.update(bytes);
      done();
    },
    onError: () => {},
    end: async () => {},
    abort: async () => {},
  };
}
