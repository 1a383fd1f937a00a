import { createReadStream, createWriteStream } from 'node:fs';
import { posix } from 'node:path';
import { PassThrough, Readable, type Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { CODES, compatError, failed, isCompatError } from './errors.ts';
import { type FileInfo, type FileStats, fileInfo, fileStats } from './facts.ts';
import { localType, unreadable, unwritable } from './local.ts';
import { CompatSession } from './session.ts';
import {
  bitsOf,
  downloadPart,
  remoteReadable,
  remoteWritable,
  type StreamOptions,
  type TransferStreamOptions,
  uploadPlace,
} from './streams.ts';
import { downloadFolder, type FolderOptions, uploadFolder } from './trees.ts';

/**
 * The class of ssh2-sftp-client over Wherry: the same methods, results and errors, so that a program switches by its
 * import. What differs: a host key must be trusted (`hostVerifier`, `trust`, or ~/.ssh/known_hosts), where the library
 * takes any; a failed download leaves no half file; a name the server gives never leaves the folder of `downloadDir`;
 * and `connect` resolves with Wherry's `Sftp`. `docs/from-ssh2-sftp-client.md` has the list.
 *
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises';
 * import Client from 'wherry/compat/ssh2-sftp-client';
 *
 * const client = new Client();
 * await client.connect({ host, port, username, privateKey: await readFile(privateKeyFile, 'utf8'), trust });
 * await client.put(Buffer.from('hello\n'), remoteFile);
 * console.log(await client.exists(remoteFile)); // '-'
 * await client.end();
 * ```
 */
export class SftpClient extends CompatSession {
  /** The absolute path, or '' where there is none. */
  async realPath(remotePath: string): Promise<string> {
    try {
      return await this.open('realPath').realpath(remotePath);
    } catch (error) {
      const compat = failed('realPath', error, remotePath);
      if (compat.code === 2) return '';
      throw compat;
    }
  }

  cwd(): Promise<string> {
    return this.realPath('.');
  }

  stat(remotePath: string): Promise<FileStats> {
    return this.#stat('stat', remotePath);
  }

  lstat(remotePath: string): Promise<FileStats> {
    return this.#stat('lstat', remotePath);
  }

  /** `d`, `-` or `l` for what is there, false for nothing. */
  async exists(remotePath: string): Promise<'d' | '-' | 'l' | false> {
    if (remotePath === '.') return 'd';
    try {
      const info = await this.lstat(remotePath);
      if (info.isDirectory) return 'd';
      if (info.isSymbolicLink) return 'l';
      return info.isFile ? '-' : false;
    } catch (error) {
      if (isCompatError(error) && error.code === CODES.notExist) return false;
      throw error;
    }
  }

  async list(remotePath: string, filter?: (item: FileInfo) => boolean): Promise<FileInfo[]> {
    const sftp = this.open('list');
    const found: FileInfo[] = [];
    try {
      for await (const entry of sftp.list(remotePath)) found.push(fileInfo(entry));
    } catch (error) {
      throw failed('list', error, remotePath);
    }
    return filter === undefined ? found : found.filter(filter);
  }

  /** Into a Buffer without `dst`, else to a path or into a stream, which is what it resolves with. */
  async get(
    remotePath: string,
    dst?: string | Writable,
    options?: TransferStreamOptions | null,
  ): Promise<Buffer | string | Writable> {
    const sftp = this.open('get');
    const part = downloadPart(options?.readStreamOptions);
    if (typeof dst === 'string') {
      const why = unwritable(dst);
      if (why !== undefined) throw compatError('get', `Bad path: ${dst}: ${why}`);
    }
    try {
      if (dst === undefined) return Buffer.from(await sftp.readFile(remotePath, part));
      if (typeof dst !== 'string') await sftp.download(remotePath, dst, part);
      else if (options?.writeStreamOptions === undefined) await sftp.download(remotePath, dst, part);
      else {
        const stream = remoteReadable(sftp, remotePath, options.readStreamOptions);
        await pipeline(stream, createWriteStream(dst, options.writeStreamOptions as object));
      }
      return dst;
    } catch (error) {
      throw failed('get', error, remotePath);
    }
  }

  async fastGet(remotePath: string, localPath: string, options?: FastOptions): Promise<string> {
    const type = await this.exists(remotePath);
    if (type !== '-') {
      const text = `${type ? 'Not a regular file' : 'No such file '} ${remotePath}`;
      throw compatError('fastGet', text, CODES.badPath);
    }
    const why = unwritable(localPath);
    if (why !== undefined) throw compatError('fastGet', `Bad path: ${localPath}: ${why}`, CODES.badPath);
    try {
      await this.open('_fastGet').download(remotePath, localPath, { onProgress: step(options) });
    } catch (error) {
      throw failed('fastGet', error, `Remote: ${remotePath} Local: ${localPath}`);
    }
    return `${remotePath} was successfully download to ${localPath}!`;
  }

  async fastPut(localPath: string, remotePath: string, options?: FastOptions): Promise<string> {
    const why = unreadable(localPath);
    if (why !== undefined) throw compatError('fastPut', `Bad path: ${localPath}: ${why}`, code(why));
    if (localType('fastPut', localPath) === 'd')
      throw compatError('fastPut', `Bad path: ${localPath} not a regular file`, CODES.badPath);
    try {
      const { mode } = options ?? {};
      const place = uploadPlace(mode === undefined ? {} : { mode });
      await this.open('_fastPut').upload(localPath, remotePath, { ...place, onProgress: step(options) });
    } catch (error) {
      throw failed('fastPut', error, `Local: ${localPath} Remote: ${remotePath}`);
    }
    return `${localPath} was successfully uploaded to ${remotePath}!`;
  }

  /** From a local path, a Buffer or a stream. */
  async put(
    src: string | Buffer | Readable,
    remotePath: string,
    options?: TransferStreamOptions | null,
  ): Promise<string> {
    if (typeof src === 'string') {
      const why = unreadable(src);
      if (why !== undefined) throw compatError('put', `Bad path: ${src} ${why}`, code(why));
    }
    const sftp = this.open('_put');
    const source =
      typeof src === 'string' && options?.readStreamOptions !== undefined
        ? createReadStream(src, options.readStreamOptions as object)
        : src;
    try {
      await sftp.upload(binary(source), remotePath, uploadPlace(options?.writeStreamOptions));
    } catch (error) {
      throw failed('_put', error, remotePath);
    }
    return `Uploaded data stream to ${remotePath}`;
  }

  async append(input: Buffer | Readable, remotePath: string, options: StreamOptions = {}): Promise<string> {
    if (typeof input === 'string')
      throw compatError('append', 'Cannot append one file to another', CODES.badPath);
    if ((await this.exists(remotePath)) === 'd')
      throw compatError('append', `Bad path: ${remotePath}: cannot append to a directory`, CODES.badPath);
    try {
      await this.open('append').upload(binary(input), remotePath, uploadPlace({ ...options, flags: 'a' }));
    } catch (error) {
      throw failed('append', error, remotePath);
    }
    return `Appended data to ${remotePath}`;
  }

  async mkdir(remotePath: string, recursive = false): Promise<string> {
    this.open('mkdir');
    const path = await this.normalize(remotePath);
    const there = await this.exists(path);
    if (there && there !== 'd')
      throw compatError('mkdir', `Bad path: ${path} already exists as a file`, CODES.badPath);
    if (there) return `${path} already exists`;
    const above = posix.dirname(path);
    if (recursive && above !== '.' && above !== path && !(await this.exists(above)))
      await this.mkdir(above, true);
    try {
      await this.open('mkdir').mkdir(path);
    } catch (error) {
      const { code: status, cause } = failed('mkdir', error);
      if (status !== 2 && status !== 4) throw failed('mkdir', error, path);
      const why = status === 4 ? 'permission denied' : 'parent not a directory or not exist';
      throw compatError('mkdir', `Bad path: ${path} ${why}`, CODES.badPath, cause);
    }
    return `${path} directory created`;
  }

  async rmdir(remoteDir: string, recursive = false): Promise<string> {
    const sftp = this.open('rmdir');
    const path = await this.normalize(remoteDir);
    const there = await this.exists(path);
    if (!there) throw compatError('rmdir', `Bad Path: ${remoteDir}: No such directory`, CODES.badPath);
    if (there !== 'd') throw compatError('rmdir', `Bad Path: ${remoteDir}: Not a directory`, CODES.badPath);
    try {
      if (recursive) {
        const entries = await this.list(path);
        const files = entries.filter(({ type }) => type !== 'd');
        await Promise.all(files.map(({ name }) => this.delete(`${path}/${name}`, true)));
        for (const { name, type } of entries) if (type === 'd') await this.rmdir(`${path}/${name}`, true);
      }
      await sftp.rmdir(path);
    } catch (error) {
      throw failed('rmdir', error, path);
    }
    return 'Successfully removed directory';
  }

  async delete(remotePath: string, notFoundOK = false): Promise<string> {
    try {
      await this.open('delete').remove(remotePath);
    } catch (error) {
      const compat = failed('delete', error, remotePath);
      if (!notFoundOK || compat.code !== 2) throw compat;
    }
    return `Successfully deleted ${remotePath}`;
  }

  async rename(fromPath: string, toPath: string): Promise<string> {
    const sftp = this.open('rename');
    await named('_rename', sftp.rename(fromPath, toPath), `From: ${fromPath} To: ${toPath}`);
    return `Successfully renamed ${fromPath} to ${toPath}`;
  }

  async posixRename(fromPath: string, toPath: string): Promise<string> {
    const sftp = this.open('posixRename');
    await named('_posixRename', sftp.replace(fromPath, toPath), `From: ${fromPath} To: ${toPath}`);
    return `Successful POSIX rename ${fromPath} to ${toPath}`;
  }

  async chmod(remotePath: string, mode: number | string): Promise<string> {
    await named('_chmod', this.open('chmod').chmod(remotePath, bitsOf(mode)), remotePath);
    return 'Successfully change file mode';
  }

  uploadDir(srcDir: string, dstDir: string, options?: FolderOptions): Promise<string> {
    return uploadFolder(this, srcDir, dstDir, options);
  }

  downloadDir(srcDir: string, dstDir: string, options?: FolderOptions): Promise<string> {
    return downloadFolder(this, srcDir, dstDir, options);
  }

  createReadStream(remotePath: string, options?: StreamOptions): Readable {
    return remoteReadable(this.open('createReadStream'), remotePath, options);
  }

  createWriteStream(remotePath: string, options?: StreamOptions): Writable {
    return remoteWritable(this.open('createWriteStream'), remotePath, options);
  }

  /** Copies a file on the server, by way of this machine. */
  async rcopy(src: string, dst: string): Promise<string> {
    const sftp = this.open('rcopy');
    const [from, to] = [await this.normalize(src), await this.normalize(dst)];
    const there = await this.exists(from);
    if (!there) throw compatError('rcopy', `Source does not exist ${from}`, CODES.badPath);
    if (there !== '-') throw compatError('rcopy', `Source not a file ${from}`, CODES.badPath);
    if (await this.exists(to)) throw compatError('rcopy', `Destination already exists ${to}`, CODES.badPath);
    const between = new PassThrough();
    await named('_rcopy', Promise.all([sftp.download(from, between), sftp.upload(between, to)]), from);
    return `${from} copied to ${to}`;
  }

  /** @internal Paths that begin with a dot, made absolute. */
  async normalize(path: string): Promise<string> {
    if (path.startsWith('..')) return `${await this.realPath('..')}/${path.slice(3)}`;
    if (path.startsWith('.')) return `${await this.realPath('.')}/${path.slice(2)}`;
    return path;
  }

  async #stat(command: 'stat' | 'lstat', path: string): Promise<FileStats> {
    const sftp = this.open(command);
    try {
      return fileStats(await sftp[command](path));
    } catch (error) {
      const compat = failed('_xstat', error, path);
      if (compat.code !== 2 && compat.code !== 4) throw compat;
      throw compatError('_xstat', `No such file: ${path}`, CODES.notExist, error);
    }
  }
}

/** Options of fastGet and fastPut; `concurrency` and `chunkSize` have no meaning here. */
export interface FastOptions {
  readonly step?: (transferred: number, chunk: number, total: number) => void;
  readonly mode?: number | string;
  readonly [other: string]: unknown;
}

function step(
  options: FastOptions | undefined,
): ((progress: { transferred: number; total?: number | undefined }) => void) | undefined {
  const call = options?.step;
  if (call === undefined) return undefined;
  let before = 0;
  return ({ transferred, total = 0 }) => {
    call(transferred, transferred - before, total);
    before = transferred;
  };
}

/** A stream of texts, as one with an encoding is, becomes one of bytes. */
function binary(source: string | Buffer | Readable): string | Buffer | Readable {
  if (!(source instanceof Readable) || source.readableEncoding === null) return source;
  const encoding = source.readableEncoding;
  const bytes = new PassThrough();
  source.on('data', (text: string) => bytes.write(text, encoding));
  finished(source).then(
    () => bytes.end(),
    (error: Error) => bytes.destroy(error),
  );
  return bytes;
}

/** The number that ssh2-sftp-client gives for a local path that cannot be had. */
function code(why: string): number | string {
  return why === 'not exist' ? -2 : why === 'permission denied' ? -13 : CODES.generic;
}

async function named<T>(method: string, work: Promise<T>, about: string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw failed(method, error, about);
  }
}
