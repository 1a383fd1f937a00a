import { lstat, mkdir, readdir, readFile, realpath, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { InvalidInputError, invalidInput, ResourceNotFoundError } from '../errors.ts';
import type { Location } from '../schema/types.ts';
import { printable } from '../text.ts';
import {
  diskError,
  errnoOf,
  FOLDER_MODE,
  isFolderInTheWay,
  makeFolder,
  renameOver,
  writeAtomically,
} from './disk.ts';
import { checkFileName, ENGINE_NAME_PART } from './file-name.ts';
import type { FileStore, Provision, Reception, StoredFile } from './file-store.ts';
import { makeStaging } from './staging.ts';

/**
 * The engine's files in a folder: `files/NAME`, `projects/PROJECT/NAME` and `bundles/BUNDLE/NAME`. Nothing is
 * followed out of it, be it by a name or by a symbolic link. Writes go to `staging/` first and are renamed.
 *
 * @example
 * ```ts
 * import { folderStore } from 'wherry/connectors';
 *
 * const files = folderStore(localFolder);
 * await files.saveBytes('reports/today.txt', Buffer.from('all quiet\n'));
 * console.log((await files.list()).map(({ name }) => name));
 * ```
 */
export function folderStore(dir: string): FileStore {
  return new FolderStore(resolve(dir));
}

class FolderStore implements FileStore {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  async has(name: string, location?: Location): Promise<boolean> {
    checkFileName(name);
    try {
      return (await stat(await this.#existing(name, location))).isFile();
    } catch (error) {
      if (error instanceof InvalidInputError || !(error instanceof ResourceNotFoundError)) throw error;
      return false;
    }
  }

  async getBytes(name: string, location?: Location): Promise<Uint8Array> {
    const path = await this.#existing(name, location);
    return await readFile(path).catch((error) => {
      throw diskError(error, theFile(name));
    });
  }

  async saveBytes(name: string, bytes: Uint8Array, location?: Location): Promise<void> {
    const path = await this.#writable(name, location);
    await writeAtomically(path, bytes).catch(async (error) => {
      throw (await isFolderInTheWay(error, path)) ? isFolder(name) : diskError(error, theFile(name));
    });
  }

  async delete(name: string, location?: Location): Promise<void> {
    const path = await this.#existing(name, location);
    if ((await lstat(path)).isDirectory()) throw isFolder(name);
    await rm(path).catch((error) => {
      throw diskError(error, theFile(name));
    });
    await this.#dropEmptyFolders(dirname(path), this.#root(location));
  }

  async list(location?: Location): Promise<readonly StoredFile[]> {
    const root = this.#root(location);
    const found: StoredFile[] = [];
    const walk = async (folder: string, prefix: string): Promise<void> => {
      for (const entry of await readdir(folder, { withFileTypes: true })) {
        const name = `${prefix}${entry.name}`;
        if (entry.isDirectory()) await walk(join(folder, entry.name), `${name}/`);
        else if (entry.isFile() && !/(^|\/)\.[0-9a-f]{16}\.tmp$/.test(name)) {
          const info = await stat(join(folder, entry.name)).catch(() => undefined);
          if (info !== undefined) found.push({ name, size: info.size, modified: info.mtime });
        }
      }
    };
    await walk(root, '').catch((error) => {
      if (errnoOf(error) !== 'ENOENT') throw diskError(error, 'the folder of the files');
    });
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async receive(name: string, kind: 'file' | 'folder', location?: Location): Promise<Reception> {
    await this.#writable(name, location);
    const staging = await makeStaging(join(this.#dir, 'staging')).catch((error) => {
      throw diskError(error, 'the folder for what comes in');
    });
    const path = join(staging, 'content');
    const discard = (): Promise<void> => rm(staging, { recursive: true, force: true }).catch(() => {});
    return {
      path,
      discard,
      commit: async () => {
        try {
          if (kind === 'folder') await this.#takeFolder(path, name, location);
          else await this.#takeFile(path, name, location);
        } finally {
          await discard();
        }
      },
    };
  }

  async provide(name: string, kind: 'file' | 'folder', location?: Location): Promise<Provision> {
    const path = await this.#existing(name, location);
    const info = await stat(path);
    if (kind === 'file' && info.isDirectory()) throw isFolder(name);
    if (kind === 'folder' && !info.isDirectory())
      throw invalidInput('name', `${printable(name)} is a file of the engine, where a folder is needed`);
    return { path, release: () => Promise.resolve() };
  }

  async #takeFile(path: string, name: string, location: Location | undefined): Promise<void> {
    const target = await this.#writable(name, location);
    await renameOver(path, target).catch(async (error) => {
      throw (await isFolderInTheWay(error, target)) ? isFolder(name) : diskError(error, theFile(name));
    });
  }

  /** Every name is looked at before the first file is moved; files of other names stay. */
  async #takeFolder(path: string, name: string, location: Location | undefined): Promise<void> {
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    const files: string[] = [];
    const folders: string[] = [name];
    for (const entry of entries) {
      const below = join(entry.parentPath, entry.name).slice(path.length + 1);
      const full = `${name}/${below.split(sep).join('/')}`;
      checkFileName(full, `the file ${printable(full)} of the folder`);
      if (entry.isFile()) files.push(below);
      else if (entry.isDirectory()) folders.push(full);
    }
    for (const full of folders) await this.#folder(full, location);
    for (const below of files)
      await this.#takeFile(join(path, below), `${name}/${below.split(sep).join('/')}`, location);
  }

  #root(location: Location | undefined): string {
    if (location?.location_mode === 'project') {
      return join(
        this.#dir,
        'projects',
        checkFileName(location.project_name, 'project_name', ENGINE_NAME_PART),
      );
    }
    if (location?.location_mode === 'bundle') {
      return join(this.#dir, 'bundles', checkFileName(location.bundle_name, 'bundle_name', ENGINE_NAME_PART));
    }
    return join(this.#dir, 'files');
  }

  /** Where a file is that must be there, links followed as long as they stay inside. */
  async #existing(name: string, location: Location | undefined): Promise<string> {
    const root = this.#root(location);
    const path = join(root, ...checkFileName(name).split('/'));
    try {
      const [inside, real] = await Promise.all([realpath(root), realpath(path)]);
      if (!real.startsWith(inside + sep)) throw leadsOut(name);
      return path;
    } catch (error) {
      throw diskError(error, theFile(name));
    }
  }

  /** Where a file may be written: its folders are made, and none of them is a link that leads out. */
  async #writable(name: string, location: Location | undefined): Promise<string> {
    const parts = checkFileName(name).split('/');
    const last = parts.pop()!;
    const folder = await this.#makeFolders(name, parts, location);
    return join(folder, last);
  }

  async #folder(name: string, location: Location | undefined): Promise<void> {
    await this.#makeFolders(name, checkFileName(name).split('/'), location);
  }

  async #makeFolders(
    name: string,
    parts: readonly string[],
    location: Location | undefined,
  ): Promise<string> {
    const root = this.#root(location);
    try {
      await makeFolder(root);
      const inside = await realpath(root);
      let folder = root;
      for (const part of parts) {
        folder = join(folder, part);
        await mkdir(folder, { mode: FOLDER_MODE }).catch((error) => {
          if (errnoOf(error) !== 'EEXIST') throw error;
        });
        if (!(await realpath(folder)).startsWith(inside + sep)) throw leadsOut(name);
        if (!(await stat(folder)).isDirectory())
          throw invalidInput('name', `${printable(part)} in ${printable(name)} is a file, not a folder`);
      }
      return folder;
    } catch (error) {
      throw diskError(error, theFile(name));
    }
  }

  async #dropEmptyFolders(folder: string, root: string): Promise<void> {
    for (let at = folder; at !== root && at.startsWith(root + sep); at = dirname(at)) {
      const gone = await rmdir(at).then(
        () => true,
        () => false,
      );
      if (!gone) return;
    }
  }
}

function theFile(name: string): string {
  return `the file ${printable(name)} of the engine`;
}

function isFolder(name: string): InvalidInputError {
  return invalidInput('name', `${printable(name)} is a folder of the engine, where a file is needed`);
}

function leadsOut(name: string): InvalidInputError {
  return invalidInput('name', `${printable(name)} leads out of the store by a symbolic link`);
}
