/** The name of `names` that `given` was most likely meant to be, one that holds it or the one at the least edit distance, whatever the case. */
export function nearest(given: string, names: Iterable<string>): string {
  let best = '';
  let least = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const [one, other] = [given.slice(0, 64).toLowerCase(), name.toLowerCase()];
    const begun = one.length > 3 && (other.includes(one) || one.includes(other));
    const distance = begun ? 1 + Math.abs(one.length - other.length) / 100 : editDistance(one, other);
    if (distance < least) [best, least] = [name, distance];
  }
  return best;
}

function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
