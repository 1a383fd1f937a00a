import { isWherryError, type WherryError } from '../../base/errors.ts';

/** A session that transfers run on. */
export interface PooledSession {
  close(): Promise<void>;
}

/** A connection that sessions are opened on. */
export interface PooledConnection<S extends PooledSession> {
  readonly closed: boolean;
  openSession(): Promise<S>;
  close(): Promise<void>;
}

interface Slot<S extends PooledSession> {
  readonly link: Promise<PooledConnection<S>>;
  readonly session: Promise<S>;
  /** Known once it is there. */
  connection: PooledConnection<S> | undefined;
  users: number;
  dead: boolean;
}

export interface PoolLimits {
  readonly connections: number;
  /** Sessions on each. */
  readonly channels: number;
}

/**
 * Sessions for a queue: as many as the limits allow while they are wanted, shared when there are no more. A server that
 * refuses one more while others work is not asked for more than it gave.
 */
export class SessionPool<S extends PooledSession> {
  readonly #connect: () => Promise<PooledConnection<S>>;
  readonly #limits: PoolLimits;
  #slots: Slot<S>[] = [];
  /** What the server has been found to give. */
  #most: number;
  #closed = false;

  constructor(connect: () => Promise<PooledConnection<S>>, limits: PoolLimits) {
    this.#connect = connect;
    this.#limits = limits;
    this.#most = limits.connections * limits.channels;
  }

  /** Sessions that are open or being opened. */
  get size(): number {
    return this.#slots.length;
  }

  /** Runs `work` on the session with the fewest users. A session whose connection has ended is left out from then on. */
  async use<T>(work: (session: S) => Promise<T>): Promise<T> {
    const slot = this.#choose();
    slot.users++;
    try {
      const session = await slot.session.catch((error: unknown) => {
        this.#refused(slot, error);
        throw error;
      });
      return await work(session);
    } catch (error) {
      if (slot.connection === undefined || slot.connection.closed || endsSession(error, slot.users))
        this.#drop(slot);
      throw error;
    } finally {
      slot.users--;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const slots = this.#slots;
    this.#slots = [];
    await Promise.all(
      slots.map(async ({ session, link }) => {
        await session.then((open) => open.close()).catch(() => {});
        await link.then((connection) => connection.close()).catch(() => {});
      }),
    );
  }

  #choose(): Slot<S> {
    const idle = this.#slots.find(({ users }) => users === 0);
    if (idle !== undefined) return idle;
    if (this.#slots.length < this.#most) return this.#open();
    return this.#slots.reduce((least, slot) => (slot.users < least.users ? slot : least));
  }

  /** Connections first, then further channels on them. */
  #open(): Slot<S> {
    const links = new Map<Promise<PooledConnection<S>>, number>();
    for (const { link } of this.#slots) links.set(link, (links.get(link) ?? 0) + 1);
    const room = [...links].find(([, sessions]) => sessions < this.#limits.channels)?.[0];
    const link = links.size < this.#limits.connections || room === undefined ? this.#connect() : room;
    const slot: Slot<S> = {
      link,
      session: link.then((connection) => {
        slot.connection = connection;
        return connection.openSession();
      }),
      connection: undefined,
      users: 0,
      dead: false,
    };
    slot.session.catch(() => {});
    this.#slots.push(slot);
    return slot;
  }

  #refused(slot: Slot<S>, error: unknown): void {
    this.#drop(slot);
    if (isWherryError(error) && this.#slots.length > 0)
      this.#most = Math.max(1, Math.min(this.#most, this.#slots.length));
  }

  #drop(slot: Slot<S>): void {
    if (slot.dead) return;
    slot.dead = true;
    this.#slots = this.#slots.filter((one) => one !== slot);
    slot.session.then((session) => session.close()).catch(() => {});
    const shared = this.#slots.some(({ link }) => link === slot.link);
    if (!shared || this.#closed) slot.link.then((connection) => connection.close()).catch(() => {});
  }
}

/** One file may be silent while others move; a session on which nothing else is under way is given up with it. */
function endsSession(error: unknown, users: number): boolean {
  if (!isWherryError(error)) return false;
  const codes: readonly WherryError['code'][] = [
    'CHANNEL_CLOSED',
    'CONNECTION_LOST',
    'CLOSED',
    'SFTP_PROTOCOL',
  ];
  return codes.includes(error.code) || (error.code === 'TIMEOUT' && users === 1);
}
