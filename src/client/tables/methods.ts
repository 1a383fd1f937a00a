interface MethodRow {
  /** As it is called. */
  readonly call: string;
  readonly returns: string;
  readonly doc: string;
  /** Where it differs from the reference, or decides what that leaves open. */
  readonly differs?: string;
  readonly pending?: string;
}

/** The methods. Those that return a promise touch the network, and reject with SFTPClientError. */
export const METHODS = {
  append: {
    call: 'append()',
    returns: 'Promise<void>',
    doc: 'Sends `localFile`, or the upload stream, and puts it behind the end of `remoteFile`, which is made when there is none.',
    differs:
      'The place is the size that the server tells when the file is opened. Error 211 when startByte is set.',
  },
  changeRemotePath: {
    call: 'changeRemotePath(path)',
    returns: 'Promise<void>',
    doc: 'Makes `remotePath` this folder, absolute or relative to the present one; error 1106 where there is none.',
    differs:
      'Without a connection the path is taken down, and checked at the next login; an empty one means the folder the server starts in.',
  },
  checkFileExists: {
    call: 'checkFileExists()',
    returns: 'Promise<boolean>',
    doc: 'Whether `remoteFile` is there; false without a login.',
  },
  config: {
    call: "config('Name=Value') or config('Name')",
    returns: 'Promise<string>',
    doc: 'Sets a setting, or reads one, or does what an action is for. Names in any case.',
  },
  connect: {
    call: 'connect()',
    returns: 'Promise<void>',
    doc: 'Connects to `sshHost` and checks the host key, without a login.',
  },
  createFile: {
    call: 'createFile(fileName)',
    returns: 'Promise<void>',
    doc: 'Makes an empty remote file.',
    differs: 'A file that is there is emptied only when overwrite is true; else it is error 1103.',
  },
  decodePacket: {
    call: 'decodePacket(encodedPacket)',
    returns: 'Buffer',
    doc: 'The bytes of a packet in hex.',
  },
  deleteFile: {
    call: 'deleteFile(fileName)',
    returns: 'Promise<void>',
    doc: 'Removes a remote file, a symbolic link or an empty folder.',
  },
  disconnect: {
    call: 'disconnect()',
    returns: 'Promise<void>',
    doc: 'Ends the connection, without closing the SFTP session first as `sshLogoff` does.',
    differs:
      'The server is told by SSH_MSG_DISCONNECT and has a quarter of a second for its part; a method at work fails with 212.',
  },
  doEvents: {
    call: 'doEvents()',
    returns: 'Promise<void>',
    doc: 'Handles the events that were kept (ProcessIdleEvents); where there are none, waits SelectWaitMillis for one.',
  },
  download: {
    call: 'download()',
    returns: 'Promise<void>',
    doc: 'Fetches `remoteFile` to `localFile`, into the download stream, or into `transfer` events only; or all that was queued.',
    differs: 'A mask in remoteFile is an ordinary name here.',
  },
  downloadRange: {
    call: 'downloadRange(path, fileName, startByte, count, buffer)',
    returns: 'Promise<number>',
    doc: 'Reads `count` bytes from `startByte` on into `buffer`; returns how many there were.',
  },
  encodePacket: { call: 'encodePacket(packet)', returns: 'string', doc: 'A packet in hex.' },
  getSshParam: {
    call: 'getSshParam(payload, field)',
    returns: 'string',
    doc: 'A field of a packet: by its name in a channel request, or by the types up to it, such as `%s,f`.',
    differs: 'The types begin behind the message number; the value is that of the last one.',
  },
  getSshParamBytes: {
    call: 'getSshParamBytes(payload, field)',
    returns: 'Buffer',
    doc: 'The same, as it is in the packet.',
  },
  interrupt: {
    call: 'interrupt()',
    returns: 'void',
    doc: 'Ends the method that is at work, which rejects with 10004; all files of a queue.',
  },
  listDirectory: {
    call: 'listDirectory()',
    returns: 'Promise<void>',
    doc: 'Lists `remotePath`, or what `remoteFile` says, into `dirList` and `dirList` events.',
    differs:
      '`.` and `..` are left out. A remoteFile that is a folder is listed; a name or mask in a folder lists what fits there.',
  },
  makeDirectory: { call: 'makeDirectory(newDir)', returns: 'Promise<void>', doc: 'Makes a remote folder.' },
  queryFileAttributes: {
    call: 'queryFileAttributes()',
    returns: 'Promise<void>',
    doc: 'Asks for the attributes of `remoteFile`.',
  },
  queueFile: {
    call: 'queueFile(localFile, remoteFile)',
    returns: 'void',
    doc: 'Adds a file to what the next `download` or `upload` moves; also while one is under way.',
    differs:
      'A queued file that fails is told by the error event; the method rejects only when the connection is lost or it was interrupted.',
  },
  removeDirectory: {
    call: 'removeDirectory(dirName)',
    returns: 'Promise<void>',
    doc: 'Removes an empty remote folder.',
  },
  renameFile: {
    call: 'renameFile(newName)',
    returns: 'Promise<void>',
    doc: 'Renames `remoteFile`; replaces what is there only when `overwrite` is true and the server can.',
  },
  reset: {
    call: 'reset()',
    returns: 'Promise<void>',
    doc: 'Ends the connection and gives every property and setting its default. Handlers stay.',
  },
  resetQueue: {
    call: 'resetQueue()',
    returns: 'void',
    doc: 'Forgets the files that wait in the queue; those under way go on.',
  },
  setSshParam: {
    call: 'setSshParam(payload, fieldType, fieldValue)',
    returns: 'Buffer',
    doc: 'The payload with a field behind it: s text, sb hex, m big number, i 32 bits, l 64 bits, b byte, f boolean.',
  },
  sshLogoff: {
    call: 'sshLogoff()',
    returns: 'Promise<void>',
    doc: 'Closes the session, says goodbye and ends the connection.',
  },
  sshLogon: {
    call: 'sshLogon(host, port)',
    returns: 'Promise<void>',
    doc: 'Connects, checks the host key, logs in and opens SFTP; both parameters may be left out.',
  },
  updateFileAttributes: {
    call: 'updateFileAttributes()',
    returns: 'Promise<void>',
    doc: 'Sends the attributes that were set since they were queried.',
    differs:
      'The reference sends all of them; what nobody changed is not sent here, for servers refuse what the user may not set.',
  },
  upload: {
    call: 'upload()',
    returns: 'Promise<void>',
    doc: 'Sends `localFile`, or the upload stream, to `remoteFile`; or all that was queued.',
  },
  uploadRange: {
    call: 'uploadRange(path, fileName, startByte, count, buffer)',
    returns: 'Promise<void>',
    doc: 'Writes `count` bytes of `buffer` at `startByte`; a gap before it reads as zeros.',
  },
} as const;
METHODS satisfies Record<string, MethodRow>;

/** What is there besides the reference's methods. */
export const FURTHER_METHODS = {
  on: {
    call: 'on(event, handler)',
    returns: 'this',
    doc: 'Adds a handler; one that returns a promise is waited for.',
  },
  once: { call: 'once(event, handler)', returns: 'this', doc: 'Adds a handler for one time.' },
  off: { call: 'off(event, handler)', returns: 'this', doc: 'Takes a handler away.' },
  setDownloadStream: {
    call: 'setDownloadStream(stream)',
    returns: 'void',
    doc: 'The next download goes into this stream instead of `localFile`.',
  },
  setUploadStream: {
    call: 'setUploadStream(stream)',
    returns: 'void',
    doc: 'The next upload or append comes from this stream instead of `localFile`.',
  },
} as const;
FURTHER_METHODS satisfies Record<string, MethodRow>;
