import { utimes } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { WherryError } from '../base/errors.ts';
import { sanitize } from '../base/text.ts';
import type { ScpLink } from '../scp/link.ts';
import { type FileReceiver, type Incoming, type Receiver, receive, type Times } from '../scp/receive.ts';
import { FileSink } from './file-sink.ts';
import { makeLocalFolder } from './local-folder.ts';
import { openLocalTarget } from './local-target.ts';
import { ProgressMeter } from './progress.ts';
import { checkSafeName } from './safe-name.ts';
import type { ScpOptions, ScpTally } from './scp-options.ts';

/** Received and not yet written, at most. */
const BUDGET_BYTES = 8_388_608;

/** Takes what a remote `scp -f` sends and puts it at `local`; files appear under their names when complete. */
export async function receiveInto(
  link: ScpLink,
  remote: string,
  local: string,
  options: ScpOptions,
  tally: ScpTally,
  touch: () => void,
): Promise<void> {
  const placeOf = (path: string): string => (path === '' ? local : join(local, ...path.split('/')));
  let meter: ProgressMeter | undefined;
  const receiver: Receiver = {
    async folder(incoming) {
      tally.folders++;
      await makeLocalFolder(placeOf(incoming.path), incoming.path === '');
    },
    async leave(path, times) {
      if (options.preserve && times !== undefined) await setTimes(placeOf(path), times);
    },
    async file(incoming) {
      const own = new ProgressMeter(options.onProgress, 0, incoming.size);
      meter?.stop();
      meter = own;
      return fileReceiver(
        placeOf(incoming.path),
        incoming,
        options,
        (bytes) => {
          touch();
          tally.bytes += bytes;
          own.add(bytes);
        },
        () => {
          tally.files++;
          own.finish();
        },
      );
    },
    warning: (message) => tally.warnings.push(message),
  };
  try {
    await receive(link, receiver, options.recursive === true, nameCheck(remote));
  } finally {
    meter?.stop();
  }
}

/** The name at the top is the one that was asked for (CVE-2019-6111), all others name one file in their folder. */
function nameCheck(remote: string): (name: string, depth: number) => void {
  const asked = posix.basename(remote);
  return (name, depth) => {
    checkSafeName(name);
    const open = asked === '' || asked === '.' || asked === '..' || asked.startsWith('~');
    if (depth === 0 && !open && name !== asked) {
      const text = `the server sent "${sanitize(name, 200)}" where "${sanitize(asked, 200)}" was asked for`;
      throw new WherryError('TRANSFER_UNSAFE_NAME', text, { path: sanitize(name, 200) });
    }
  };
}

async function fileReceiver(
  path: string,
  incoming: Incoming,
  options: ScpOptions,
  received: (bytes: number) => void,
  done: () => void,
): Promise<FileReceiver> {
  const target = await openLocalTarget(path, { overwrite: options.overwrite });
  const sink = new FileSink(target.file.fd, target.local);
  let offset = 0;
  let failure: unknown;
  let wake: (() => void) | undefined;
  sink.listen({
    drained: () => wake?.(),
    failed: (error) => {
      failure = error;
      wake?.();
    },
  });
  return {
    write(bytes) {
      if (failure !== undefined) throw failure;
      sink.write(offset, bytes);
      offset += bytes.length;
      received(bytes.length);
      if (sink.pending <= BUDGET_BYTES) return undefined;
      return new Promise((resolve) => {
        wake = () => {
          if (sink.pending <= BUDGET_BYTES || failure !== undefined) resolve();
        };
      });
    },
    async finish() {
      await sink.finish();
      if (failure !== undefined) throw failure;
      if (options.preserve) await target.file.chmod(incoming.mode);
      await target.commit(offset);
      if (options.preserve && incoming.times !== undefined) await setTimes(path, incoming.times);
      done();
    },
    async fail() {
      await sink.abort();
      await target.discard(0).catch(() => {});
    },
  };
}

async function setTimes(path: string, times: Times): Promise<void> {
  await utimes(path, times.accessTime, times.modifyTime);
}
