import { fromUtf8 } from '../base/bytes.ts';
import type { Channel } from '../ssh/connection/channel.ts';
import { WireWriter } from '../ssh/wire/writer.ts';

/** What a command is said to have done. */
export interface CommandAnswer {
  /** What it wrote. Default: nothing. */
  readonly stdout?: string | Uint8Array;
  /** Default 0. */
  readonly exitStatus?: number;
}

/** Tells a client that its command has ended, with this output. */
export function answerCommand(channel: Channel, { stdout = '', exitStatus = 0 }: CommandAnswer): void {
  const ended = (): void => {
    if (!channel.congested) endCommand(channel, exitStatus);
  };
  channel.attach({ data: () => {}, closed: () => {}, writable: ended });
  // The yes to the request goes out first.
  setImmediate(() => {
    channel.write(typeof stdout === 'string' ? fromUtf8(stdout) : stdout);
    ended();
  });
}

/** exit-status, the end of the output, and the end of the channel (RFC 4254 section 6.10), when all output is out. */
export function endCommand(channel: Channel, exitStatus: number): void {
  channel.request('exit-status', new WireWriter().u32(exitStatus).finish(), false).catch(() => {});
  channel.end();
  channel.close();
}
