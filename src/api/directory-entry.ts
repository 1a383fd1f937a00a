import type { WaitOptions } from '../base/deadline.ts';
import { WherryError } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import { sanitize } from '../base/text.ts';
import { type FileAttributes, type FileType, fileType } from '../sftp/attributes.ts';
import { openDirectory } from '../sftp/open-file.ts';
import { askDirectory, closeHandle, readPage } from '../sftp/requests.ts';
import type { SftpReply, SftpSession } from '../sftp/session.ts';

/** One entry of a listing. `.` and `..` are left out. */
export interface DirectoryEntry {
  /** A byte that is no valid text stands as U+DC00 plus its value: the name leads to the file all the same. */
  readonly name: string;
  readonly type: FileType;
  readonly attributes: FileAttributes;
  /** The server's own line for people, as `ls -l` prints it, in SFTP version 3; its form is not defined anywhere. */
  readonly longname: string;
}

export interface ListOptions extends WaitOptions {
  /** Entries after which the listing fails with LIMIT_EXCEEDED, as it does for very long names. Default 1,000,000. */
  readonly maxEntries?: number;
}

/** READDIRs under way at a time at most; a listing begins with two and grows with what comes. */
const MOST_AHEAD = 8;

/** As many characters as most file systems allow for a name. */
const USUAL_NAME = 256;

export async function* listDirectory(
  session: SftpSession,
  path: string,
  options: ListOptions,
): AsyncGenerator<DirectoryEntry, void, void> {
  const max = options.maxEntries ?? LIMITS.listingEntries.value;
  // Who allows for more entries gets more of them.
  const mostChars = Math.max(LIMITS.listingChars.value, max * USUAL_NAME);
  const handle = await openDirectory(session, path, options);
  const ahead: Promise<SftpReply>[] = [];
  const ask = (depth: number): void => {
    while (ahead.length < depth) {
      const page = askDirectory(session, handle, path, options);
      page.catch(() => {});
      ahead.push(page);
    }
  };
  let count = 0;
  let chars = 0;
  let depth = 1;
  let ended = false;
  try {
    ask(depth);
    // After the end has been told, what is still under way may hold entries: servers may answer in any order.
    for (let next = ahead.shift(); next !== undefined; next = ahead.shift()) {
      const page = readPage(session, await next, path);
      if (page === undefined || page.last) ended = true;
      if (!ended) {
        depth = Math.min(depth + 1, MOST_AHEAD);
        ask(depth);
      }
      for (const { name, longname, attributes } of page?.entries ?? []) {
        if (name === '.' || name === '..') continue;
        if (++count > max) throw tooMany(path, max);
        chars += name.length + longname.length;
        if (chars > mostChars) throw tooLong(path, mostChars);
        yield { name, longname: sanitize(longname), attributes, type: fileType(attributes) };
      }
    }
  } finally {
    closeHandle(session, handle, path).catch(() => {});
  }
}

function tooLong(path: string, expected: number): WherryError {
  const text = `the names in ${sanitize(path)} have more than ${expected} characters together`;
  return new WherryError('LIMIT_EXCEEDED', text, {
    limit: 'listingChars',
    path: sanitize(path),
    expected,
  });
}

function tooMany(path: string, max: number): WherryError {
  return new WherryError('LIMIT_EXCEEDED', `${sanitize(path)} has more than ${max} entries`, {
    limit: 'listingEntries',
    path: sanitize(path),
    expected: max,
  });
}
