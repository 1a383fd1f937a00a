import type { Channel } from '../../ssh/connection/channel.ts';
import type { SftpService } from '../sftp/service.ts';
export function serveScp(_command: string, _channel: Channel, _service: SftpService): boolean {
  return false;
}
