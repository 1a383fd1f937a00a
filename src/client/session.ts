import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Connection,
  connect,
  fileType,
  type Handshake,
  type LoginInput,
  openSftp,
  type Sftp,
} from '../index.ts';
import { checkAddress, localAddress } from './addresses.ts';
import { renumbered, SFTPClientError, toClientError } from './client-error.ts';
import { hostKeyVerifier } from './host-key-check.ts';
import { logHandler } from './log-events.ts';
import { customLogin, promptHandler } from './login-events.ts';
import { remoteName, shownFolder } from './paths.ts';
import type { ClientState } from './state.ts';
import { ConnectionEvents } from './tables/enums.ts';
import {
  timeoutOf,
  toConnectOptions,
  toKerberos,
  toLoginInput,
  toOpenOptions,
  type Vocabulary,
} from './to-core.ts';

/** Milliseconds a server has for its part of a `disconnect()`. */
const PARTING_MS = 250;

/** A connection whose keys are in use, that waits for a login. */
interface Waiting {
  readonly handshake: Handshake;
  login(input: LoginInput): void;
  /** Settles when the login does. */
  readonly done: Promise<Connection>;
}

/** The connection of a client, from the handshake to the farewell, and the events it raises. */
export class Session {
  readonly #state: ClientState;
  #waiting: Waiting | undefined;
  #ssh: Connection | undefined;
  #sftp: Sftp | undefined;
  #abort: AbortController | undefined;
  /** `connected` with code 0 was raised, and `disconnected` was not yet. */
  #announced = false;
  #leaving = false;
  #ending: Promise<void> | undefined;
  /** The handshake under way has come to its end. */
  #wasUp = false;

  constructor(state: ClientState) {
    this.#state = state;
  }

  get vocabulary(): Vocabulary {
    const { main, firewall, settings } = this.#state;
    return { properties: main.view, firewall: firewall.view, settings, isSet: (name) => main.isSet(name) };
  }

  /** The SFTP session, where there is a login. */
  get sftp(): Sftp | undefined {
    return this.#sftp;
  }

  get connection(): Connection | undefined {
    return this.#ssh;
  }

  get serverVersion(): string {
    return this.#ssh?.serverVersion ?? this.#waiting?.handshake.serverVersion ?? '';
  }

  get strictKex(): boolean {
    return (this.#ssh ?? this.#waiting?.handshake)?.algorithms.strictKex ?? false;
  }

  /** Connects and checks the host key; nobody is logged in. */
  async handshake(signal: AbortSignal): Promise<void> {
    if (this.#ending !== undefined) await this.#ending;
    const { facts, main, emitter } = this.#state;
    if (facts.connected) throw new SFTPClientError(104);
    checkAddress(main.view);
    const options = toConnectOptions(this.vocabulary);
    const abort = new AbortController();
    this.#abort = abort;
    const release = follow(signal, abort);
    facts.connecting = true;
    try {
      const from = await localAddress(main.view);
      await new Promise<void>((resolve, reject) => {
        const done: Promise<Connection> = connect({
          ...options,
          ...from,
          ...toKerberos(this.vocabulary),
          username: '',
          trust: hostKeyVerifier(this.#state),
          signal: abort.signal,
          log: logHandler(this.#state),
          beforeLogin: async (handshake) => {
            const input = new Promise<LoginInput>((login) => {
              this.#waiting = { handshake, login, done };
            });
            await this.#shaken(handshake);
            resolve();
            return await input;
          },
        });
        done.catch((error: unknown) => {
          if (this.#abort === abort) this.#lost(error);
          reject(error);
        });
      });
    } catch (error) {
      const failure = toClientError(error);
      if (!this.#wasUp)
        await emitter.emit('connected', { statusCode: failure.code, description: failure.message });
      throw failure;
    } finally {
      this.#wasUp = false;
      facts.connecting = false;
      release();
    }
  }

  /** Logs in and opens SFTP; connects first where that has not been done. */
  async logon(signal: AbortSignal): Promise<void> {
    if (this.#sftp !== undefined) throw new SFTPClientError(104, 'logged in already');
    const state = this.#state;
    const input = toLoginInput(this.vocabulary, {
      key: state.cert.pick(),
      keyboardInteractive: promptHandler(state),
      customLogin: customLogin(state),
    });
    if (this.#waiting === undefined) await this.handshake(signal);
    const { login, done } = this.#waiting!;
    const release = follow(signal, this.#abort!);
    try {
      login(input);
      const ssh = await done;
      this.#waiting = undefined;
      this.#ssh = ssh;
      ssh.onClosed((cause) => {
        if (this.#ssh === ssh) this.#lost(cause);
      });
      state.emitter.notify('sshStatus', { message: 'logged in' });
      this.#sftp = await openSftp(ssh, { ...toOpenOptions(this.vocabulary), signal });
      await this.#findFolder(signal);
    } catch (error) {
      const failure = toClientError(error);
      await this.#end(failure);
      throw failure;
    } finally {
      release();
    }
  }

  /** The SFTP session; logs in where nobody is. */
  async ready(signal: AbortSignal): Promise<Sftp> {
    if (this.#sftp === undefined) await this.logon(signal);
    this.#sftp!.timeout = timeoutOf(this.vocabulary);
    return this.#sftp!;
  }

  /** Ends the connection: with a farewell, or at once. */
  async close(politely: boolean): Promise<void> {
    if (!this.#state.facts.connected) return;
    this.#leaving = true;
    try {
      const closed = politely ? this.#sftp?.close().catch(() => {}) : undefined;
      if (this.#state.settings.get('WaitForChannelClose')) await closed;
      const over = Promise.resolve(this.#ssh?.close() ?? this.#waiting?.handshake.close());
      over.catch(() => {});
      await (politely ? over : Promise.race([over, sleep(PARTING_MS, undefined, { ref: false })]));
    } catch {
      // The connection is over either way.
    } finally {
      await this.#end(undefined);
    }
  }

  /** A remote name as the server is to see it. */
  remoteName(name: string): string {
    return remoteName(name, this.#state.main.view.remotePath, this.#pathRules());
  }

  /** Makes `path` the remote folder; error 1106 where there is none. */
  async changeFolder(path: string, signal: AbortSignal): Promise<void> {
    const { main, settings } = this.#state;
    const sftp = this.#sftp;
    const rules = this.#pathRules();
    if (sftp === undefined) {
      main.put('remotePath', path === '' ? '' : shownFolder(this.remoteName(path), rules));
      return;
    }
    const wanted = path === '' ? '.' : this.remoteName(path);
    try {
      const full = settings.get('DisableRealPath') ? wanted : await sftp.realpath(wanted, { signal });
      const type = fileType(await sftp.stat(full, { signal }));
      if (type !== 'directory' && type !== 'unknown') throw new SFTPClientError(1106, `${full} is no folder`);
      main.put('remotePath', shownFolder(full, rules));
    } catch (error) {
      const failure = toClientError(error);
      const gone = failure.sftpStatus === 2 || failure.sftpStatus === 10;
      throw gone ? renumbered(failure, 1106) : failure;
    }
  }

  #pathRules(): { backslash: boolean; normalize: boolean } {
    const { settings } = this.#state;
    return {
      backslash: settings.get('AllowBackslashInName'),
      normalize: settings.get('NormalizeRemotePath'),
    };
  }

  /** After the login: the folder that was chosen before, or where the server starts. */
  async #findFolder(signal: AbortSignal): Promise<void> {
    const { main, settings } = this.#state;
    const chosen = main.view.remotePath;
    if (chosen !== '') await this.changeFolder(chosen, signal);
    else if (!settings.get('DisableRealPath')) {
      main.put('remotePath', shownFolder(await this.#sftp!.realpath('.', { signal }), this.#pathRules()));
    }
  }

  async #shaken(handshake: Handshake): Promise<void> {
    const { emitter, facts } = this.#state;
    facts.connected = true;
    facts.localHost = handshake.local?.address ?? '';
    facts.localPort = handshake.local?.port ?? 0;
    this.#announced = true;
    this.#wasUp = true;
    try {
      await emitter.emit('connectionStatus', status(ConnectionEvents.handshakeComplete));
      await emitter.emit('connected', { statusCode: 0, description: 'OK' });
    } catch (error) {
      // Its own error: to the core it would be a login that failed.
      throw toClientError(error);
    }
  }

  /** The connection ended by itself. */
  #lost(cause: unknown): void {
    if (!this.#leaving) void this.#end(toClientError(cause));
  }

  /** Once, whoever finds out first that it is over; the others wait until that is told. */
  #end(failure: SFTPClientError | undefined): Promise<void> {
    this.#ending ??= this.#tearDown(failure).finally(() => {
      this.#ending = undefined;
    });
    return this.#ending;
  }

  async #tearDown(failure: SFTPClientError | undefined): Promise<void> {
    const { emitter, facts, proxied } = this.#state;
    const announced = this.#announced;
    const ssh = this.#ssh;
    this.#announced = false;
    this.#ssh = undefined;
    this.#sftp = undefined;
    this.#waiting = undefined;
    this.#leaving = true;
    facts.connected = false;
    facts.localHost = '';
    facts.localPort = 0;
    if (failure !== undefined) {
      this.#abort?.abort(failure);
      await ssh?.close().catch(() => {});
    }
    this.#leaving = false;
    if (!announced) return;
    const code = { statusCode: failure?.code ?? 0, description: failure?.message ?? 'OK' };
    const { secureEnded, disconnected, firewallDisconnected } = ConnectionEvents;
    for (const connectionEvent of [secureEnded, disconnected, ...(proxied ? [firewallDisconnected] : [])])
      emitter.notify('connectionStatus', { connectionEvent, ...code });
    emitter.notify('disconnected', code);
  }
}

function status(connectionEvent: string): {
  connectionEvent: string;
  statusCode: number;
  description: string;
} {
  return { connectionEvent, statusCode: 0, description: 'OK' };
}

/** Aborts `abort` when `signal` fires, until it is released. */
function follow(signal: AbortSignal, abort: AbortController): () => void {
  const pass = (): void => abort.abort(signal.reason);
  if (signal.aborted) pass();
  else signal.addEventListener('abort', pass, { once: true });
  return () => signal.removeEventListener('abort', pass);
}
