import { OPEN_FLAGS_5 } from '../../sftp/packets.ts';
import { FilesError } from '../files/served-files.ts';

const { SSH_FXF_BLOCK_READ, SSH_FXF_BLOCK_WRITE, SSH_FXF_BLOCK_ADVISORY } = OPEN_FLAGS_5;

/** Whoever has a file open. */
export interface LockHolder {
  readonly identity: string;
  readonly readable: boolean;
  readonly writable: boolean;
  /** SSH_FXF_BLOCK_* bits it was opened with. */
  readonly block: number;
  readonly ranges: LockedRange[];
}

export interface LockedRange {
  readonly from: number;
  /** Infinity: to the end, wherever that is. */
  readonly to: number;
  readonly mask: number;
}

/** Combinations of bits that can be asked for, as `supported2` counts them: all but those with SSH_FXF_BLOCK_DELETE. */
export const BLOCK_VECTOR = 0x0f0f;

/** Who has which file open, and the locks on it: filexfer-13 sections 8.1.1.3 and 8.3. */
export class LockTable {
  readonly #files = new Map<string, Set<LockHolder>>();

  open(holder: LockHolder): void {
    const holders = this.#files.get(holder.identity) ?? new Set();
    for (const other of holders) {
      if (keepsOut(other.block, holder) || keepsOut(holder.block, other))
        throw new FilesError('SSH_FX_LOCK_CONFLICT', 'another has the file open');
    }
    holders.add(holder);
    this.#files.set(holder.identity, holders);
  }

  close(holder: LockHolder): void {
    const holders = this.#files.get(holder.identity);
    holders?.delete(holder);
    if (holders?.size === 0) this.#files.delete(holder.identity);
  }

  lock(holder: LockHolder, from: number, length: number, mask: number): void {
    const to = length === 0 ? Number.POSITIVE_INFINITY : from + length;
    if (this.#others(holder, from, to).some((range) => (range.mask & mask & ~SSH_FXF_BLOCK_ADVISORY) !== 0))
      throw new FilesError('SSH_FX_BYTE_RANGE_LOCK_REFUSED', 'locked by another');
    holder.ranges.push({ from, to, mask });
  }

  unlock(holder: LockHolder, from: number, length: number): void {
    const to = length === 0 ? Number.POSITIVE_INFINITY : from + length;
    const at = holder.ranges.findIndex((range) => range.from === from && range.to === to);
    if (at < 0) throw new FilesError('SSH_FX_NO_MATCHING_BYTE_RANGE_LOCK', 'no such lock');
    holder.ranges.splice(at, 1);
  }

  /** Refuses to read or write what another has locked, unless that lock binds only who asks. */
  check(holder: LockHolder, from: number, length: number, bit: 'read' | 'write'): void {
    const mask = bit === 'read' ? SSH_FXF_BLOCK_READ : SSH_FXF_BLOCK_WRITE;
    const hit = this.#others(holder, from, from + length).some(
      (range) => (range.mask & mask) !== 0 && (range.mask & SSH_FXF_BLOCK_ADVISORY) === 0,
    );
    if (hit) throw new FilesError('SSH_FX_BYTE_RANGE_LOCK_CONFLICT', 'locked by another');
  }

  #others(holder: LockHolder, from: number, to: number): LockedRange[] {
    const holders = this.#files.get(holder.identity);
    // One who is alone, as nearly always, is asked for nothing: this runs for each READ and WRITE.
    if (holders === undefined || holders.size < 2) return [];
    return [...holders]
      .filter((other) => other !== holder)
      .flatMap(({ ranges }) => ranges.filter((range) => range.from < to && from < range.to));
  }
}

function keepsOut(block: number, { readable, writable }: LockHolder): boolean {
  if ((block & SSH_FXF_BLOCK_ADVISORY) !== 0) return false;
  return (
    ((block & SSH_FXF_BLOCK_READ) !== 0 && readable) || ((block & SSH_FXF_BLOCK_WRITE) !== 0 && writable)
  );
}
