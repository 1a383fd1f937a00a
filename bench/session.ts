/** One bench run: the server, the storage, the builds, and what it takes to run one client once. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensurePackages } from '../test/support/servers/apt.ts';
import { getFixtures } from '../test/support/servers/fixtures.ts';
import { startSshd } from '../test/support/servers/openssh.ts';
import type { RealServer } from '../test/support/servers/server.ts';
import { build } from './build.ts';
import type { BenchCase } from './cases.ts';
import { type Command, type Measured, measure } from './measure.ts';
import type { BenchOptions, Direction } from './options.ts';
import { installPackages } from './packages.ts';
import { type Access, type Job, PEERS, type Peer } from './peers.ts';
import { quietMoment } from './proc.ts';
import { fill, makeStorage, remove, roomIn, type Storage, verify } from './storage.ts';

/** A peer under the name it is printed with; builds of Wherry differ in `dist` only. */
export interface Entrant {
  readonly name: string;
  readonly peer: Peer;
  readonly dist: string;
}

/** What a client script says of itself, see clients/report.mjs. */
interface Told {
  readonly setup: number;
  readonly transfer: number;
  readonly peak: number;
  readonly idle?: number;
}

export interface Sample extends Omit<Measured, 'stdout'> {
  readonly bytes: number;
  /** Seconds up to where the transfer begins, and of the transfer alone; where the client can tell. */
  readonly setup: number | undefined;
  readonly transfer: number | undefined;
  /** Bytes of memory a connection keeps that has nothing to do, where that was measured. */
  readonly idle?: number | undefined;
}

export class Session {
  readonly options: BenchOptions;
  readonly storage: Storage;
  readonly access: Access;
  readonly server: RealServer;
  readonly entrants: readonly Entrant[];
  /** Where the clients from npm are. */
  readonly packages: string;
  readonly #sources = new Map<number, string>();

  private constructor(
    options: BenchOptions,
    storage: Storage,
    access: Access,
    server: RealServer,
    entrants: readonly Entrant[],
    packages: string,
  ) {
    this.options = options;
    this.storage = storage;
    this.access = access;
    this.server = server;
    this.entrants = entrants;
    this.packages = packages;
  }

  static async start(options: BenchOptions, log: (line: string) => void): Promise<Session> {
    const dist = options.dist ?? (await build(log));
    const names = ['wherry', ...options.peers.filter((name) => name !== 'wherry')];
    const chosen = names.map((name) => ({ name, peer: PEERS[name]!, dist }));
    const others = options.others.map((other) => ({ ...other, peer: PEERS.wherry! }));
    const entrants = [...chosen.slice(0, 1), ...others, ...chosen.slice(1)];
    const compared = options.scenarios.some((one) => one === 'transfer' || one === 'works');
    const needsPackages = compared && entrants.some(({ peer }) => peer.needsPackages);
    const system = compared ? entrants.flatMap(({ peer }) => peer.system ?? []) : [];
    await ensurePackages([...new Set(system)], log);
    const packages = needsPackages ? await installPackages(log) : '';

    const storage = await makeStorage();
    const fixtures = await getFixtures();
    const server = await startSshd({ fixtures, hostKeys: ['ed25519'], logLevel: 'ERROR' });
    const [hostKey] = server.hostKeys;
    const knownHosts = join(storage.folder, 'known_hosts');
    await writeFile(knownHosts, `[${server.host}]:${server.port} ${hostKey!.publicLine}\n`);
    const access: Access = {
      host: server.host,
      port: server.port,
      user: server.user,
      keyFile: fixtures.userKeys.ed25519.files.openssh,
      fingerprint: hostKey!.fingerprint,
      knownHosts,
    };
    return new Session(options, storage, access, server, entrants, packages);
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  /** A file of that size to be sent or fetched; made once. */
  async source(size: number): Promise<string> {
    const known = this.#sources.get(size);
    if (known !== undefined) return known;
    const path = join(this.storage.folder, `source-${size}`);
    if (roomIn(this.storage) < 2.1 * size)
      throw new Error(`no room in memory for two files of ${size} bytes`);
    await fill(path, size);
    this.#sources.set(size, path);
    return path;
  }

  async dropSource(size: number): Promise<void> {
    const path = this.#sources.get(size);
    this.#sources.delete(size);
    if (path !== undefined) await remove(path);
  }

  dropTarget(direction: Direction): Promise<void> {
    return remove(this.#target(direction));
  }

  /**
   * One transfer. The target is deleted right before, so that every client writes a new file into memory that was
   * in use a moment ago (memory a virtual machine touches for the first time costs twice the system time).
   */
  async transfer(
    { peer, dist }: Entrant,
    using: BenchCase,
    direction: Direction,
    bytes: number,
    byHash: boolean,
  ): Promise<Sample> {
    const source = await this.source(bytes);
    const target = this.#target(direction);
    await remove(target);
    const ends = direction === 'get' ? { local: target, remote: source } : { local: source, remote: target };
    const job: Job = { ...this.access, ...ends, direction, using, dist, packages: this.packages };
    await quietMoment(this.options.wait);
    const measured = await measure(peer.command(job), this.server.pid);
    await verify(source, target, byHash);
    return toSample(bytes, measured);
  }

  /** One process of a client, for works that are no single file. */
  async run(command: Command, bytes: number): Promise<Sample> {
    await quietMoment(this.options.wait);
    return toSample(bytes, await measure(command, this.server.pid));
  }

  #target(direction: Direction): string {
    return join(this.storage.folder, `target-${direction}`);
  }
}

function toSample(bytes: number, { stdout, ...measured }: Measured): Sample {
  const line = stdout.split('\n').find((one) => one.startsWith('{"setup"'));
  const told = line === undefined ? undefined : (JSON.parse(line) as Told);
  return {
    ...measured,
    bytes,
    setup: told && told.setup / 1000,
    transfer: told && told.transfer / 1000,
    peak: told?.peak ?? measured.peak,
    idle: told?.idle,
  };
}
