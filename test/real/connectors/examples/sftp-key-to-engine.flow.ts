import type { FlowContext, SftpInputs } from '../../../../src/connectors/index.ts';

interface Inputs extends Pick<SftpInputs, 'host' | 'port'> {
  readonly username: string;
  readonly ssh_key: string;
  readonly known_host: string;
  readonly source: string;
}

/** The later example: SFTP, and where the file goes. */
export default async function handler({ execution, inputs }: FlowContext<Inputs>): Promise<unknown> {
  await execution.connect({
    connector_type: 'SFTP',
    authentication: {
      authentication_method: 'ssh_key',
      username: inputs.username,
      ssh_key: inputs.ssh_key,
    },
    host: inputs.host,
    port: inputs.port,
    hostkey: {
      hostkey_mode: 'known_host',
      known_host: inputs.known_host,
    },
    mode: {
      mode_name: 'copy_file_to_engine',
      source_file_name: inputs.source,
      destination_file_name: 'copied.txt',
      destination_location: { location_mode: 'inherit_from_execution' },
    },
  });
  return execution.success('all done');
}
