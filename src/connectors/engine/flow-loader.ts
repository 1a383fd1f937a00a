import { randomBytes } from 'node:crypto';
import { readFile, stat, unlink, writeFile } from 'node:fs/promises';
import * as nodeModule from 'node:module';
import { dirname, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InternalError, invalidInput } from '../errors.ts';
import { diskError } from '../store/disk.ts';
import { printable } from '../text.ts';
import type { FlowHandler } from './flow-execution.ts';

const PLAIN = ['.js', '.mjs', '.cjs'];
const TYPED = ['.ts', '.mts', '.cts'];

/** Whether a file is a flow by its ending; connections are YAML or JSON. */
export function isFlowFile(path: string): boolean {
  return [...PLAIN, ...TYPED].includes(extname(path));
}

/** The handler a flow file exports by default. A file that has changed is loaded anew. */
export async function loadFlow(file: string): Promise<FlowHandler> {
  const path = resolve(file);
  const shown = printable(file);
  if (!isFlowFile(path)) throw invalidInput(shown, `is no flow: ${[...TYPED, ...PLAIN].join(', ')} are`);
  const { mtimeMs } = await stat(path).catch((error) => {
    throw diskError(error, `the flow ${shown}`);
  });
  const url = `${pathToFileURL(path).href}?wherry=${mtimeMs}`;
  const module = TYPED.includes(extname(path)) ? await importTyped(path, url) : await import(url);
  const handler = (module as { default?: unknown }).default;
  // What CommonJS exports, compiled from a module, is one level further down.
  const inner = (handler as { default?: unknown } | undefined)?.default;
  for (const one of [handler, inner]) if (typeof one === 'function') return one as FlowHandler;
  const wanted = 'export default async function handler({ system, execution, inputs }) { … }';
  throw invalidInput(shown, `exports no handler by default; expected ${wanted}`);
}

/** Node strips types from 22.18 on, and a loader such as tsx may be there already; else what the project has is used. */
async function importTyped(path: string, url: string): Promise<unknown> {
  try {
    return await import(url);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_UNKNOWN_FILE_EXTENSION') throw error;
  }
  const tsImport = await findTsx(path);
  if (tsImport !== undefined) return await tsImport(url, import.meta.url);
  const strip = await stripper(path);
  if (strip === undefined) throw needsLoader(path);
  try {
    return await importStripped(path, strip);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ERR_UNKNOWN_FILE_EXTENSION' ? needsLoader(path) : error;
  }
}

function needsLoader(path: string): InternalError {
  return new InternalError(
    `${printable(path)}, or what it imports, is TypeScript, which Node ${process.version} does not run: use Node ` +
      '22.18 or newer, or install tsx in your project (npm install --save-dev tsx), or write the flow as .mjs',
  );
}

type TsImport = (specifier: string, parent: string) => Promise<unknown>;

/** Its module is asked for by the path its package.json gives: `require.resolve` would find the CommonJS one. */
async function findTsx(path: string): Promise<TsImport | undefined> {
  const manifest = find('tsx/package.json', path);
  if (manifest === undefined) return undefined;
  const { exports } = JSON.parse(await readFile(new URL(manifest), 'utf8')) as {
    exports?: { './esm/api'?: { import?: { default?: string } } };
  };
  const module = exports?.['./esm/api']?.import?.default;
  if (module === undefined) return undefined;
  return ((await import(new URL(module, manifest).href)) as { tsImport?: TsImport }).tsImport;
}

type Strip = (source: string) => string;

async function stripper(path: string): Promise<Strip | undefined> {
  const { stripTypeScriptTypes } = nodeModule as { stripTypeScriptTypes?: Strip };
  if (stripTypeScriptTypes !== undefined) return stripTypeScriptTypes;
  const found = find('typescript', path);
  if (found === undefined) return undefined;
  const { default: ts } = (await import(found)) as { default: typeof import('typescript') };
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
  return (source) => ts.transpileModule(source, { compilerOptions }).outputText;
}

/** The code beside its file, for as long as it is loaded: what it imports is looked for from there. */
async function importStripped(path: string, strip: Strip): Promise<unknown> {
  const code = strip(await readFile(path, 'utf8'));
  const beside = join(dirname(path), `.wherry-${randomBytes(8).toString('hex')}.mjs`);
  await writeFile(beside, code, { flag: 'wx', mode: 0o600 });
  try {
    return await import(pathToFileURL(beside).href);
  } finally {
    await unlink(beside).catch(() => {});
  }
}

/** The address of a package as the flow, or the project that is worked in, would find it. */
function find(name: string, flow: string): string | undefined {
  for (const from of [flow, join(process.cwd(), 'package.json')]) {
    try {
      return pathToFileURL(nodeModule.createRequire(from).resolve(name)).href;
    } catch {
      // Not there: the next place.
    }
  }
  return undefined;
}
