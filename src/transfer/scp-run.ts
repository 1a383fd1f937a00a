import { Deadline } from '../base/deadline.ts';
import { type ScpChannel, ScpLink } from '../scp/link.ts';
import { transferError } from './run.ts';
import { newTally, type ScpOptions, type ScpResult, type ScpTally } from './scp-options.ts';

/** Runs one copy over a channel on which the remote scp has been started. */
export async function runScp(
  channel: ScpChannel,
  options: ScpOptions,
  defaultTimeout: number,
  operation: string,
  work: (link: ScpLink, tally: ScpTally, touch: () => void) => Promise<void>,
): Promise<ScpResult> {
  const began = performance.now();
  const link = new ScpLink(channel);
  const tally = newTally();
  const wait = { signal: options.signal, timeout: options.timeout ?? defaultTimeout };
  const deadline = new Deadline(wait, operation, (error) => link.stop(error));
  try {
    await work(link, tally, () => deadline.touch());
    await link.ended();
    return { ...tally, protocol: 'scp', duration: performance.now() - began };
  } catch (error) {
    const failure = transferError(error, operation, { operation });
    if (failure.code === 'SCP_FAILED') await link.ended();
    throw failure;
  } finally {
    deadline.clear();
    link.close();
  }
}
