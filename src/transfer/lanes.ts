import { openFile } from '../sftp/open-file.ts';
import { OPEN_FLAGS } from '../sftp/packets.ts';
import { closeHandle } from '../sftp/requests.ts';
import type { SftpSession } from '../sftp/session.ts';
import type { Tuning } from './tuning.ts';
import type { WritePipeline } from './write-pipeline.ts';
import type { WriteLane } from './write-slot.ts';

/** A lane carries a window, 2 MiB with OpenSSH, in a round trip: one more for each so many milliseconds of it. */
const MS_PER_LANE = 16;
/** OpenSSH allows ten sessions on a connection (MaxSessions); other work is to find room too. */
const MOST_LANES = 7;
/** Over shorter roads one window is enough, but for the largest files. */
const SHORTEST_ROAD_MS = 8;
/**
 * On a fast network 2 MiB are sent in 5 ms, and a server whose processors are busy leaves them lying for as long: the
 * sender waits, and then the server. Three further windows make an upload of 1 GiB on one machine a fifth faster; one of
 * 64 MiB gains nothing.
 */
const LARGE_FILE = 134_217_728;
const LANES_OF_LARGE_FILE = 3;
/** What a server does when a channel is first opened, such as to start a process of the user's, takes less than this. */
const FIRST_ANSWER_MS = 15;
/** Smaller files are through before further channels are open. */
const SMALLEST_FILE = 8_388_608;

/**
 * Whether an upload of so many bytes that broke off may have used several lanes, and left bytes unwritten before the end
 * of what is there: at most `LANES_SPAN_BYTES` before it. Over what road that was is not known.
 */
export function mayHaveHoles({ lanes }: Tuning, bytes: number): boolean {
  return lanes !== undefined && lanesFor(bytes, SHORTEST_ROAD_MS) > 0;
}

/** How many channels besides the first an upload of so many bytes over such a road can use. */
function lanesFor(bytes: number, roundTrip: number): number {
  const least = bytes < LARGE_FILE ? 0 : LANES_OF_LARGE_FILE;
  if (!(roundTrip >= SHORTEST_ROAD_MS) || !Number.isFinite(roundTrip) || bytes < SMALLEST_FILE) return least;
  const most = Math.min(MOST_LANES, Math.floor(bytes / (SMALLEST_FILE / 4)));
  return Math.min(most, Math.max(least, Math.ceil(roundTrip / MS_PER_LANE)));
}

/**
 * Further SFTP sessions on channels of the same connection, each with a window of its own. Started when they are first
 * asked for and used again; one that a server refuses is not started again.
 */
export class Lanes {
  readonly #start: () => Promise<SftpSession>;
  readonly #sessions: Promise<SftpSession | undefined>[] = [];
  #closed = false;

  constructor(start: () => Promise<SftpSession>) {
    this.#start = start;
  }

  /**
   * Opens what an upload of so many bytes will use, in the round trip in which its file is opened. How long the answer
   * to the opening of the first channel took is all that is known of the road then.
   */
  prepare(bytes: number, firstAnswer: number): void {
    this.take(lanesFor(bytes, firstAnswer - FIRST_ANSWER_MS));
  }

  /** Sessions up to that count; undefined stands for one that got no channel. */
  take(count: number): readonly Promise<SftpSession | undefined>[] {
    while (this.#sessions.length < count && !this.#closed) {
      this.#sessions.push(
        this.#start().then(
          (session) => {
            if (!this.#closed) return session;
            void session.close();
            return undefined;
          },
          () => undefined,
        ),
      );
    }
    return this.#sessions.slice(0, count);
  }

  close(): void {
    this.#closed = true;
    for (const opening of this.#sessions) void opening.then((session) => session?.close());
  }
}

/** The lanes of one upload: sessions are opened while its file is, files on them as soon as that is there. */
export class LaneOpener {
  readonly #sessions: readonly Promise<SftpSession | undefined>[];
  readonly #open: WriteLane[] = [];
  #path = '';
  #over = false;

  constructor({ lanes, writes }: Tuning, bytes: number) {
    this.#sessions = lanes?.take(lanesFor(bytes, writes.roundTrip)) ?? [];
  }

  openFor(path: string, pipeline: WritePipeline): void {
    this.#path = path;
    for (const opening of this.#sessions) void this.#add(opening, pipeline);
  }

  /** Sends each CLOSE at once; fails when a server says at the end that it has not stored what it acknowledged. */
  async close(): Promise<void> {
    this.#over = true;
    const closing = this.#open
      .splice(0)
      .map(({ session, handle }) => closeHandle(session, handle, this.#path, { timeout: 0 }));
    await Promise.all(closing);
  }

  /**
   * Nobody is told where a server refuses: there is one way already. OPEN does not wait for the answer to INIT, which is
   * known: it is that of the first session.
   */
  async #add(opening: Promise<SftpSession | undefined>, pipeline: WritePipeline): Promise<void> {
    const session = await opening;
    if (session === undefined || this.#over) return;
    const handle = await openFile(session, this.#path, OPEN_FLAGS.SSH_FXF_WRITE).catch(() => undefined);
    if (handle === undefined) return;
    if (this.#over) closeHandle(session, handle, this.#path).catch(() => {});
    else {
      this.#open.push({ session, handle });
      pipeline.add({ session, handle });
    }
  }
}
