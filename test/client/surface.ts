/** The names of the reference, as data, and how ours follow from them. */
import { readFileSync } from 'node:fs';

interface Surface {
  readonly properties: readonly {
    name: string;
    type: 'bool' | 'int' | 'str' | 'bytes';
    indexed: boolean;
    default: string;
    readonly: boolean;
  }[];
  readonly methods: readonly { name: string; params: readonly string[]; returns: string }[];
  readonly events: readonly {
    name: string;
    params: readonly { name: string; type: string; settable: boolean }[];
  }[];
  readonly config: readonly { name: string }[];
  readonly errors: readonly { group: string; code: number; text: string }[];
}

export const surface: Surface = JSON.parse(
  readFileSync(new URL('../fixtures/surface.json', import.meta.url), 'utf8'),
);

/** `ssh_host` is `sshHost`. */
export function camel(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
