/** Where the harness keeps things: everything is relative to this file or to the system's temp folder. */
import { fileURLToPath } from 'node:url';

export const projectRoot: string = fileURLToPath(new URL('../../../', import.meta.url));

/** Unpacked server programs that survive from run to run; `.cache/` is not in git. */
export const serverCache: string = fileURLToPath(new URL('../../../.cache/servers/', import.meta.url));
