import type { DownloadStream, FileAttributes, UploadSource } from '../index.ts';
import { CertificateFields } from './certificate.ts';
import { SFTPClientError, toClientError } from './client-error.ts';
import { Emitter } from './emitter.ts';
import { type FieldOwner, Fields, type FieldValue } from './fields.ts';
import { FILE_LINKS } from './file-attributes.ts';
import { Settings } from './settings.ts';
import type { DIR_LIST_FIELDS } from './tables/dir-list-fields.ts';
import { FirewallTypes } from './tables/enums.ts';
import { FILE_FIELDS } from './tables/file-fields.ts';
import { FIREWALL_FIELDS } from './tables/firewall-fields.ts';
import { PROPERTIES } from './tables/properties.ts';
import type { Values } from './tables/rows.ts';

/** One entry of the last listing. */
export type DirEntry = Values<typeof DIR_LIST_FIELDS>;

/** A file that waits for its turn. */
export interface QueuedFile {
  readonly localFile: string;
  readonly remoteFile: string;
}

/** What is known of the connection, for properties and settings to tell. */
export interface ConnectionFacts {
  connected: boolean;
  /** A connection is being made. */
  connecting: boolean;
  localHost: string;
  localPort: number;
}

const FIREWALL_PORTS: Readonly<Record<number, number>> = {
  [FirewallTypes.fwNone]: 0,
  [FirewallTypes.fwTunnel]: 80,
  [FirewallTypes.fwSOCKS4]: 1080,
  [FirewallTypes.fwSOCKS5]: 1080,
  [FirewallTypes.fwSOCKS4A]: 1080,
};

/** Everything a client holds: the values of its properties and settings, its handlers, and what it is doing. */
export class ClientState {
  readonly emitter: Emitter = new Emitter(
    () => !this.busy && this.#besides === 0 && !this.settings.get('ProcessIdleEvents'),
  );
  readonly settings: Settings = new Settings();
  readonly main: Fields<typeof PROPERTIES>;
  readonly firewall: Fields<typeof FIREWALL_FIELDS>;
  readonly file: Fields<typeof FILE_FIELDS>;
  readonly cert: CertificateFields;
  readonly hostKey: CertificateFields;
  readonly facts: ConnectionFacts = { connected: false, connecting: false, localHost: '', localPort: 0 };
  dirList: readonly DirEntry[] = [];
  /** The entry whose `dirList` handlers are running. */
  listed: FileAttributes | undefined;
  /** The host key shown last, as SSH carries it. */
  shownHostKey: Uint8Array | undefined;
  queue: QueuedFile[] = [];
  downloadStream: DownloadStream | undefined;
  uploadStream: Exclude<UploadSource, string> | undefined;
  space: { free: number; total: number } = { free: 0, total: 0 };
  /** The attributes as the server told them last, for those that are sent together. */
  queried: FileAttributes = {};
  /** The connection goes through a proxy. */
  proxied = false;
  #work: AbortController | undefined;
  /** Methods at work that do not keep others out. */
  #besides = 0;

  constructor() {
    const isLocked = (): boolean => this.facts.connected || this.facts.connecting;
    const owner = (prefix: string, more: Partial<FieldOwner> = {}): FieldOwner => ({
      prefix,
      isLocked,
      ...more,
    });
    this.main = new Fields(PROPERTIES, owner('', { live: (key) => this.#live(key) }));
    this.firewall = new Fields(
      FIREWALL_FIELDS,
      owner('firewall', {
        changed: (key, value) => {
          if (key === 'type') this.firewall.put('port', FIREWALL_PORTS[value as number]!);
        },
      }),
    );
    this.file = new Fields(
      FILE_FIELDS,
      owner('file', { changed: (key, value) => FILE_LINKS[key]?.(this.file, value) }),
    );
    this.cert = new CertificateFields(owner('sshCert'));
    this.hostKey = new CertificateFields(owner('sshAcceptServerHostKey'));
  }

  /** Whether a method is at work. */
  get busy(): boolean {
    return this.#work !== undefined;
  }

  /** Runs the work of one method: one at a time, interruptible, failing with the client's own errors. */
  async run<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#work !== undefined)
      throw new SFTPClientError(211, 'another method is at work on this client: await it first');
    const controller = new AbortController();
    this.#work = controller;
    this.emitter.release();
    try {
      return await work(controller.signal);
    } catch (error) {
      throw toClientError(error);
    } finally {
      this.#work = undefined;
    }
  }

  /** Runs the work of a method that makes a connection; one that is being made already is its own error. */
  connect(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (this.facts.connecting)
      return Promise.reject(new SFTPClientError(1105, undefined, { group: 'TCPClient' }));
    return this.run(work);
  }

  /** Runs the work of a method that may come while another one is at work. */
  async beside(work: () => Promise<void>): Promise<void> {
    this.#besides++;
    try {
      await work();
    } finally {
      this.#besides--;
    }
  }

  /** Ends the work under way, if there is any. */
  interrupt(): void {
    this.#work?.abort(new SFTPClientError(10004, 'interrupted'));
  }

  /** Everything the user can set, and what was learned, as in a new client; handlers stay. */
  reset(): void {
    for (const group of [this.main, this.firewall, this.file, this.cert, this.hostKey]) group.reset();
    this.settings.reset();
    this.dirList = [];
    this.queue = [];
    this.downloadStream = undefined;
    this.uploadStream = undefined;
    this.space = { free: 0, total: 0 };
    this.queried = {};
    this.shownHostKey = undefined;
  }

  #live(key: string): FieldValue | undefined {
    if (key === 'connected') return this.facts.connected;
    if (key === 'idle') return !this.busy;
    if (key === 'dirListCount') return this.dirList.length;
    if (key === 'localHost') return this.facts.localHost || undefined;
    if (key === 'localPort') return this.facts.localPort || undefined;
    return undefined;
  }
}
