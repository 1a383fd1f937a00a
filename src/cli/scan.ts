import { acceptCallback, algorithmNames, connect, type HostKeyContext, isWherryError } from '../index.ts';
import type { CommandContext } from './commands.ts';

/**
 * The host keys a server shows, one of each type: a connection each, which ends before anybody logs in. They are what
 * the network says, and prove nothing by themselves.
 */
export async function scanHostKeys(
  host: string,
  port: number,
  { options, signal }: CommandContext,
): Promise<HostKeyContext[]> {
  const found = new Map<string, HostKeyContext>();
  let trouble: unknown;
  for (const algorithm of algorithmNames().hostKey.defaults) {
    try {
      await connect({
        host,
        port,
        username: 'wherry',
        algorithms: { hostKey: [algorithm] },
        timeout: options.timeout * 1000,
        signal,
        trust: acceptCallback((context) => {
          found.set(context.key.type, context);
          return false;
        }),
      });
    } catch (error) {
      if (!isWherryError(error)) throw error;
      if (error.code === 'SSH_NEGOTIATION') trouble ??= error;
      else if (error.code !== 'HOST_KEY_REJECTED') throw error;
    }
  }
  if (found.size === 0 && trouble !== undefined) throw trouble;
  return [...found.values()];
}
