/** What the owner of a ByteStream wants to hear. Each is called on the stream's own turn of the loop. */
export interface StreamHandlers {
  /** `chunk` is valid during the call only: the memory is used again for the next one. */
  data(chunk: Uint8Array): void;
  /** The peer will send no more. */
  end(): void;
  /** The stream is gone; called once. */
  close(error: Error | undefined): void;
}

/** The address and port of this machine that a connection is made from. */
export interface LocalEnd {
  readonly address: string;
  readonly port: number;
}

/** A reliable byte stream in both directions: a TCP connection, a proxied one, another SSH channel, memory. */
export interface ByteStream {
  readonly host: string;
  readonly port: number;
  /** This end of a TCP connection. */
  readonly local?: LocalEnd | undefined;
  /** Begins delivery. Called once, by the owner. */
  start(handlers: StreamHandlers): void;
  /** Sends `bytes`, which must not change until `done` has been called. */
  write(bytes: Uint8Array, done: () => void): void;
  pause(): void;
  resume(): void;
  /** Sends what was written, then the end of the stream. */
  end(): void;
  /** Gives the stream up at once. */
  destroy(): void;
}
