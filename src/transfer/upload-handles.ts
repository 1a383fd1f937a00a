import { inTime, type WaitOptions } from '../base/deadline.ts';
import { isWherryError, withDetails } from '../base/errors.ts';
import { subject } from '../sftp/ask.ts';
import { closeHandle } from '../sftp/requests.ts';
import type { LaneOpener } from './lanes.ts';
import type { WriteLane } from './write-slot.ts';

/** What an upload writes by: the handle of its file, and those of its lanes. They are closed together, once. */
export class UploadHandles {
  /** Those of further channels, as soon as there are any. */
  lanes: LaneOpener | undefined;
  readonly #first: WriteLane;
  readonly #path: string;
  #closing: Promise<unknown> | undefined;

  constructor(first: WriteLane, path: string) {
    this.#first = first;
    this.#path = path;
  }

  /**
   * Sends each CLOSE, behind the WRITEs of its channel: requests about one file are worked off in the order they arrive,
   * filexfer-02 section 6.1. Nothing may go by the handles afterwards, for a server gives the same ones to other files.
   */
  close(): void {
    if (this.#closing !== undefined) return;
    // Without a clock: while WRITEs are answered, the upload has one.
    const { session, handle } = this.#first;
    const closing = closeHandle(session, handle, this.#path, { timeout: 0 });
    this.#closing = Promise.all([closing, this.lanes?.close()]);
    this.#closing.catch(() => {});
  }

  /** Closes what is not closed yet, and fails when the server says at the end that it has not stored what it acknowledged. */
  async closed(wait: WaitOptions): Promise<void> {
    this.close();
    const timeout = wait.timeout ?? this.#first.session.timeout;
    try {
      await inTime(this.#closing!, { signal: wait.signal, timeout }, 'close', () => {});
    } catch (error) {
      throw isWherryError(error) ? withDetails(error, subject('close', this.#path)) : error;
    }
  }
}
