import type { DownloadStream, UploadSource } from '../index.ts';
import { config, doEvents } from './config.ts';
import type { EventHandler } from './emitter.ts';
import type {
  ClientCertificate,
  ClientFileAttributes,
  ClientFirewall,
  FlatProperties,
} from './flat-names.ts';
import { install, installIndexed } from './install.ts';
import { listDirectory } from './listing.ts';
import { bytesOf, fieldBytes, fieldText, hexOf, withField } from './packet-fields.ts';
import * as files from './remote-files.ts';
import { Session } from './session.ts';
import { ClientState, type DirEntry } from './state.ts';
import { CERTIFICATE_FIELDS } from './tables/certificate-fields.ts';
import type { EventName } from './tables/events.ts';
import { FILE_FIELDS } from './tables/file-fields.ts';
import { FIREWALL_FIELDS } from './tables/firewall-fields.ts';
import { PROPERTIES } from './tables/properties.ts';
import { runAppend, runDownload, runUpload } from './transfer-runs.ts';

/** The properties under their flat names. */
export interface SFTPClient extends FlatProperties {}

/**
 * A client with properties, methods and events: set what it is about, call a method, read the outcome. Methods that
 * touch the network return promises, run one at a time, log in by themselves where that has not been done, and reject
 * with SFTPClientError. Every value that belongs to a group has two names: `client.sshCert.store` is
 * `client.sshCertStore`.
 *
 * @example
 * ```ts
 * import { SFTPClient } from 'wherry/client';
 *
 * const client = new SFTPClient();
 * client.sshHost = host;
 * client.sshPort = port;
 * client.sshUser = username;
 * client.sshAuthMode = 3;
 * client.sshCertStoreType = 6;
 * client.sshCertStore = privateKeyFile;
 * client.sshCertSubject = '*';
 * client.on('sshServerAuthentication', async (e) => {
 *   if (!e.accept) e.accept = await confirm(`Is ${e.fingerprint} the key of ${host}?`);
 * });
 *
 * client.remoteFile = remoteFile;
 * client.localFile = `${localFolder}/copy.txt`;
 * await client.download();
 * await client.sshLogoff();
 * ```
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: install() below makes the accessors of the interface.
export class SFTPClient {
  readonly #state: ClientState = new ClientState();
  readonly #session: Session = new Session(this.#state);

  /** The key or certificate to log in with. */
  get sshCert(): ClientCertificate {
    return this.#state.cert.view;
  }

  /** The host key that is accepted. */
  get sshAcceptServerHostKey(): ClientCertificate {
    return this.#state.hostKey.view;
  }

  /** Attributes of the remote file that was queried last. */
  get fileAttributes(): ClientFileAttributes {
    return this.#state.file.view;
  }

  /** The proxy in front of the server. */
  get firewall(): ClientFirewall {
    return this.#state.firewall.view;
  }

  /** The entries of the last listing. */
  get dirList(): readonly DirEntry[] {
    return this.#state.dirList;
  }

  /** Adds a handler of an event; one that returns a promise is waited for. */
  on<Name extends EventName>(event: Name, handler: EventHandler<Name>): this {
    this.#state.emitter.add(event, handler, false);
    return this;
  }

  /** Adds a handler for one time. */
  once<Name extends EventName>(event: Name, handler: EventHandler<Name>): this {
    this.#state.emitter.add(event, handler, true);
    return this;
  }

  /** Takes a handler away. */
  off<Name extends EventName>(event: Name, handler: EventHandler<Name>): this {
    this.#state.emitter.remove(event, handler);
    return this;
  }

  /** `Name=Value` sets a setting, `Name` reads one; actions act. Rejects with 10022 for a name that is not known. */
  async config(configurationString: string): Promise<string> {
    return config(this.#state, this.#session, configurationString);
  }

  /** Connects to `sshHost` and checks the host key, without a login. */
  connect(): Promise<void> {
    return this.#state.connect((signal) => this.#session.handshake(signal));
  }

  /** Connects where that has not been done, logs in and opens SFTP. */
  sshLogon(sshHost?: string, sshPort?: number): Promise<void> {
    return this.#state.connect(async (signal) => {
      if (sshHost !== undefined && sshHost !== this.sshHost) this.sshHost = sshHost;
      if (sshPort !== undefined && sshPort !== this.sshPort) this.sshPort = sshPort;
      await this.#session.logon(signal);
    });
  }

  /** Closes the session, says goodbye and ends the connection. */
  sshLogoff(): Promise<void> {
    return this.#state.run(() => this.#session.close(true));
  }

  /** Ends the connection at once, also while a method is at work, which then fails. */
  disconnect(): Promise<void> {
    return this.#state.beside(() => this.#session.close(false));
  }

  /** Makes `remotePath` this folder; 1106 where there is none. */
  changeRemotePath(remotePath: string): Promise<void> {
    return this.#state.run((signal) => this.#session.changeFolder(remotePath, signal));
  }

  /** Fetches `remoteFile`, or what was queued. */
  download(): Promise<void> {
    return this.#state.run((signal) => runDownload(this.#state, this.#session, signal));
  }

  /** Sends `localFile`, or what was queued. */
  upload(): Promise<void> {
    return this.#state.run((signal) => runUpload(this.#state, this.#session, signal));
  }

  /** Puts `localFile` behind the end of `remoteFile`. */
  append(): Promise<void> {
    return this.#state.run((signal) => runAppend(this.#state, this.#session, signal));
  }

  /** Reads `count` bytes from `startByte` on into `buffer`; resolves with how many there were. */
  downloadRange(
    path: string,
    fileName: string,
    startByte: number,
    count: number,
    buffer: Uint8Array,
  ): Promise<number> {
    return this.#state.run((signal) =>
      files.downloadRange(this.#session, files.joined(path, fileName), startByte, count, buffer, signal),
    );
  }

  /** Writes `count` bytes of `buffer` at `startByte`. */
  uploadRange(
    path: string,
    fileName: string,
    startByte: number,
    count: number,
    buffer: Uint8Array,
  ): Promise<void> {
    return this.#state.run((signal) =>
      files.uploadRange(this.#session, files.joined(path, fileName), startByte, count, buffer, signal),
    );
  }

  /** Adds a file to what the next `download` or `upload` moves; also while one is under way. */
  queueFile(localFile: string, remoteFile: string): void {
    this.#state.queue.push({ localFile, remoteFile });
  }

  /** Forgets the files that wait in the queue. */
  resetQueue(): void {
    this.#state.queue.length = 0;
  }

  /** The next download goes into this stream instead of `localFile`. */
  setDownloadStream(stream: DownloadStream | undefined): void {
    this.#state.downloadStream = stream;
  }

  /** The next upload or append comes from this stream, or from these bytes, instead of `localFile`. */
  setUploadStream(stream: Exclude<UploadSource, string> | undefined): void {
    this.#state.uploadStream = stream;
  }

  /** Lists `remotePath`, or what `remoteFile` says, into `dirList`. */
  listDirectory(): Promise<void> {
    return this.#state.run((signal) => listDirectory(this.#state, this.#session, signal));
  }

  /** Whether `remoteFile` is there; false without a login. */
  checkFileExists(): Promise<boolean> {
    return this.#state.run((signal) => files.checkFileExists(this.#state, this.#session, signal));
  }

  /** Makes an empty remote file. */
  createFile(fileName: string): Promise<void> {
    return this.#state.run((signal) => files.createFile(this.#state, this.#session, fileName, signal));
  }

  /** Removes a remote file, a symbolic link or an empty folder. */
  deleteFile(fileName: string): Promise<void> {
    return this.#state.run((signal) => files.deleteFile(this.#session, fileName, signal));
  }

  /** Makes a remote folder. */
  makeDirectory(newDir: string): Promise<void> {
    return this.#state.run((signal) => files.makeDirectory(this.#session, newDir, signal));
  }

  /** Removes an empty remote folder. */
  removeDirectory(dirName: string): Promise<void> {
    return this.#state.run((signal) => files.removeDirectory(this.#session, dirName, signal));
  }

  /** Renames `remoteFile`. */
  renameFile(newName: string): Promise<void> {
    return this.#state.run((signal) => files.renameFile(this.#state, this.#session, newName, signal));
  }

  /** Asks for the attributes of `remoteFile`, for `fileAttributes`. */
  queryFileAttributes(): Promise<void> {
    return this.#state.run((signal) => files.queryFileAttributes(this.#state, this.#session, signal));
  }

  /** Sends the attributes that were set since they were queried. */
  updateFileAttributes(): Promise<void> {
    return this.#state.run((signal) => files.updateFileAttributes(this.#state, this.#session, signal));
  }

  /** Ends the method that is at work, which rejects with 10004. */
  interrupt(): void {
    this.#state.interrupt();
  }

  /** Handles the events that were kept (ProcessIdleEvents); where there are none, waits SelectWaitMillis for one. */
  doEvents(): Promise<void> {
    return doEvents(this.#state);
  }

  /** Ends the connection and gives every property and setting its default. */
  async reset(): Promise<void> {
    this.#state.interrupt();
    await this.disconnect();
    this.#state.reset();
  }

  /** The bytes of a packet in hex. */
  decodePacket(encodedPacket: string): Buffer {
    return bytesOf(encodedPacket);
  }

  /** A packet in hex. */
  encodePacket(packet: Uint8Array): string {
    return hexOf(packet);
  }

  /** A field of a packet as text. */
  getSshParam(payload: Uint8Array, field: string): string {
    return fieldText(payload, field);
  }

  /** A field of a packet as it stands there. */
  getSshParamBytes(payload: Uint8Array, field: string): Buffer {
    return fieldBytes(payload, field);
  }

  /** The payload with a field behind it. */
  setSshParam(payload: Uint8Array, fieldType: string, fieldValue: string): Buffer {
    return withField(payload, fieldType, fieldValue);
  }

  static {
    const state = (client: object): ClientState => (client as SFTPClient).#state;
    install(SFTPClient.prototype, [
      { prefix: '', table: PROPERTIES, of: (client) => state(client).main.view },
      { prefix: 'sshCert', table: CERTIFICATE_FIELDS, of: (client) => state(client).cert.view },
      {
        prefix: 'sshAcceptServerHostKey',
        table: CERTIFICATE_FIELDS,
        of: (client) => state(client).hostKey.view,
      },
      { prefix: 'file', table: FILE_FIELDS, of: (client) => state(client).file.view },
      { prefix: 'firewall', table: FIREWALL_FIELDS, of: (client) => state(client).firewall.view },
    ]);
    installIndexed(SFTPClient.prototype, (client) => state(client).dirList);
  }
}
