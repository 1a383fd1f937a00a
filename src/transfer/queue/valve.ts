import { RateLimit } from '../rate-limit.ts';

/** Looked at again after so many milliseconds. */
const LOOK_MS = 50;

/** A rate limit that is either none or all: what a paused queue holds its transfers with. */
export class Valve extends RateLimit {
  closed = false;

  constructor() {
    super(Number.MAX_SAFE_INTEGER);
  }

  override get wait(): number {
    return this.closed ? LOOK_MS : 0;
  }

  override take(): void {}
}
