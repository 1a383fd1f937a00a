/** What a test may leave behind all the same. Everything else is a failure of that test. */
export interface Exception {
  /** What is left, as the report names it. */
  readonly what: RegExp;
  /** Where: a file of tests, or a folder of them. Default: everywhere. */
  readonly file?: string;
  /** Of which tests; default: all there. */
  readonly test?: RegExp;
  readonly why: string;
}

export const EXCEPTIONS: readonly Exception[] = [
  {
    what: /^1 temporary .*\/wherry-servers-\w+$/,
    why: 'the keys of a process, made by its first test that asks for them; they go when it ends',
  },
  {
    what: /^1 temporary .*\/wherry-x509-\w+$/,
    why: 'the certificates of a process, made by its first test that asks for one; they go when it ends',
  },
  {
    what: /^1 temporary .*\/wherry-keys-\w+$/,
    file: 'test/ssh/keys/',
    why: 'keys made by the first test of a file that needs one; they go behind its last test',
  },
  {
    what: /^1 listener of an AbortSignal$/,
    file: 'test/ssh/crypto/wasm.test.ts',
    why: 'the compiler of AssemblyScript loads itself by fetch, which listens to a signal of its own for ever',
  },
  {
    what: /^1 temporary .*\/krb5_\d+\.rcache2$/,
    why: 'the Kerberos library of a server keeps a file against replays where temporary files are',
  },
  {
    what: /^1 (program|temporary .*\/(wherry-servers|interop)-)/,
    file: 'test/real/interop.test.ts',
    why: 'a server is started by the first test that needs it, and stopped when no other does',
  },
  {
    what: /^1 (program|ProcessWrap|temporary .*\/(wherry-servers|scratch)-)/,
    file: 'test/real/kerberos.test.ts',
    why: 'the KDC and its servers are started by the first test that needs them, and stopped behind the last',
  },
  {
    what: /^1 temporary .*\/rclone-\w+\/home\/x-/,
    file: 'test/real/sftp-versions.test.ts',
    why: 'rclone removes a file, and with it the folder, seconds after it has said so',
  },
  {
    what: /^1 temporary .*\/wherry-softhsm-/,
    file: 'test/real/pkcs11.test.ts',
    why: 'the token is made by the first test that can have one, and serves them all',
  },
  {
    what: /^unfinished .*\/t\.wherry-part$/,
    file: 'test/transfer/download.test.ts',
    test: /^resume: complete already|^overwrite false holds to the end/,
    why: 'a part that was asked to be kept, or that is no beginning of the file, is not thrown away',
  },
  {
    what: /^unfinished .*\/q\.wherry-part$/,
    file: 'test/transfer/integrity.test.ts',
    test: /^a server that falls silent/,
    why: 'a queue keeps what it has of a file for another time',
  },
  {
    what: /^unfinished .*\/journal$/,
    file: 'test/secrets/connect.test.ts',
    test: /nor does its journal/,
    why: 'the files of a queue that could not connect wait there for the next one',
  },
];

/** Whether the test in that file may leave that. */
export function isExcepted(what: string, file: string, test: string): boolean {
  return EXCEPTIONS.some(
    (row) =>
      row.what.test(what) &&
      (row.file === undefined || file.startsWith(row.file)) &&
      (row.test?.test(test) ?? true),
  );
}
