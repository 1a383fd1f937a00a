import { invalidInput } from '../errors.ts';
import type { Location } from '../schema/types.ts';
import { checkFileName } from '../store/file-name.ts';
import type { FileStore, StoredFile } from '../store/file-store.ts';

/**
 * A file of the engine, which need not be there yet. Get one from `system.file(name)` in a flow.
 *
 * @example
 * ```ts
 * import { createEngine } from 'wherry/connectors';
 *
 * const engine = createEngine({ store: localFolder });
 * await engine.runFlow(async ({ system, execution }) => {
 *   const file = system.file('reports/today.txt');
 *   await file.saveTextContent('all quiet\n');
 *   execution.log(await file.getTextContent());
 *   await file.delete();
 *   return execution.success('all done');
 * });
 * ```
 */
export class EngineFile {
  readonly name: string;
  readonly #store: FileStore;
  readonly #location: Location;

  /** @internal */
  constructor(store: FileStore, name: string, location: Location) {
    this.name = checkFileName(name);
    this.#store = store;
    this.#location = location;
  }

  exists(): Promise<boolean> {
    return this.#store.has(this.name, this.#location);
  }

  /** As UTF-8; what is none becomes U+FFFD. */
  async getTextContent(): Promise<string> {
    return new TextDecoder().decode(await this.getBytesContent());
  }

  getBytesContent(): Promise<Uint8Array> {
    return this.#store.getBytes(this.name, this.#location);
  }

  async getBase64Content(): Promise<string> {
    const bytes = await this.getBytesContent();
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  }

  saveTextContent(text: string): Promise<void> {
    if (typeof text !== 'string') throw invalidInput('text', 'must be a text');
    return this.saveBytesContent(Buffer.from(text, 'utf8'));
  }

  saveBytesContent(bytes: Uint8Array): Promise<void> {
    if (!(bytes instanceof Uint8Array)) throw invalidInput('bytes', 'must be a Uint8Array');
    return this.#store.saveBytes(this.name, bytes, this.#location);
  }

  saveBase64Content(base64: string): Promise<void> {
    const digits = typeof base64 === 'string' ? base64.replace(/\s/g, '') : '!';
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/.test(digits))
      throw invalidInput('base64', 'must be base64');
    return this.saveBytesContent(Buffer.from(digits, 'base64'));
  }

  delete(): Promise<void> {
    return this.#store.delete(this.name, this.#location);
  }
}

/** What a flow can reach besides its own execution. */
export interface System {
  /** A file of the engine by its name. */
  file(name: string): EngineFile;
  /** Every file there is where the flow is. */
  files(): Promise<readonly StoredFile[]>;
}

export function systemFor(store: FileStore, location: Location): System {
  return {
    file: (name) => new EngineFile(store, name, location),
    files: () => store.list(location),
  };
}
