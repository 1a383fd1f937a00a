/** What the three times three bits of a mode are as an access control list (filexfer-13 section 7.8), and back. */
const WHO = [
  { line: 'A::OWNER@:', shift: 6 },
  { line: 'A:g:GROUP@:', shift: 3 },
  { line: 'A::EVERYONE@:', shift: 0 },
] as const;
const RIGHTS = [
  [4, 'r'],
  [2, 'wa'],
  [1, 'x'],
] as const;

/** Kinds of entries that are understood, as `acl-supported` tells: allow, and no other. */
export const ACL_CAPABILITIES = 0x1;

export function aclOfMode(mode: number): string {
  return WHO.map(({ line, shift }) => {
    const bits = mode >> shift;
    return line + RIGHTS.map(([bit, letters]) => ((bits & bit) === 0 ? '' : letters)).join('');
  }).join('\n');
}

/** The nine bits; undefined where the list says what no mode can. */
export function modeOfAcl(acl: string): number | undefined {
  let mode = 0;
  for (const entry of acl.split('\n').filter((one) => one !== '')) {
    const who = WHO.find(({ line }) => entry.startsWith(line));
    if (who === undefined) return undefined;
    const rights = new Set(entry.slice(who.line.length));
    for (const [bit, letters] of RIGHTS) {
      const given = [...letters].filter((letter) => rights.delete(letter)).length;
      if (given === letters.length) mode |= bit << who.shift;
      else if (given > 0) return undefined;
    }
    if (rights.size > 0) return undefined;
  }
  return mode;
}
