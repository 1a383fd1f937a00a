import { createRequire } from 'node:module';

let load: NodeJS.Require | undefined;

/**
 * Loads a package where nothing can be waited for. In a bundle in CommonJS `import.meta` is empty, and the name of the file
 * says where to look.
 */
export function requirePackage(name: string): unknown {
  load ??= createRequire(import.meta.url ?? __filename);
  return load(name);
}
