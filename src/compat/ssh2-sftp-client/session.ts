import { EventEmitter } from 'node:events';
import { type Connection, connect, openSftp, type PromptRequest, type Sftp } from '../../index.ts';
import { connectOptions, type SftpClientConfig } from './config.ts';
import { CODES, compatError, failed } from './errors.ts';

/** What the constructor takes: what is to be called when the connection ends although nobody ended it. */
export interface SftpClientCallbacks {
  readonly error?: (error: Error) => void;
  readonly end?: () => void;
  readonly close?: () => void;
}

type Listener = Parameters<EventEmitter['on']>[1];

/** Without callbacks the library prints a line; ours go to stderr, which is where they disturb nobody. */
const ALOUD: SftpClientCallbacks = {
  error: (error) => say(`Global error listener: ${error.message}`),
  end: () => say('Global end listener: end event raised'),
  close: () => say('Global close listener: close event raised'),
};

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** The connection of a client: how it begins and ends, and who hears of it. */
export class CompatSession {
  /** Defined while there is a connection. */
  sftp: Sftp | undefined;
  /** Files under way in uploadDir and downloadDir. */
  promiseLimit = 10;
  readonly clientName: string;
  readonly #callbacks: SftpClientCallbacks;
  readonly #events: EventEmitter = new EventEmitter();
  #connection: Connection | undefined;
  #ending = false;

  constructor(clientName = 'sftp', callbacks: SftpClientCallbacks = ALOUD) {
    this.clientName = clientName;
    this.#callbacks = callbacks;
  }

  /** Connects and resolves with Wherry's Sftp, where ssh2-sftp-client gives ssh2's. */
  async connect(config: SftpClientConfig): Promise<Sftp> {
    if (this.sftp !== undefined)
      throw compatError('connect', 'An existing SFTP connection is already defined', CODES.connect);
    this.promiseLimit = config.promiseLimit ?? 10;
    this.#ending = false;
    try {
      const prompts = config.tryKeyboard === true ? this.#answers.bind(this) : undefined;
      const ssh = await connect(connectOptions(config, prompts));
      this.#connection = ssh;
      ssh.onClosed((cause) => this.#onClosed(cause));
      this.sftp = await openSftp(ssh);
      this.#events.emit('ready');
      return this.sftp;
    } catch (error) {
      await this.#connection?.close();
      this.sftp = undefined;
      throw failed('getConnection', error);
    }
  }

  /** Ends the connection. */
  async end(): Promise<true> {
    this.#ending = true;
    await this.#connection?.close();
    this.sftp = undefined;
    return true;
  }

  on(event: string, listener: Listener): void {
    this.#events.prependListener(event, listener);
  }

  removeListener(event: string, listener: Listener): void {
    this.#events.removeListener(event, listener);
  }

  /** @internal */
  tell(event: string, ...facts: readonly unknown[]): void {
    this.#events.emit(event, ...facts);
  }

  /** @internal The session, or ERR_NOT_CONNECTED under the name of a method. */
  open(method: string): Sftp {
    if (this.sftp === undefined) throw compatError(method, 'No SFTP connection available', CODES.connect);
    return this.sftp;
  }

  #onClosed(cause: Error): void {
    this.sftp = undefined;
    const wanted = this.#ending;
    if (!wanted && (cause as { code?: string }).code !== 'CLOSED') {
      if (this.#events.listenerCount('error') > 0) this.#events.emit('error', cause);
      this.#callbacks.error?.(cause);
    }
    for (const event of ['end', 'close'] as const) {
      this.#events.emit(event);
      if (!wanted) this.#callbacks[event]?.();
    }
  }

  /** ssh2's event: name, instructions, language, prompts, and a function that takes the answers. */
  #answers({ name, instruction, prompts }: PromptRequest): Promise<readonly string[]> {
    const questions = prompts.map(({ text, echo }) => ({ prompt: text, echo }));
    return new Promise((resolve) => {
      const finish = (answers: readonly string[]): void => resolve(answers);
      if (!this.#events.emit('keyboard-interactive', name, instruction, '', questions, finish)) resolve([]);
    });
  }
}
