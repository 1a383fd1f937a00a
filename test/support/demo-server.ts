import type { Channel } from '../../src/ssh/connection/channel.ts';
import { type ListeningSsh, listenSsh } from './peer/ssh-server.ts';
import type { ServerEnd } from './sftp/channel-pair.ts';
import { MemoryFs } from './sftp/memory-fs.ts';
import { MemorySftpServer } from './sftp/server.ts';

/** The server's end of a channel, as the in-memory SFTP server speaks to it. */
function serverEnd(channel: Channel): ServerEnd {
  let over = false;
  const end: ServerEnd = {
    onData: () => {},
    onClose: () => {},
    send: (bytes) => {
      channel.write(new Uint8Array(0), bytes);
    },
    eof: () => channel.end(),
    close: () => channel.close(),
    lose: () => channel.close(),
    get over() {
      return over;
    },
  };
  channel.attach({
    data: (bytes) => end.onData(bytes),
    closed: () => {
      over = true;
      end.onClose();
    },
  });
  return end;
}

/** An SSH server on a free loopback port with SFTP over files in memory: `user` logs in with `password`. */
export function listenSftp(user: string, password: string): Promise<ListeningSsh> {
  const fs = new MemoryFs();
  return listenSsh({
    users: { [user]: { password } },
    onSubsystem: (name, channel) => {
      if (name !== 'sftp') return false;
      new MemorySftpServer(serverEnd(channel), {}, fs);
      return true;
    },
  });
}
