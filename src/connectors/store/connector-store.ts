import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ResourceNotFoundError } from '../errors.ts';
import type { Plain } from '../schema/plain.ts';
import { didYouMean, printable } from '../text.ts';
import { diskError, errnoOf } from './disk.ts';
import { readInputFile } from './document-file.ts';
import { checkFileName, ENGINE_NAME_PART } from './file-name.ts';

const ENDINGS = ['.yaml', '.yml', '.json'] as const;

/** Connections kept by name: `NAME.yaml`, `NAME.yml` or `NAME.json` in a folder, with `connector_type` in it. */
export interface ConnectorStore {
  /** The names, sorted. */
  list(): Promise<readonly string[]>;
  /** The stored inputs; ResourceNotFoundError where there are none. */
  load(name: string): Promise<{ readonly [name: string]: Plain }>;
}

export function connectorFolder(dir: string): ConnectorStore {
  const folder = resolve(dir);
  const list = async (): Promise<string[]> => {
    const names = await readdir(folder).catch((error) => {
      if (errnoOf(error) === 'ENOENT') return [];
      throw diskError(error, `the folder ${folder}`);
    });
    const found = names.flatMap((name) => {
      const ending = ENDINGS.find((one) => name.endsWith(one) && name.length > one.length);
      return ending === undefined ? [] : [name.slice(0, -ending.length)];
    });
    return [...new Set(found)].sort();
  };
  return {
    list,
    async load(name) {
      checkFileName(name, 'the name of the connector', ENGINE_NAME_PART);
      for (const ending of ENDINGS) {
        try {
          return await readInputFile(join(folder, `${name}${ending}`));
        } catch (error) {
          if (!(error instanceof ResourceNotFoundError)) throw error;
        }
      }
      const hint = didYouMean(name, await list());
      throw new ResourceNotFoundError(`there is no connector ${printable(name)} in ${folder}${hint}`);
    },
  };
}
