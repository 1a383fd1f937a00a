import { open } from 'node:fs/promises';
import type { Document } from 'yaml';
import { InvalidInputError, invalidInput } from '../errors.ts';
import { type Plain, toPlain } from '../schema/plain.ts';
import { printable } from '../text.ts';
import { diskError } from './disk.ts';

const MAX_BYTES = 4_194_304;

/**
 * Reads an object out of a YAML or JSON file, such as the inputs of a connection or a flow. What is wrong with the
 * file is told by line and column: its text may hold a secret.
 *
 * @example
 * ```ts
 * import { readInputFile } from 'wherry/connectors';
 * import { writeFile } from 'node:fs/promises';
 *
 * await writeFile(`${localFolder}/inputs.yaml`, 'day: monday\ncount: 3\n');
 * console.log(await readInputFile(`${localFolder}/inputs.yaml`));
 * ```
 */
export async function readInputFile(path: string): Promise<{ [name: string]: Plain }> {
  const shown = printable(path);
  const text = await readBounded(path).catch((error) => {
    throw diskError(error, `the file ${shown}`);
  });
  const { isMap, LineCounter, parseDocument } = await import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw invalidInput(shown, `is no YAML or JSON: ${error.code} in line ${line}, column ${col}`);
  }
  if (!isMap(document.contents)) throw invalidInput(shown, 'must hold an object: names and their values');
  const { value, problems } = toPlain(toData(document, shown));
  if (problems.length > 0) throw new InvalidInputError(`${shown}: ${problems[0]!.message}`, problems);
  return value as { [name: string]: Plain };
}

/** Aliases can be wrong in ways that show only now, and in numbers that are no accident. */
function toData(document: Pick<Document, 'toJS'>, shown: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    throw invalidInput(shown, 'is no YAML that can be used: its aliases do not resolve');
  }
}

async function readBounded(path: string): Promise<string> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  if (size > MAX_BYTES) throw invalidInput(printable(path), `is larger than ${MAX_BYTES} bytes`);
  return await file.readFile('utf8');
}
