import { appendFile, readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ResourceNotFoundError } from '../errors.ts';
import { createAtomically, diskError, errnoOf, makeFolder, writeAtomically } from '../store/disk.ts';
import { type ExecutionRecord, isEnded, type LogLine, parseRecord } from './execution-record.ts';
import { isAlive } from './process-identity.ts';

/** A record with its log. */
export interface ExecutionDetails extends ExecutionRecord {
  readonly log: readonly LogLine[];
}

/**
 * The records of executions in a folder: `ID.json` and its log `ID.log`, one JSON object a line. Ids count up, also
 * when several processes share the folder.
 *
 * @example
 * ```ts
 * import { ExecutionStore } from 'wherry/connectors';
 *
 * const executions = new ExecutionStore(`${localFolder}/executions`);
 * for (const { id, name, status, message } of await executions.list()) console.log(id, name, status, message);
 * ```
 */
export class ExecutionStore {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = resolve(dir);
  }

  /** The newest first; at most `limit` of them. */
  async list({
    limit = Number.POSITIVE_INFINITY,
  }: {
    limit?: number | undefined;
  } = {}): Promise<readonly ExecutionRecord[]> {
    const records: ExecutionRecord[] = [];
    for (const id of (await this.#ids()).sort((a, b) => b - a)) {
      if (records.length >= limit) break;
      const record = await this.#read(id);
      if (record !== undefined) records.push(record);
    }
    return records;
  }

  /** One record with its log; ResourceNotFoundError where there is none. */
  async get(id: number): Promise<ExecutionDetails> {
    const possible = Number.isSafeInteger(id) && id > 0;
    // Records are written before the log: read the other way round, the record is as new as the log at least.
    const log = possible ? await this.#log(id) : [];
    const record = possible ? await this.#read(id) : undefined;
    if (record === undefined) throw new ResourceNotFoundError(`there is no execution ${id}`);
    return { ...record, log };
  }

  /** @internal Writes a first record under the next free id. */
  async create(record: Omit<ExecutionRecord, 'id'>): Promise<ExecutionRecord> {
    try {
      await makeFolder(this.#dir);
      for (let id = (await this.#ids()).reduce((a, b) => Math.max(a, b), 0) + 1; ; id++) {
        const made = { id, ...record };
        if (await createAtomically(this.#path(id), serialize(made))) return made;
      }
    } catch (error) {
      throw diskError(error, `the record of the execution in ${this.#dir}`);
    }
  }

  /** @internal */
  async save(record: ExecutionRecord, durable: boolean): Promise<void> {
    await writeAtomically(this.#path(record.id), serialize(record), durable);
  }

  /** @internal */
  async appendLog(id: number, lines: readonly LogLine[]): Promise<void> {
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    await appendFile(join(this.#dir, `${id}.log`), text, { mode: 0o600 });
  }

  async #ids(): Promise<number[]> {
    const names = await readdir(this.#dir).catch((error) => {
      if (errnoOf(error) === 'ENOENT') return [];
      throw diskError(error, `the folder ${this.#dir}`);
    });
    return names.flatMap((name) => {
      const digits = /^([1-9]\d{0,15})\.json$/.exec(name)?.[1];
      return digits === undefined ? [] : [Number(digits)];
    });
  }

  async #read(id: number): Promise<ExecutionRecord | undefined> {
    const record = await this.#parse(id);
    if (record === undefined || isEnded(record.status) || (await isAlive(record.process))) return record;
    // It may have ended between the two looks.
    const again = await this.#parse(id);
    if (again === undefined || isEnded(again.status)) return again;
    const { pid } = record.process;
    const message = `interrupted: process ${pid}, which ran it, ended before it was finished`;
    return { ...again, status: 'interrupted', message };
  }

  async #parse(id: number): Promise<ExecutionRecord | undefined> {
    const text = await readFile(this.#path(id), 'utf8').catch((error) => {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw diskError(error, `the record of execution ${id}`);
    });
    const record = text === undefined ? undefined : parseRecord(text);
    return record?.id === id ? record : undefined;
  }

  /** A line that a killed process left half-written is left out. */
  async #log(id: number): Promise<LogLine[]> {
    const text = await readFile(join(this.#dir, `${id}.log`), 'utf8').catch(() => '');
    return text.split('\n').flatMap((line) => {
      try {
        return [JSON.parse(line) as LogLine];
      } catch {
        return [];
      }
    });
  }

  #path(id: number): string {
    return join(this.#dir, `${id}.json`);
  }
}

function serialize(record: ExecutionRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}
