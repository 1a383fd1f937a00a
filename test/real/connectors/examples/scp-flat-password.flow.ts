import type { FlowContext } from '../../../../src/connectors/index.ts';

interface Inputs {
  readonly hostname: string;
  readonly port: number;
  readonly username: string;
  readonly hostkey: string;
  readonly password: string;
  readonly target: string;
}

/** Sends a file of the engine to a host. */
export default async function handler({ system, execution, inputs }: FlowContext<Inputs>): Promise<unknown> {
  await system.file('reports/today.txt').saveTextContent('all quiet\n');
  const child = await execution.connect({
    connector_type: 'SCP',
    hostname: inputs.hostname,
    port: inputs.port,
    hostkey: inputs.hostkey,
    username: inputs.username,
    password: inputs.password,
    src: 'cloudomation:reports/today.txt',
    dst: inputs.target,
  });
  execution.setOutput('copy', child.outputs);
  return execution.success('all done');
}
