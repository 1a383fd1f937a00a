import type { CommandContext } from './commands.ts';
import { isUrl, parseUrl, type RemoteUrl } from './url.ts';
import { UsageError } from './usage-error.ts';

/**
 * What an argument names on a server: a URL on the command line, a path in the shell, where it is absolute, or below the
 * home folder as `~/path`, or else below the folder the shell is in.
 */
export function locate({ shell }: CommandContext, text: string, complaint?: string): RemoteUrl {
  if (shell === undefined) {
    if (complaint !== undefined && !isUrl(text)) throw new UsageError(complaint);
    return parseUrl(text);
  }
  return { ...shell.url, path: shell.resolve(text), folder: text === '' || /(^|\/)\.{0,2}$/.test(text) };
}

/** The same, for what scp cannot do. */
export function locateBySftp(context: CommandContext, text: string): RemoteUrl {
  const url = locate(context, text);
  if (url.scheme === 'scp') throw new UsageError('scp only copies: use an sftp:// URL');
  return url;
}

/** URLs in groups that one connection serves, in order. */
export function byServer(urls: readonly RemoteUrl[]): RemoteUrl[][] {
  const groups: RemoteUrl[][] = [];
  for (const url of urls) {
    const last = groups.at(-1);
    if (last !== undefined && sameServer(last[0]!, url)) last.push(url);
    else groups.push([url]);
  }
  return groups;
}

export function sameServer(a: RemoteUrl, b: RemoteUrl): boolean {
  return a.host === b.host && a.port === b.port && a.user === b.user;
}

/** Where something goes on the server of `from`: a URL of the same server, or a path as in a URL behind the host. */
export function locateBeside(context: CommandContext, from: RemoteUrl, text: string): RemoteUrl {
  if (context.shell !== undefined || isUrl(text)) {
    const to = locateBySftp(context, text);
    if (!sameServer(from, to))
      throw new UsageError('both must be on one server: use get and put between two');
    return to;
  }
  const path = text.startsWith('~/') ? text.slice(2) || '.' : text;
  return { ...from, path, folder: text.endsWith('/') };
}
