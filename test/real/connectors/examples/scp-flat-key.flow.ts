import type { FlowContext } from '../../../../src/connectors/index.ts';

interface Inputs {
  readonly hostname: string;
  readonly port: number;
  readonly username: string;
  readonly hostkey: string;
  readonly key: string;
  readonly log: string;
}

/** Fetches an error log, and counts in it. */
export default async function handler({ system, execution, inputs }: FlowContext<Inputs>): Promise<unknown> {
  await execution.connect({
    connector_type: 'SCP',
    name: 'copy apache error log from host',
    hostname: inputs.hostname,
    port: inputs.port,
    hostkey: inputs.hostkey,
    username: inputs.username,
    key: inputs.key,
    src: inputs.log,
    dst: 'cloudomation:apache-error.log',
  });
  const errorLog = await system.file('apache-error.log').getTextContent();
  const failures = errorLog.split('authentication failure').length - 1;
  execution.log(`there are ${failures} authentication failures`);
  execution.setOutput('failures', failures);
  return execution.success('all done');
}
