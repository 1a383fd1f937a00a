import type { WaitOptions } from '../base/deadline.ts';

/** What `copy` copies, and whether it may replace a file. */
export interface CopyOptions extends WaitOptions {
  /** Replace a file at the target. Default true. */
  readonly overwrite?: boolean | undefined;
}

/** Which bytes `copyRange` copies to where. */
export interface CopyRangeOptions extends WaitOptions {
  /** First byte of the source. Default 0. */
  readonly start?: number | undefined;
  /** Bytes; 0, the default, copies to the end of the source. */
  readonly length?: number | undefined;
  /** Where in the target they go. Default 0. */
  readonly at?: number | undefined;
}
