/**
 * Whether `text` as a whole matches a pattern in which `*` stands for any run of characters and `?` for one;
 * everything else stands for itself. Only the last `*` is ever gone back to, so the time is bounded by the
 * product of the two lengths, whatever the pattern (libssh CVE-2026-0967 is what the usual recursion leads to).
 */
export function matchGlob(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    const wanted = pattern[p];
    if (wanted === '*') {
      star = p++;
      resume = t;
    } else if (wanted === '?' || (wanted !== undefined && wanted === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
