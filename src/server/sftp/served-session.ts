import { posix } from 'node:path';
import { decodeAttributes, type FileAttributes } from '../../sftp/attributes.ts';
import { UTF8_NAMES } from '../../sftp/names.ts';
import type { SftpReader } from '../../sftp/reader.ts';
import type { SftpVersion } from '../../sftp/versions.ts';
import { FilesError, type ServedFiles } from '../files/served-files.ts';
import { FileHandle, Handles, type OpenHandle } from './handles.ts';
import type { OpenMode } from './open-modes.ts';
import { done, handle, type NamedAttributes, names, type Reply } from './replies.ts';
import type { SftpService } from './service.ts';
import { settable, shown } from './shown-attributes.ts';

/** Names in one SSH_FXP_NAME. */
const NAMES_PER_REPLY = 100;

/** One session: what it has open, and how its requests are to be read in its version. */
export class ServedSession {
  readonly service: SftpService;
  readonly handles: Handles;
  /** As agreed; 3 until then. */
  version: SftpVersion = 3;

  constructor(service: SftpService) {
    this.service = service;
    this.handles = new Handles(service.limits.handles);
  }

  get files(): ServedFiles {
    return this.service.files;
  }

  /** The client is gone. */
  end(): void {
    this.handles.closeAll();
  }

  absolute(path: string): string {
    return path.startsWith('/') ? path : posix.join(this.service.home, '/') + path;
  }

  name(reader: SftpReader): string {
    return UTF8_NAMES.decode(reader.string());
  }

  path(reader: SftpReader): string {
    return this.absolute(this.name(reader));
  }

  handle(reader: SftpReader): OpenHandle {
    return this.handles.get(reader.string());
  }

  file(reader: SftpReader): FileHandle {
    const found = this.handle(reader);
    if (found.kind !== 'file') throw new FilesError('SSH_FX_FILE_IS_A_DIRECTORY', 'a folder');
    return found;
  }

  /** Attributes a client gives for something. */
  given(reader: SftpReader): FileAttributes {
    return settable(decodeAttributes(reader, this.version), this.service.accounts);
  }

  shown(found: FileAttributes): FileAttributes {
    return shown(found, this.version, this.service.accounts);
  }

  attributesOf(found: OpenHandle): FileAttributes {
    return this.shown(
      found.kind === 'file' ? found.file.attributes() : this.files.attributes(found.path, true),
    );
  }

  change(work: (files: ServedFiles) => void): Reply {
    this.checkWritable();
    work(this.files);
    return done();
  }

  checkWritable(): void {
    if (this.service.readOnly) throw new FilesError('SSH_FX_PERMISSION_DENIED', 'the server is read-only');
  }

  open(path: string, mode: OpenMode, given: FileAttributes): Reply {
    if (mode.write || mode.create || mode.deleteOnClose) this.checkWritable();
    this.handles.checkRoom();
    const permissions = given.permissions === undefined ? undefined : given.permissions & 0o7777;
    // Opened first without cutting it: a lock of another may be in the way.
    const file = this.files.open(path, { ...mode, truncate: false, mode: permissions });
    const opened = new FileHandle(file, mode, path, this.service.locks);
    try {
      opened.begin();
      return handle(this.handles.keep(opened));
    } catch (error) {
      opened.close();
      throw error;
    }
  }

  close(reader: SftpReader): Reply {
    const found = this.handles.take(reader.string());
    if (found.kind === 'folder') return done();
    found.close();
    if (found.deleteOnClose) this.files.remove(found.path);
    return done();
  }

  openFolder(path: string): Reply {
    this.handles.checkRoom();
    const entries = ['.', '..', ...this.files.names(path)];
    return handle(this.handles.keep({ kind: 'folder', path, names: entries }));
  }

  readFolder(reader: SftpReader): Reply {
    const found = this.handle(reader);
    if (found.kind === 'file') throw new FilesError('SSH_FX_NOT_A_DIRECTORY', 'not a folder');
    const entries = found.names.splice(0, NAMES_PER_REPLY).flatMap((name): NamedAttributes[] => {
      try {
        const attributes = this.files.attributes(`${found.path}/${name}`, false);
        return [{ name, attributes: this.shown(attributes) }];
      } catch {
        return []; // Gone since the folder was opened.
      }
    });
    if (entries.length === 0 && found.names.length === 0) throw new FilesError('SSH_FX_EOF', 'End of file');
    return names(this.version, entries, found.names.length === 0);
  }
}

/** A uint64 that is a place in a file. */
export function offset(reader: SftpReader): number {
  const value = reader.u64();
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw new FilesError('SSH_FX_INVALID_PARAMETER', 'an offset beyond 2^53');
  return Number(value);
}
