import type { Duplex } from 'node:stream';
import type { ByteStream, StreamHandlers } from './byte-stream.ts';

/** Any Duplex as a ByteStream. */
export function duplexStream(duplex: Duplex, host: string, port: number): ByteStream {
  return {
    host,
    port,
    start(handlers: StreamHandlers) {
      let failure: Error | undefined;
      let isOpen = true;
      const closed = (): void => {
        if (isOpen) handlers.close(failure ?? duplex.errored ?? undefined);
        isOpen = false;
      };
      duplex.on('error', (error) => {
        failure = error;
      });
      duplex.on('data', (chunk: Uint8Array) => handlers.data(chunk));
      duplex.on('end', () => handlers.end());
      duplex.once('close', closed);
      if (duplex.destroyed) closed();
    },
    write: (bytes, done) => {
      duplex.write(bytes, () => done());
    },
    pause: () => {
      duplex.pause();
    },
    resume: () => {
      duplex.resume();
    },
    end: () => {
      duplex.end();
    },
    destroy: () => {
      duplex.destroy();
    },
  };
}
