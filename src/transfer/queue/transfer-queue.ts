import { rm } from 'node:fs/promises';
import { abortedError } from '../../base/deadline.ts';
import { WherryError } from '../../base/errors.ts';
import type { TransferOptions, TransferResult } from '../options.ts';
import { ProgressMeter } from '../progress.ts';
import { RateLimit } from '../rate-limit.ts';
import { SAFE_BYTES } from '../request-size.ts';
import { moveInAttempts } from './attempts.ts';
import { Journal, type JournalEntry } from './journal.ts';
import { type PooledConnection, SessionPool } from './pool.ts';
import type {
  QueueDownloadOptions,
  QueueOptions,
  QueueResult,
  QueueSession,
  QueueUploadOptions,
} from './queue-options.ts';
import { QueuedTransfer } from './queued-transfer.ts';
import { Valve } from './valve.ts';

/** For a server that broke off twice without a byte moved: it may bear no more than the least. */
const CAREFUL = { maxRequests: 1, requestBytes: SAFE_BYTES } as const;

const DEFAULTS = { concurrency: 4, connections: 1, channels: 1, retries: 5, retryDelay: 1000 } as const;

/** Runs the files of a queue: see `createQueue`. */
export class QueueRunner {
  readonly #options: QueueOptions;
  readonly #pool: SessionPool<QueueSession>;
  readonly #journal: Journal | undefined;
  readonly #valve = new Valve();
  readonly #limits: readonly RateLimit[];
  readonly #meter: ProgressMeter;
  readonly #running = new Set<QueuedTransfer>();
  #waiting: QueuedTransfer[] = [];
  #idlers: (() => void)[] = [];
  #done = 0;
  #failed = 0;
  #cancelled = 0;
  #bytes = 0;
  #paused: boolean;
  #closed = false;
  readonly #onAbort = (): void => void this.close();

  constructor(connect: () => Promise<PooledConnection<QueueSession>>, options: QueueOptions) {
    for (const [name, value] of Object.entries(DEFAULTS))
      checkNumber(name, options[name as keyof typeof DEFAULTS] ?? value);
    this.#options = options;
    this.#paused = options.paused === true;
    this.#valve.closed = this.#paused;
    this.#pool = new SessionPool(connect, {
      connections: options.connections ?? DEFAULTS.connections,
      channels: options.channels ?? DEFAULTS.channels,
    });
    const { rateLimit } = options;
    const shared = rateLimit === undefined ? [] : Array.isArray(rateLimit) ? rateLimit : [rateLimit];
    this.#limits = shared.map((one: number | RateLimit) =>
      one instanceof RateLimit ? one : new RateLimit(one),
    );
    if (options.journal !== undefined) this.#journal = new Journal(options.journal);
    this.#meter = new ProgressMeter(
      options.onProgress &&
        ((progress) =>
          options.onProgress!({
            ...progress,
            total: this.#total(),
            waiting: this.#waiting.length,
            running: this.#running.size,
            done: this.#done,
            failed: this.#failed,
          })),
      0,
      undefined,
    );
    this.#meter.onError = () => void this.close();
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
    for (const entry of this.#journal?.unfinished ?? []) {
      const one = this.#put(entry, {});
      one.restored = true;
    }
  }

  get waiting(): readonly QueuedTransfer[] {
    return this.#waiting;
  }

  get running(): readonly QueuedTransfer[] {
    return [...this.#running];
  }

  /** Adds a file, unless the journal has it: then that one is given, or one that is done. */
  add(entry: JournalEntry, options: QueueDownloadOptions & QueueUploadOptions): QueuedTransfer {
    if (this.#closed) throw new WherryError('CLOSED', 'the queue was closed');
    const same = [...this.#waiting, ...this.#running].find(
      (one) =>
        one.restored &&
        one.direction === entry.direction &&
        one.local === entry.local &&
        one.remote === entry.remote,
    );
    if (same !== undefined) {
      Object.assign(same.options, options);
      return same;
    }
    if (this.#journal?.isDone(entry)) {
      const one = new QueuedTransfer(entry, options, () => {});
      one.current = 'done';
      one.settle.resolve({ bytes: 0, size: 0, duration: 0 });
      this.#done++;
      return one;
    }
    this.#journal?.add(entry);
    return this.#put(entry, { ...options });
  }

  pause(): void {
    this.#paused = true;
    this.#valve.closed = true;
  }

  resume(): void {
    this.#paused = false;
    this.#valve.closed = false;
    this.#pump();
  }

  /** Resolves when nothing waits and nothing runs. */
  async idle(): Promise<QueueResult> {
    while (this.#running.size > 0 || this.#waiting.length > 0) {
      await new Promise<void>((resolve) => {
        this.#idlers.push(resolve);
      });
    }
    return { done: this.#done, failed: this.#failed, cancelled: this.#cancelled, bytes: this.#bytes };
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#options.signal?.removeEventListener('abort', this.#onAbort);
      const open = [...this.#waiting, ...this.#running];
      for (const one of open) this.#end(one, false);
      await this.idle();
      this.#meter.stop();
      this.#journal?.close();
    }
    await this.#pool.close();
  }

  #put(entry: JournalEntry, options: QueueDownloadOptions & QueueUploadOptions): QueuedTransfer {
    const one = new QueuedTransfer(entry, options, (transfer) => this.#end(transfer, true));
    this.#waiting.push(one);
    queueMicrotask(() => this.#pump());
    return one;
  }

  #pump(): void {
    const most = this.#options.concurrency ?? DEFAULTS.concurrency;
    while (!this.#paused && !this.#closed && this.#running.size < most && this.#waiting.length > 0) {
      const one = this.#waiting.shift()!;
      one.current = 'running';
      this.#running.add(one);
      void this.#run(one).finally(() => {
        this.#running.delete(one);
        this.#pump();
        this.#woken();
      });
    }
  }

  async #run(one: QueuedTransfer): Promise<void> {
    try {
      const { retries = DEFAULTS.retries, retryDelay = DEFAULTS.retryDelay } = this.#options;
      const result = await moveInAttempts(one, {
        pool: this.#pool,
        retries,
        retryDelay,
        move: (session, resume, careful) => this.#move(session, one, resume, careful),
        moved: (bytes) => this.#noteMoved(one, bytes),
      });
      one.current = 'done';
      this.#done++;
      this.#bytes += result.bytes;
      this.#journal?.finish(one, 'done');
      one.settle.resolve(result);
    } catch (error) {
      const { signal } = one.stop;
      one.current = signal.aborted ? 'cancelled' : 'failed';
      if (signal.aborted) this.#cancelled++;
      else this.#failed++;
      one.settle.reject(signal.aborted ? abortedError(signal, one.direction) : error);
    }
  }

  #move(
    session: QueueSession,
    one: QueuedTransfer,
    resume: boolean | number,
    careful: boolean,
  ): Promise<TransferResult> {
    const { options, stop, direction } = one;
    const { fileRateLimit } = this.#options;
    const own =
      options.rateLimit === undefined
        ? []
        : Array.isArray(options.rateLimit)
          ? options.rateLimit
          : [options.rateLimit];
    const moving: TransferOptions = {
      ...options,
      ...(careful ? CAREFUL : {}),
      signal: options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]),
      rateLimit: [
        this.#valve,
        ...this.#limits,
        ...(fileRateLimit === undefined ? [] : [fileRateLimit]),
        ...own,
      ],
      onProgress: (progress) => {
        if (progress.total !== undefined) one.size = progress.total;
        this.#noteMoved(one, progress.transferred);
        options.onProgress?.(progress);
      },
      // With `false` an atomic upload takes the name that a later attempt finds again.
      ...(resume !== false || options.atomic === true ? { resume } : {}),
    };
    return direction === 'download'
      ? session.download(one.remote, one.local, { ...moving, keepPartial: true })
      : session.upload(one.local, one.remote, moving);
  }

  #noteMoved(one: QueuedTransfer, transferred: number): void {
    this.#meter.add(transferred - one.moved);
    one.moved = transferred;
  }

  /** `forgotten`: the user does not want it any more; else the journal keeps it. */
  #end(one: QueuedTransfer, forgotten: boolean): void {
    if (one.state !== 'waiting' && one.state !== 'running') return;
    one.stop.abort();
    if (forgotten) this.#journal?.finish(one, 'cancelled');
    const at = this.#waiting.indexOf(one);
    if (at >= 0) {
      this.#waiting.splice(at, 1);
      one.current = 'cancelled';
      this.#cancelled++;
      one.settle.reject(abortedError(one.stop.signal, one.direction));
      this.#woken();
    }
    if (forgotten && one.direction === 'download') {
      const part = `${one.local}.wherry-part`;
      void one.finished.catch(() => rm(part, { force: true }).catch(() => {}));
    }
  }

  #woken(): void {
    if (this.#running.size > 0 || this.#waiting.length > 0) return;
    for (const resolve of this.#idlers.splice(0)) resolve();
  }

  #total(): number | undefined {
    return this.#waiting.length > 0 ? undefined : this.#meter.transferred + this.#left();
  }

  #left(): number {
    let left = 0;
    for (const { size, moved } of this.#running) left += Math.max(0, (size ?? moved) - moved);
    return left;
  }
}

function checkNumber(name: string, value: number): void {
  const least = name === 'retries' || name === 'retryDelay' ? 0 : 1;
  if (!Number.isInteger(value) || value < least)
    throw new WherryError('INVALID_ARGUMENT', `${name} must be a whole number from ${least}, not ${value}`);
}
