import { readFile } from 'node:fs/promises';
import type { SftpInputs, SftpMode } from '../../../src/connectors/index.ts';
import { getFixtures } from '../../support/servers/fixtures.ts';
import { realServer } from '../../support/servers/from-env.ts';

/** The text of a private key that every server lets in. */
export async function userKey(): Promise<string> {
  const { userKeys } = await getFixtures();
  return await readFile(userKeys.ed25519.files.openssh, 'utf8');
}

/** Public key lines of the server, without a host. */
export function hostLines(): string {
  return realServer('openssh')
    .hostKeys.map(({ publicLine }) => publicLine)
    .join('\n');
}

/** SFTP inputs for the server that is there, or for another port of this machine. */
export async function sftpInputs(
  mode: SftpMode,
  port: number = realServer('openssh').port,
): Promise<SftpInputs> {
  const { host, user } = realServer('openssh');
  return {
    connector_type: 'SFTP',
    authentication: { authentication_method: 'ssh_key', username: user, ssh_key: await userKey() },
    host,
    hostkey: { hostkey_mode: 'known_host', known_host: hostLines() },
    port: { port_mode: 'port_number', port_number: port },
    mode,
  };
}
