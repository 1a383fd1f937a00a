interface ExtensionRow {
  /** The data an announcement must carry; undefined where any will do. */
  readonly data: string | undefined;
  readonly reply: 'status' | 'statvfs' | 'limits' | 'path';
  readonly ref: string;
}

/** Extensions the client can use where the server announces them. */
export const SFTP_EXTENSIONS = {
  'posix-rename@openssh.com': { data: '1', reply: 'status', ref: 'OpenSSH PROTOCOL section 4.3' },
  'statvfs@openssh.com': { data: '2', reply: 'statvfs', ref: 'OpenSSH PROTOCOL section 4.4' },
  'fstatvfs@openssh.com': { data: '2', reply: 'statvfs', ref: 'OpenSSH PROTOCOL section 4.4' },
  'hardlink@openssh.com': { data: '1', reply: 'status', ref: 'OpenSSH PROTOCOL section 4.5' },
  'fsync@openssh.com': { data: '1', reply: 'status', ref: 'OpenSSH PROTOCOL section 4.6' },
  'lsetstat@openssh.com': { data: '1', reply: 'status', ref: 'OpenSSH PROTOCOL section 4.7' },
  'limits@openssh.com': { data: '1', reply: 'limits', ref: 'OpenSSH PROTOCOL section 4.8' },
  'expand-path@openssh.com': { data: '1', reply: 'path', ref: 'OpenSSH PROTOCOL section 4.9' },
  'home-directory': {
    data: undefined,
    reply: 'path',
    ref: 'draft-ietf-secsh-filexfer-extensions-00 section 5',
  },
} as const;
SFTP_EXTENSIONS satisfies Record<string, ExtensionRow>;

export type SftpExtensionName = keyof typeof SFTP_EXTENSIONS;

/** Whether the server announced the extension in a version we speak. */
export function isAnnounced(announced: ReadonlyMap<string, string>, name: SftpExtensionName): boolean {
  const data = announced.get(name);
  const wanted: string | undefined = SFTP_EXTENSIONS[name].data;
  return data !== undefined && (wanted === undefined || data === wanted);
}
