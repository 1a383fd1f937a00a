/**
 * What comes from the network is decrypted where it lies, in memory that is read into again. Whoever gets such bytes
 * has them until the loan ends, at the latest when the call returns that handed them over: what is to stay is kept.
 */
const lent = new WeakSet<ArrayBufferLike>();
let loans = 0;
let borrowers: (() => void)[] = [];

/** Declares memory to be used again. */
export function lend(memory: Uint8Array): void {
  lent.add(memory.buffer);
}

/** `bytes` for good: themselves, or a copy where they are only lent. */
export function keep(bytes: Uint8Array): Uint8Array {
  return lent.has(bytes.buffer) ? Uint8Array.prototype.slice.call(bytes) : bytes;
}

export function beginLoan(): void {
  loans++;
}

export function endLoan(): void {
  loans--;
  takeBack();
}

/** The memory is about to be used again: all who wait for that are called first. */
export function takeBack(): void {
  if (borrowers.length === 0) return;
  const called = borrowers;
  borrowers = [];
  for (const returned of called) returned();
}

/** Calls `returned` before the memory lent is used again. False, and no call, where no loan is under way. */
export function beforeReuse(returned: () => void): boolean {
  if (loans === 0) return false;
  borrowers.push(returned);
  return true;
}
