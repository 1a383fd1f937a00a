import { type FileAttributes, fileType } from '../../sftp/attributes.ts';

const TYPE_LETTERS: Readonly<Record<string, string>> = {
  directory: 'd',
  symlink: 'l',
  socket: 's',
  character: 'c',
  block: 'b',
  fifo: 'p',
};

/** The line for people that SSH_FXP_NAME carries, in the form of `ls -l`. */
export function longname(name: string, attributes: FileAttributes): string {
  const { permissions = 0, uid = 0, gid = 0, size = 0, modifyTime = 0 } = attributes;
  const letters = [...'rwxrwxrwx'].map((letter, i) => ((permissions >> (8 - i)) & 1 ? letter : '-'));
  const time = new Date(modifyTime * 1000).toISOString();
  const when = `${time.slice(0, 10)} ${time.slice(11, 16)}`;
  return `${TYPE_LETTERS[fileType(attributes)] ?? '-'}${letters.join('')} 1 ${uid} ${gid} ${String(size).padStart(10)} ${when} ${name}`;
}
