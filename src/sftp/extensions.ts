interface ExtensionRow {
  /** The data an announcement must carry; undefined where any will do. */
  readonly data?: string;
  /** Names whose announcement says that this one is there as well. */
  readonly alias?: readonly string[];
  /** What answers the request; `none` where the announcement is all there is. */
  readonly reply: 'status' | 'extended' | 'name' | 'none';
  readonly ref: string;
}

/** Extensions the client can use where the server announces them. */
export const SFTP_EXTENSIONS = {
  'posix-rename@openssh.com': { data: '1', reply: 'status', ref: 'OpenSSH PROTOCOL section 4.3' },
  'statvfs@openssh.com': { data: '2', reply: 'extended', ref: 'OpenSSH PROTOCOL section 4.4' },
  'fstatvfs@openssh.com': { data: '2', reply: 'extended', ref: 'OpenSSH PROTOCOL section 4.4' },
  'hardlink@openssh.com': { data: '1', reply: 'status', ref: 'OpenSSH PROTOCOL section 4.5' },
  'fsync@openssh.com': { data: '1', reply: 'status', ref: 'OpenSSH PROTOCOL section 4.6' },
  'lsetstat@openssh.com': { data: '1', reply: 'status', ref: 'OpenSSH PROTOCOL section 4.7' },
  'limits@openssh.com': { data: '1', reply: 'extended', ref: 'OpenSSH PROTOCOL section 4.8' },
  'expand-path@openssh.com': { data: '1', reply: 'name', ref: 'OpenSSH PROTOCOL section 4.9' },
  'users-groups-by-id@openssh.com': { data: '1', reply: 'extended', ref: 'OpenSSH PROTOCOL section 4.12' },
  'copy-data': { reply: 'status', ref: 'draft-ietf-secsh-filexfer-extensions-00 section 7' },
  'copy-file': { reply: 'status', ref: 'draft-ietf-secsh-filexfer-extensions-00 section 6' },
  'home-directory': { reply: 'name', ref: 'draft-ietf-secsh-filexfer-extensions-00 section 5' },
  'get-temp-folder': { reply: 'name', ref: 'draft-ietf-secsh-filexfer-extensions-00 section 8' },
  'make-temp-folder': { reply: 'name', ref: 'draft-ietf-secsh-filexfer-extensions-00 section 8' },
  'check-file-name': {
    alias: ['check-file'],
    reply: 'extended',
    ref: 'draft-ietf-secsh-filexfer-extensions-00 section 3',
  },
  'check-file-handle': {
    alias: ['check-file'],
    reply: 'extended',
    ref: 'draft-ietf-secsh-filexfer-extensions-00 section 3',
  },
  'md5-hash': { reply: 'extended', ref: 'draft-ietf-secsh-filexfer-09 section 9.1.1' },
  'md5-hash-handle': { reply: 'extended', ref: 'draft-ietf-secsh-filexfer-09 section 9.1.1' },
  'space-available': { reply: 'extended', ref: 'draft-ietf-secsh-filexfer-extensions-00 section 4' },
  'text-seek': { reply: 'status', ref: 'draft-ietf-secsh-filexfer-13 section 8.4' },
  'version-select': { alias: ['versions'], reply: 'status', ref: 'draft-ietf-secsh-filexfer-13 section 5.5' },
  versions: { reply: 'none', ref: 'draft-ietf-secsh-filexfer-13 section 5.5' },
  newline: { reply: 'none', ref: 'draft-ietf-secsh-filexfer-13 section 5.3' },
  supported: { reply: 'none', ref: 'draft-ietf-secsh-filexfer-05 section 4.5' },
  supported2: { reply: 'none', ref: 'draft-ietf-secsh-filexfer-13 section 5.4' },
  'acl-supported': { reply: 'none', ref: 'draft-ietf-secsh-filexfer-13 section 7.8' },
  'vendor-id': { reply: 'status', ref: 'draft-ietf-secsh-filexfer-13 section 5.6' },
  'filename-charset': { reply: 'none', ref: 'draft-ietf-secsh-filexfer-13 section 6' },
  'filename-translation-control': {
    alias: ['filename-charset'],
    reply: 'status',
    ref: 'draft-ietf-secsh-filexfer-13 section 6',
  },
} as const;
SFTP_EXTENSIONS satisfies Record<string, ExtensionRow>;

export type SftpExtensionName = keyof typeof SFTP_EXTENSIONS;

/** Whether the server announced the extension, by name or in its list of what it supports, in a version we speak. */
export function isAnnounced(announced: ReadonlyMap<string, string>, name: SftpExtensionName): boolean {
  const row: ExtensionRow = SFTP_EXTENSIONS[name];
  const data = announced.get(name);
  if (data === undefined) return row.alias?.some((other) => announced.has(other)) ?? false;
  // The list of `supported` and `supported2` has names without data.
  return row.data === undefined || data === row.data || data === '';
}
