import type { FileReceiver, Incoming, Receiver, Times } from '../../scp/receive.ts';
import { fileType } from '../../sftp/attributes.ts';
import { FilesError, type OpenHow, type ServedFiles } from '../files/served-files.ts';
import type { ScpCommand } from './command-words.ts';

const WRITING: OpenHow = {
  read: false,
  write: true,
  append: false,
  create: true,
  truncate: true,
  exclusive: false,
  noFollow: false,
  mode: undefined,
};

/** Where `scp -t` puts what comes: into the target, or, where that is a folder, below it by its own name. */
export class ScpSink implements Receiver {
  readonly #files: ServedFiles;
  readonly #target: string;
  readonly #command: ScpCommand;
  /** What is being copied now. */
  #top = '';

  constructor(files: ServedFiles, target: string, command: ScpCommand) {
    this.#files = files;
    this.#target = target;
    this.#command = command;
  }

  async folder(incoming: Incoming): Promise<void> {
    const at = this.#place(incoming);
    if (!this.#isFolder(at)) this.#files.mkdir(at, incoming.mode | 0o700);
    else if (this.#command.preserve)
      this.#files.setAttributes(at, { permissions: incoming.mode | 0o700 }, true);
  }

  async leave(path: string, times: Times | undefined): Promise<void> {
    if (this.#command.preserve && times !== undefined)
      this.#files.setAttributes(path === '' ? this.#top : `${this.#top}/${path}`, { ...stamps(times) }, true);
  }

  async file(incoming: Incoming): Promise<FileReceiver> {
    const at = this.#place(incoming);
    const { mode, times } = incoming;
    const file = this.#files.open(at, { ...WRITING, mode });
    const { preserve } = this.#command;
    let written = 0;
    return {
      write(bytes) {
        file.write(written, bytes);
        written += bytes.length;
      },
      async finish() {
        try {
          if (preserve) file.setAttributes({ permissions: mode, ...(times && stamps(times)) });
        } finally {
          file.close();
        }
      },
      async fail() {
        file.close();
      },
    };
  }

  warning(): void {}

  #place({ path, name }: Incoming): string {
    if (path !== '') return `${this.#top}/${path}`;
    const into = this.#isFolder(this.#target);
    if (this.#command.intoFolder && !into) throw new FilesError('SSH_FX_NOT_A_DIRECTORY', 'Not a directory');
    this.#top = into ? `${this.#target}/${name}` : this.#target;
    return this.#top;
  }

  #isFolder(path: string): boolean {
    try {
      return fileType(this.#files.attributes(path, true)) === 'directory';
    } catch {
      return false;
    }
  }
}

function stamps({ accessTime, modifyTime }: Times): { accessTime: number; modifyTime: number } {
  return { accessTime, modifyTime };
}
