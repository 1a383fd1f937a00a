import { SFTP_STATUS } from '../sftp/status.ts';

/** A server that answers less is asked for less, but never for crumbs. */
const SMALLEST = 4096;
/** Full answers after which more is tried again; doubled each time that was in vain. */
const PATIENCE = 32;
const MOST_PATIENCE = 4096;

/** How much one READ asks for: shrinks to what a server gives, and recovers. */
export class RequestSize {
  bytes: number;
  #most: number;
  #full = 0;
  #patience = PATIENCE;
  /** What was tried last and is not known to work. */
  #trying = false;

  constructor(most: number) {
    this.#most = most;
    this.bytes = most;
  }

  /** A request for `asked` bytes was answered in full. */
  full(asked: number): void {
    if (this.bytes >= this.#most || asked < this.bytes) return;
    this.#trying = false;
    if (++this.#full < this.#patience) return;
    this.#full = 0;
    this.#trying = true;
    this.bytes = Math.min(this.#most, this.bytes * 2);
  }

  /** Never more than that from now on. */
  bound(most: number): void {
    this.#most = Math.min(this.#most, most);
    this.bytes = Math.min(this.bytes, this.#most);
  }

  /** A request in the middle of a file was answered with `got` bytes only. */
  short(got: number): void {
    const smaller = Math.max(Math.min(SMALLEST, this.#most), Math.min(this.bytes, got));
    if (smaller >= this.bytes) return;
    if (this.#trying) this.#patience = Math.min(MOST_PATIENCE, this.#patience * 2);
    this.#trying = false;
    this.#full = 0;
    this.bytes = smaller;
  }
}

/** What every server takes in one request; more only after limits@openssh.com says so. */
export const SAFE_BYTES = 32_768;

/**
 * How much one READ or WRITE of a session carries. A server may refuse what it said it takes: then the same bytes go
 * in smaller pieces, and what follows on the session too, unless those are refused as well.
 */
export class SessionSize {
  bytes: number;
  readonly #most: number;

  constructor(most: number) {
    this.bytes = most;
    this.#most = most;
  }

  /** A request for so many bytes was refused: whether smaller ones are worth a try. */
  refused(bytes: number): boolean {
    this.bytes = bytes > SAFE_BYTES ? SAFE_BYTES : this.#most;
    return bytes > SAFE_BYTES;
  }
}

/** How much one WRITE of a session carries. */
export class WriteSize extends SessionSize {
  /** What the server is known to take: a WRITE that carries no more is not refused for its size. */
  taken: number = SAFE_BYTES;

  /** A WRITE of so many bytes was acknowledged. */
  took(bytes: number): void {
    if (bytes > this.taken) this.taken = bytes;
  }

  override refused(bytes: number): boolean {
    this.taken = SAFE_BYTES;
    return super.refused(bytes);
  }
}

/** How much one READ of a session asks for, and how far. */
export class ReadSize extends SessionSize {
  /** Bytes behind the size that the server told may be asked for. Not where it has answered that with a failure. */
  pastEnd: boolean;

  constructor(most: number, pastEnd = true) {
    super(most);
    this.pastEnd = pastEnd;
  }

  /** Up to where to read, when `end` is wanted of a file that is said to have `size` bytes; 0 proves nothing. */
  endOf(end: number | undefined, size: number | undefined): number | undefined {
    if (this.pastEnd || size === undefined || size === 0) return end;
    return Math.min(end ?? size, size);
  }
}

/** The statuses of servers that are asked for too much at once, or given it. */
const SIZE_STATUSES: ReadonlySet<number | undefined> = new Set([
  SFTP_STATUS.SSH_FX_FAILURE.number,
  SFTP_STATUS.SSH_FX_BAD_MESSAGE.number,
  SFTP_STATUS.SSH_FX_INVALID_PARAMETER.number,
]);

/** Whether a refusal may be about the size of the request. */
export function refusesSize(status: number | undefined): boolean {
  return SIZE_STATUSES.has(status);
}
