/**
 * What comes in on stdin. Stopping early lets go of stdin at once: the iterator of the stream itself would first
 * wait for the next chunk, which a terminal or a slow pipe may never give.
 */
export function stdinSource(): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      const chunks = process.stdin[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
      return {
        next: () => chunks.next(),
        async return() {
          process.stdin.destroy();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
