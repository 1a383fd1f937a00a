import { formatLog, type LogEvent, type Logger } from '../index.ts';
import type { ClientState } from './state.ts';
import { ConnectionEvents, LogLevels } from './tables/enums.ts';

/** Turns what the core logs into `sshStatus` and `log` events; the first answer of the server into `connectionStatus`. */
export function logHandler(state: ClientState): Logger {
  return (event) => {
    const { emitter, settings } = state;
    if (event.kind === 'connect') state.proxied = event.through !== undefined;
    if (event.kind === 'version') {
      const { firewallConnected, connected } = ConnectionEvents;
      for (const connectionEvent of state.proxied ? [firewallConnected, connected] : [connected])
        emitter.notify('connectionStatus', { connectionEvent, statusCode: 0, description: 'OK' });
    }
    if (event.kind !== 'packet') emitter.notify('sshStatus', { message: formatLog(event) });
    const wanted = settings.get('LogLevel');
    const level = levelOf(event, wanted);
    if (level > wanted || !emitter.hears('log')) return;
    const message =
      level === LogLevels.debug ? withBytes(event, settings.get('LogSFTPFileData')) : formatLog(event);
    emitter.notify('log', { logLevel: level, message, logType: '' });
  };
}

function levelOf(event: LogEvent, wanted: number): number {
  if (event.kind !== 'packet') return LogLevels.info;
  return wanted === LogLevels.debug ? LogLevels.debug : LogLevels.verbose;
}

/** The packet in hex. The data of channels holds file contents, among other things. */
function withBytes(event: LogEvent, fileData: boolean): string {
  const line = formatLog(event);
  if (event.kind !== 'packet' || event.payload === undefined) return `${line} ***`;
  if (event.message === 'SSH_MSG_CHANNEL_DATA' && !fileData) return line;
  return `${line} ${Buffer.from(event.payload).toString('hex')}`;
}
