/** Whether a list of patterns with `*` and `?` covers a text; a negated match (`!pattern`) outweighs all. */
export function matchesPatterns(patterns: readonly string[], text: string): boolean {
  let found = false;
  for (const pattern of patterns) {
    const negated = pattern.startsWith('!');
    if (!globToRegExp(negated ? pattern.slice(1) : pattern).test(text)) continue;
    if (negated) return false;
    found = true;
  }
  return found;
}

/** A pattern with `*` and `?` as a regular expression without case, anchored on both sides. */
export function globToRegExp(pattern: string): RegExp {
  const source = pattern
    .replace(/\*+/g, '*')
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'is');
}
