import { UsageError } from './usage-error.ts';

/** What an sftp or scp URL names. */
export interface RemoteUrl {
  readonly scheme: 'sftp' | 'scp';
  readonly host: string;
  /** Undefined where the URL names none. */
  readonly port: number | undefined;
  /** Undefined where the URL names nobody. */
  readonly user: string | undefined;
  /** Absolute, or relative to where the server starts (`.` for that folder itself). */
  readonly path: string;
  /** The path ends in a slash: it must be a folder. */
  readonly folder: boolean;
}

const FORM =
  'sftp://[user@]host[:port]/absolute/path or sftp://[user@]host[:port]/~/path/below/home, or the same with scp://';

/** Whether a text looks like a URL rather than a local path. */
export function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
}

/**
 * Takes a URL apart. No complaint repeats the text, for it may hold a password.
 */
export function parseUrl(text: string): RemoteUrl {
  const [, scheme, authority = '', rawPath = ''] =
    /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is.exec(text) ?? [];
  if (scheme === undefined) throw wrong(`a URL is needed: ${FORM}`);
  const at = authority.lastIndexOf('@');
  const userInfo = at < 0 ? undefined : authority.slice(0, at);
  if (userInfo?.includes(':')) {
    throw wrong(
      'a password in a URL is seen by everybody on this machine; use --password-env NAME or a key instead',
    );
  }
  const known = scheme.toLowerCase();
  if (known !== 'sftp' && known !== 'scp') throw wrong(`only sftp:// and scp:// URLs are known: ${FORM}`);
  if (userInfo?.includes(';')) throw wrong('parameters behind the user are not known; pin with --host-key');
  if (/[?#]/.test(rawPath)) throw wrong('write %3F for "?" and %23 for "#" in the path of a URL');
  const path = decode(rawPath, 'path');
  return {
    scheme: known,
    ...hostAndPort(authority.slice(at + 1)),
    user: userInfo === undefined ? undefined : userName(userInfo),
    path: remotePath(path),
    folder: path === '' || path === '/~' || path.endsWith('/'),
  };
}

/** The last part of a path, by which a copy is named; undefined where there is none, as in `/` and `..`. */
export function baseName(path: string): string | undefined {
  const name = path.replace(/\/+$/, '').split('/').at(-1) ?? '';
  return name === '' || name === '.' || name === '..' ? undefined : name;
}

/** `/~/x` is x below the folder where the server starts; everything else is meant as it stands. */
function remotePath(path: string): string {
  if (path === '' || path === '/~') return '.';
  if (path.startsWith('/~/')) return path.slice(3).replace(/^\/+/, '') || '.';
  return path;
}

function hostAndPort(text: string): { host: string; port: number | undefined } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
  const [, host = '', port] = bracketed ?? /^([^:]*)(?::(.*))?$/.exec(text) ?? [];
  const name = decode(host, 'host');
  const valid = bracketed ? /^[0-9a-f:.]+(%[\w.-]+)?$/i.test(name) && name.includes(':') : isHostName(name);
  if (!valid) throw wrong('the URL names no valid host; an IPv6 address goes in brackets');
  return { host: name, port: portNumber(port) };
}

function isHostName(text: string): boolean {
  return text !== '' && !/[\s\p{Cc}\p{Cf}[\]<>"{}|\\^`@,%/?#]/u.test(text) && !text.startsWith('-');
}

function portNumber(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw wrong('the port of a URL is a number from 1 to 65535');
  return port;
}

function userName(text: string): string {
  const user = decode(text, 'user');
  if (user === '') throw wrong('the user of the URL is empty');
  return user;
}

function decode(text: string, what: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    throw wrong(`the ${what} of the URL is not well-formed: write %25 for "%"`);
  }
  if (decoded.includes('\0')) throw wrong(`the ${what} of the URL holds a zero byte`);
  return decoded;
}

function wrong(text: string): UsageError {
  return new UsageError(text);
}
