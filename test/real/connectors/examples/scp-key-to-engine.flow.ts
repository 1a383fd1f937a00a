import type { FlowContext, ScpInputs } from '../../../../src/connectors/index.ts';

interface Inputs extends Pick<ScpInputs, 'host' | 'port'> {
  readonly username: string;
  readonly ssh_key: string;
  readonly known_host: string;
  readonly source: string;
}

/** A key, and a file from a remote host to the engine. */
export default async function handler({ execution, inputs }: FlowContext<Inputs>): Promise<unknown> {
  await execution.connect({
    connector_type: 'SCP',
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
    },
  });
  return execution.success('all done');
}
