/** Every timer the code makes: those that hold no process open are in no list of Node's. */
import { createRequire, syncBuiltinESMExports } from 'node:module';

interface Held {
  readonly ms: number;
  readonly timer?: NodeJS.Timeout & { readonly _destroyed?: boolean };
}

type Promises = typeof import('node:timers/promises');

const held = new Set<Held>();
const promises = createRequire(import.meta.url)('node:timers/promises') as Promises;

/** The one that is not watched. */
export const wait: Promises['setTimeout'] = promises.setTimeout;

export function watchTimers(): void {
  const { setTimeout: once, setInterval: often } = globalThis;
  globalThis.setTimeout = withSymbolsOf(once, (...args: Parameters<typeof once>) =>
    kept(once(...args), args[1]),
  );
  globalThis.setInterval = withSymbolsOf(often, (...args: Parameters<typeof often>) =>
    kept(often(...args), args[1]),
  );
  promises.setTimeout = (ms, ...rest) => {
    const entry = { ms: ms ?? 1 };
    held.add(entry);
    return wait(ms, ...rest).finally(() => held.delete(entry));
  };
  syncBuiltinESMExports();
}

function kept(timer: NodeJS.Timeout, ms = 1): NodeJS.Timeout {
  held.add({ ms, timer });
  return timer;
}

/** util.promisify finds the promise form under a symbol of the function. */
function withSymbolsOf<F extends object>(from: F, to: unknown): F {
  for (const name of Object.getOwnPropertySymbols(from)) Reflect.set(to as F, name, Reflect.get(from, name));
  return to as F;
}

/** Their milliseconds, the youngest last. */
export function liveTimers(): number[] {
  for (const entry of held) if (entry.timer?._destroyed === true) held.delete(entry);
  return [...held].map(({ ms }) => ms);
}
