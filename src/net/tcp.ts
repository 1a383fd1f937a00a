import { connect, isIP, type Socket, type TcpNetConnectOpts } from 'node:net';
import { Deadline, type WaitOptions } from '../base/deadline.ts';
import type { ErrorCode } from '../base/error-codes.ts';
import { WherryError } from '../base/errors.ts';
import type { ByteStream, LocalEnd, StreamHandlers } from './byte-stream.ts';
import { ReadPace } from './read-pace.ts';

/** One read buffer that is used again for every read: measured at twice the speed of fresh ones. */
const READ_BUFFER_BYTES = 1_048_576;
/**
 * All connections read into the same memory: Node reads when bytes are there and hands them over before anything else
 * happens. On Windows, in Bun and in Deno a read may be under way while others are.
 */
const READS_IN_TURN: boolean =
  process.platform !== 'win32' && !('Bun' in globalThis) && !('Deno' in globalThis);
let sharedBuffer: Buffer | undefined;

function readBuffer(): Buffer {
  if (!READS_IN_TURN) return Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  sharedBuffer ??= Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  return sharedBuffer;
}

const CODE_OF_ERRNO: Readonly<Record<string, ErrorCode>> = {
  ECONNREFUSED: 'CONNECT_REFUSED',
  ENOTFOUND: 'CONNECT_HOST_NOT_FOUND',
  EAI_AGAIN: 'CONNECT_HOST_NOT_FOUND',
  ETIMEDOUT: 'CONNECT_TIMEOUT',
};

/** How to dial. */
export interface DialOptions extends WaitOptions {
  /** Address of the interface to connect from. */
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  /** Only addresses of this version; without it both are tried, whichever answers first (RFC 8305). */
  readonly family?: 4 | 6 | undefined;
}

/** A TCP connection to `host`. Fails with CONNECT_*, ABORTED, or TIMEOUT from `options.signal`. */
export function dialTcp(host: string, port: number, options: DialOptions = {}): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    const stream = new TcpStream(host, port, options);
    const deadline = new Deadline(options, 'connect', (error) => {
      stream.destroy();
      reject(lateConnect(error, host, port, options));
    });
    stream.opened(
      () => {
        deadline.clear();
        resolve(stream);
      },
      (error) => {
        deadline.clear();
        reject(connectError(error, host, port));
      },
    );
  });
}

/** What `connect` of node:net and node:tls is told. */
export function socketOptions(host: string, port: number, options: DialOptions): TcpNetConnectOpts {
  const { localAddress, localPort } = options;
  const family = options.family ?? (localAddress === undefined ? 0 : isIP(localAddress));
  return {
    host,
    port,
    family,
    autoSelectFamily: family === 0,
    noDelay: true,
    ...(localAddress === undefined ? {} : { localAddress }),
    ...(localPort === undefined ? {} : { localPort }),
  };
}

/** The error for a deadline that has passed while dialling. */
export function lateConnect(
  error: WherryError,
  host: string,
  port: number,
  { timeout = 0 }: WaitOptions,
): WherryError {
  if (error.code !== 'TIMEOUT' || error.cause !== undefined) return error;
  const text = `no connection to ${host} port ${port} within ${timeout / 1000} s`;
  return new WherryError('CONNECT_TIMEOUT', text, { host, port, phase: 'connect' });
}

export function connectError(error: NodeJS.ErrnoException, host: string, port: number): WherryError {
  const errno = error.code ?? firstCode(error);
  const code = (errno !== undefined && CODE_OF_ERRNO[errno]) || 'CONNECT_FAILED';
  const details = { host, port, phase: 'connect', ...(errno === undefined ? {} : { errno }) };
  return new WherryError(
    code,
    `cannot connect to ${host} port ${port}: ${errno ?? error.message}`,
    details,
    error,
  );
}

/** With several addresses to try, Node reports an AggregateError. */
function firstCode(error: Error): string | undefined {
  return error instanceof AggregateError
    ? (error.errors[0] as NodeJS.ErrnoException | undefined)?.code
    : undefined;
}

class TcpStream implements ByteStream {
  readonly host: string;
  readonly port: number;
  readonly #socket: Socket;
  #handlers: StreamHandlers | undefined;
  #error: Error | undefined;
  readonly #pace: ReadPace = new ReadPace();
  #wait: ReturnType<typeof setTimeout> | undefined;

  constructor(host: string, port: number, options: DialOptions) {
    this.host = host;
    this.port = port;
    const buffer = readBuffer();
    this.#socket = connect({
      ...socketOptions(host, port, options),
      onread: {
        buffer,
        callback: (length) => {
          this.#handlers?.data(buffer.subarray(0, length));
          return !this.#waits(length);
        },
      },
    });
    this.#socket.pause();
  }

  get local(): LocalEnd | undefined {
    const { localAddress: address, localPort: port } = this.#socket;
    return address === undefined || port === undefined ? undefined : { address, port };
  }

  opened(done: () => void, failed: (error: Error) => void): void {
    const socket = this.#socket;
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      socket.on('error', (error) => {
        this.#error = error;
      });
      done();
    });
  }

  start(handlers: StreamHandlers): void {
    this.#handlers = handlers;
    let isOpen = true;
    const closed = (): void => {
      if (isOpen) handlers.close(this.#error);
      isOpen = false;
    };
    this.#socket.on('end', () => handlers.end());
    this.#socket.once('close', closed);
    this.#socket.once('close', () => clearTimeout(this.#wait));
    if (this.#socket.destroyed) closed();
    else this.#socket.resume();
  }

  write(bytes: Uint8Array, done: () => void): void {
    this.#socket.write(bytes, done);
  }

  pause(): void {
    clearTimeout(this.#wait);
    this.#socket.pause();
  }

  resume(): void {
    clearTimeout(this.#wait);
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    clearTimeout(this.#wait);
    this.#socket.destroy();
  }

  #waits(length: number): boolean {
    if (!READS_IN_TURN || this.#socket.isPaused() || !this.#pace.waits(length)) return false;
    this.#wait = setTimeout(() => this.#socket.resume(), 1);
    return true;
  }
}
