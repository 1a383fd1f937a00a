import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { type ConnectOptions, WherryError } from '../index.ts';
import { SFTPClientError } from './client-error.ts';
import type { Vocabulary } from './to-core.ts';

type Properties = Vocabulary['properties'];

/** Refuses what cannot be connected to. */
export function checkAddress({ sshHost, sshPort }: Properties): void {
  if (sshHost === '') throw new SFTPClientError(102, 'sshHost is not set');
  if (sshHost === '0.0.0.0') throw new SFTPClientError(102, 'sshHost is no address of a server: 0.0.0.0');
  if (sshPort === 0) throw new SFTPClientError(116);
}

/** The address to connect from: a name is looked up, in the family of the server's address where that is one. */
export async function localAddress({
  localHost,
  sshHost,
}: Properties): Promise<Pick<ConnectOptions, 'localAddress'>> {
  if (localHost === '') return {};
  if (isIP(localHost) !== 0) return { localAddress: localHost };
  try {
    return { localAddress: (await lookup(localHost, { family: isIP(sshHost) })).address };
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? 'ENOTFOUND';
    throw new WherryError('CONNECT_FAILED', `localHost ${localHost}: ${errno}`, { errno }, error);
  }
}
