import type { Location } from '../schema/types.ts';

/** A file the engine keeps. */
export interface StoredFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly modified: Date;
}

/** A place on this machine that something is downloaded to, before it is the engine's. */
export interface Reception {
  /** A local path; nothing is there yet. */
  readonly path: string;
  /** Everything has come: puts it under its name, in place of what was there. */
  commit(): Promise<void>;
  /** Forgets it. Does nothing after `commit`. */
  discard(): Promise<void>;
}

/** A place on this machine that one of the engine's files can be read from. */
export interface Provision {
  /** A local path. */
  readonly path: string;
  /** It is no longer needed. */
  release(): Promise<void>;
}

/**
 * Where the engine keeps its files. `folderStore` is one; another one may keep them in a database or a bucket.
 *
 * A name is 1 to 128 characters, with folders before a `/`; names that would leave the store are refused with
 * InvalidInputError, and a file that is not there is ResourceNotFoundError. Without a location the default place
 * is meant; `inherit_from_execution` is that too.
 */
export interface FileStore {
  has(name: string, location?: Location): Promise<boolean>;
  getBytes(name: string, location?: Location): Promise<Uint8Array>;
  /** All or nothing: a reader sees the old contents or the new ones. */
  saveBytes(name: string, bytes: Uint8Array, location?: Location): Promise<void>;
  delete(name: string, location?: Location): Promise<void>;
  /** Every file of a location, by name. */
  list(location?: Location): Promise<readonly StoredFile[]>;
  /** For a download: a file, or a folder with what will be in it. */
  receive(name: string, kind: 'file' | 'folder', location?: Location): Promise<Reception>;
  /** For an upload. */
  provide(name: string, kind: 'file' | 'folder', location?: Location): Promise<Provision>;
}
