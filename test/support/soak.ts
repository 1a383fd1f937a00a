/** Transfers without end on connections that re-key, are cut and come back, and a watch over what the process keeps. */
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  type Connection,
  type ConnectOptions,
  connect,
  isWherryError,
  openSftp,
  type Sftp,
} from '../../src/index.ts';

export interface SoakPlan {
  readonly login: ConnectOptions;
  /** A remote folder of our own. */
  readonly folder: string;
  readonly seconds: number;
  readonly connections: number;
  /** Transfers at a time, over all connections. */
  readonly parallel: number;
  readonly largestFile: number;
  /** Each worker rests as long after a file, to leave the machine to others. */
  readonly restMs: number;
  readonly sampleSeconds: number;
  /** Cuts every connection on the server's side. */
  cut(): Promise<void>;
  readonly cutSeconds: number;
  log(line: string): void;
}

export interface Sample {
  readonly heap: number;
  readonly buffers: number;
  readonly handles: number;
  readonly descriptors: number;
}

export interface SoakResult {
  files: number;
  bytes: number;
  wrong: string[];
  connects: number;
  /** Transfers that a cut ended, by code. */
  readonly lost: Record<string, number>;
  readonly before: Sample;
  readonly samples: Sample[];
  after: Sample;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

export async function sample(): Promise<Sample> {
  collectGarbage();
  await sleep(10);
  collectGarbage();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  const descriptors = (await readdir('/proc/self/fd').catch(() => [])).length;
  const handles = process.getActiveResourcesInfo().length;
  return { heap: heapUsed, buffers: external + arrayBuffers, handles, descriptors };
}

/** One connection that is made again whenever it is gone. */
class Link {
  readonly #login: ConnectOptions;
  readonly #made: () => void;
  #open: Promise<{ connection: Connection; sftp: Sftp }> | undefined;

  constructor(login: ConnectOptions, made: () => void) {
    this.#login = login;
    this.#made = made;
  }

  async sftp(): Promise<Sftp> {
    this.#open ??= this.#connect();
    try {
      return (await this.#open).sftp;
    } catch (error) {
      this.#open = undefined;
      throw error;
    }
  }

  /** The next caller gets a new connection. */
  async drop(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.then(({ connection }) => connection.close()).catch(() => {});
  }

  async #connect(): Promise<{ connection: Connection; sftp: Sftp }> {
    const connection = await connect(this.#login);
    this.#made();
    try {
      return { connection, sftp: await openSftp(connection) };
    } catch (error) {
      await connection.close();
      throw error;
    }
  }
}

export async function soak(plan: SoakPlan): Promise<SoakResult> {
  const before = await sample();
  const result: SoakResult = {
    files: 0,
    bytes: 0,
    wrong: [],
    connects: 0,
    lost: {},
    before,
    samples: [],
    after: before,
  };
  const links = Array.from({ length: plan.connections }, () => new Link(plan.login, () => result.connects++));
  const end = performance.now() + plan.seconds * 1000;
  const running = (): boolean => performance.now() < end;
  const workers = Array.from({ length: plan.parallel }, async (_, i) => {
    for (let turn = 0; running(); turn++) {
      await oneFile(plan, links[i % links.length]!, `${plan.folder}/w${i}-${turn % 3}`, result);
      if (plan.restMs > 0) await sleep(plan.restMs);
    }
  });
  const stop = new AbortController();
  const every = async (seconds: number, work: () => Promise<void>): Promise<void> => {
    while (running()) {
      await sleep(Math.min(seconds * 1000, Math.max(0, end - performance.now())), undefined, {
        signal: stop.signal,
      });
      if (running()) await work();
    }
  };
  const chores = [
    every(plan.cutSeconds, () => plan.cut()),
    every(plan.sampleSeconds, async () => {
      const now = await sample();
      result.samples.push(now);
      plan.log(`${result.files} files, ${result.connects} connections, ${describe(now)}`);
    }),
  ];
  try {
    await Promise.all(workers);
  } finally {
    stop.abort();
    await Promise.allSettled(chores);
    await Promise.all(links.map((link) => link.drop()));
  }
  await sleep(100);
  result.after = await sample();
  return result;
}

async function oneFile(plan: SoakPlan, link: Link, path: string, result: SoakResult): Promise<void> {
  const bytes = randomBytes(randomInt(4) === 0 ? randomInt(plan.largestFile + 1) : randomInt(40_000));
  try {
    const sftp = await link.sftp();
    await sftp.upload(bytes, path);
    const back = await sftp.readFile(path);
    if (hash(back) !== hash(bytes)) result.wrong.push(`${path}: ${back.length} bytes for ${bytes.length}`);
    await sftp.remove(path);
    result.files++;
    result.bytes += 2 * bytes.length;
  } catch (error) {
    if (!isWherryError(error)) throw error;
    result.lost[error.code] = (result.lost[error.code] ?? 0) + 1;
    await link.drop();
    await sleep(50 + randomInt(200));
  }
}

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export function describe({ heap, buffers, handles, descriptors }: Sample): string {
  const mb = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MB`;
  return `heap ${mb(heap)}, buffers ${mb(buffers)}, ${handles} handles, ${descriptors} descriptors`;
}

/** What grew from the first third of the samples to the last, beyond what comes and goes. Empty when all is flat. */
export function growth(samples: readonly Sample[]): string[] {
  const third = Math.floor(samples.length / 3);
  if (third === 0) return [];
  const median = (part: readonly Sample[], of: keyof Sample): number =>
    part.map((one) => one[of]).sort((a, b) => a - b)[Math.floor(part.length / 2)]!;
  const slack: Sample = { heap: 3_145_728, buffers: 33_554_432, handles: 20, descriptors: 10 };
  return (Object.keys(slack) as (keyof Sample)[]).flatMap((of) => {
    const [first, last] = [median(samples.slice(0, third), of), median(samples.slice(-third), of)];
    return last > first * 1.1 + slack[of] ? [`${of} grew from ${first} to ${last}`] : [];
  });
}
