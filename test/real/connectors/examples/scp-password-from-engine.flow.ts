import type { FlowContext } from '../../../../src/connectors/index.ts';

interface Inputs {
  readonly username: string;
  readonly password: string;
  readonly host: string;
  readonly port_number: number;
  readonly known_host: string;
  readonly target: string;
}

/** User name and password, a port that is not 22, and a file from the engine to a remote host. */
export default async function handler({ execution, inputs }: FlowContext<Inputs>): Promise<unknown> {
  await execution.connect({
    connector_type: 'SCP',
    authentication: {
      authentication_method: 'username_password',
      username: inputs.username,
      password: inputs.password,
    },
    host: inputs.host,
    port: {
      port_mode: 'port_number',
      port_number: inputs.port_number,
    },
    hostkey: {
      hostkey_mode: 'known_host',
      known_host: inputs.known_host,
    },
    mode: {
      mode_name: 'copy_file_from_engine',
      source_file_name: 'outgoing.bin',
      destination_file_name: inputs.target,
    },
  });
  return execution.success('all done');
}
