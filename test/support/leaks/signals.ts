/** Listeners on AbortSignals, which live as long as the user's signal does, and keep what they close over. */
import { getEventListeners } from 'node:events';

/** Those that were listened to and may still be. */
const signals = new Set<AbortSignal>();
/** node:test itself listens to the signal of a running test, once. */
const ofTests = new WeakSet<AbortSignal>();

export function watchSignals(): void {
  const add = AbortSignal.prototype.addEventListener;
  AbortSignal.prototype.addEventListener = function (this: AbortSignal, ...args: Parameters<typeof add>) {
    if (!this.aborted) signals.add(this);
    return Reflect.apply(add, this, args);
  } as typeof add;
}

export function isOfTest(signal: AbortSignal): void {
  ofTests.add(signal);
}

export function liveListeners(): number {
  let count = 0;
  for (const signal of signals) {
    const listeners = signal.aborted ? 0 : getEventListeners(signal, 'abort').length;
    if (listeners === 0) signals.delete(signal);
    count += Math.max(0, listeners - (ofTests.has(signal) ? 1 : 0));
  }
  return count;
}
