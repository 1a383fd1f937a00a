/** Errors of the system in words, for what goes wrong with local files. */
const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EDQUOT: 'the quota is used up',
  EEXIST: 'it is there already',
  EFBIG: 'too large for the file system',
  EISDIR: 'it is a folder',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'there is no such file or folder',
  ENOSPC: 'no space left on the disk',
  ENOTDIR: 'a part of the path is no folder',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ETXTBSY: 'it is a program that runs',
};

/** `cannot write x: permission denied`. */
export function localTrouble(verb: 'read' | 'write', what: string, errno: string): string {
  return `cannot ${verb} ${what}: ${inWords(errno)}`;
}

/** An error of the system as people say it; its name where there are no words for it. */
export function inWords(errno: string): string {
  return WORDS[errno] ?? errno;
}
