import type { ValueOf, ValueType } from './rows.ts';

interface EventRow {
  readonly params: Readonly<
    Record<string, { readonly type: ValueType; readonly settable?: true; readonly doc: string }>
  >;
  readonly doc: string;
}

/** The events, with their parameters in order. What a handler sets in a settable one is read back. */
export const EVENTS = {
  connected: {
    params: {
      statusCode: { type: 'int', doc: '0, or the number of the error.' },
      description: { type: 'str', doc: '`OK`, or what went wrong.' },
    },
    doc: 'The connection stands, before the login; or it could not be made.',
  },
  connectionStatus: {
    params: {
      connectionEvent: { type: 'str', doc: 'One of `ConnectionEvents`.' },
      statusCode: { type: 'int', doc: '0, or the number of the error.' },
      description: { type: 'str', doc: '`OK`, or what went wrong.' },
    },
    doc: 'A stage of the connection was reached or left.',
  },
  dirList: {
    params: {
      dirEntry: { type: 'str', doc: "The server's line for people, or the name." },
      fileName: { type: 'str', doc: 'Name.' },
      isDir: { type: 'bool', doc: 'Whether it is a folder.' },
      fileSize: { type: 'int', doc: 'Bytes.' },
      fileTime: { type: 'str', doc: 'Last change, in the form of FiletimeFormat.' },
      isSymlink: { type: 'bool', doc: 'Whether it is a symbolic link.' },
    },
    doc: 'One entry of a listing.',
  },
  disconnected: {
    params: {
      statusCode: { type: 'int', doc: '0, or the number of the error.' },
      description: { type: 'str', doc: '`OK`, or what went wrong.' },
    },
    doc: 'The connection ended; once for each `connected` with code 0.',
  },
  endTransfer: {
    params: {
      direction: { type: 'int', doc: '0 the client sends, 1 the server.' },
      localFile: { type: 'str', doc: 'Local path.' },
      remoteFile: { type: 'str', doc: 'Remote path as it was given.' },
    },
    doc: 'A transfer or a listing succeeded.',
  },
  error: {
    params: {
      errorCode: { type: 'int', doc: 'Number of the error.' },
      description: { type: 'str', doc: 'What went wrong.' },
      localFile: { type: 'str', doc: 'Local path, where the error is about a file.' },
      remoteFile: { type: 'str', doc: 'Remote path, where the error is about a file.' },
    },
    doc: 'A queued file failed, or a handler did where no method could report it. Nobody has to listen.',
  },
  log: {
    params: {
      logLevel: { type: 'int', doc: '1 info, 2 verbose, 3 debug.' },
      message: { type: 'str', doc: 'One line.' },
      logType: { type: 'str', doc: 'Empty.' },
    },
    doc: 'One line of the log; the setting LogLevel says how much comes.',
  },
  sshCustomAuth: {
    params: {
      packet: {
        type: 'str',
        settable: true,
        doc: "The server's last message in hex; set it to the next one to send.",
      },
    },
    doc: 'The login by `amCustom` needs its next message.',
  },
  sshKeyboardInteractive: {
    params: {
      name: { type: 'str', doc: 'Name of the round, from the server.' },
      instructions: { type: 'str', doc: 'What the server says about it.' },
      prompt: { type: 'str', doc: 'One question.' },
      response: { type: 'str', settable: true, doc: 'The answer to send.' },
      echoResponse: { type: 'bool', doc: 'Whether the answer may be shown while it is typed.' },
    },
    doc: 'One question of a keyboard-interactive login.',
  },
  sshServerAuthentication: {
    params: {
      hostKey: { type: 'bytes', doc: 'The key as SSH carries it.' },
      fingerprint: { type: 'str', doc: 'Its fingerprint in hex, by SSHFingerprintHashAlgorithm.' },
      keyAlgorithm: { type: 'str', doc: 'The signature algorithm in use.' },
      certSubject: { type: 'str', doc: 'Subject, where the key is an X.509 certificate.' },
      certIssuer: { type: 'str', doc: 'Issuer, where the key is an X.509 certificate.' },
      status: { type: 'str', doc: 'Empty.' },
      accept: {
        type: 'bool',
        settable: true,
        doc: 'Whether to go on; true beforehand when the settings accept the key.',
      },
    },
    doc: 'The server has proved that it owns this host key.',
  },
  sshStatus: {
    params: { message: { type: 'str', doc: 'One line.' } },
    doc: 'How the connection comes along.',
  },
  startTransfer: {
    params: {
      direction: { type: 'int', doc: '0 the client sends, 1 the server.' },
      localFile: { type: 'str', doc: 'Local path.' },
      remoteFile: { type: 'str', doc: 'Remote path as it was given.' },
    },
    doc: 'A transfer or a listing begins.',
  },
  transfer: {
    params: {
      direction: { type: 'int', doc: '0 the client sends, 1 the server.' },
      localFile: { type: 'str', doc: 'Local path.' },
      remoteFile: { type: 'str', doc: 'Remote path as it was given.' },
      bytesTransferred: { type: 'int', doc: 'Bytes moved by this transfer so far.' },
      percentDone: { type: 'int', doc: '0 to 100 of the whole file; -1 where its size is not known.' },
      text: { type: 'bytes', doc: 'The piece, as a Buffer.' },
      cancel: { type: 'bool', settable: true, doc: 'Set it to end the transfer of this file.' },
    },
    doc: 'A piece of a file, in the order of the file.',
  },
} as const;
EVENTS satisfies Record<string, EventRow>;

export type EventName = keyof typeof EVENTS;

type Params<Name extends EventName> = (typeof EVENTS)[Name]['params'];
type ParamValue<Row> = Row extends { type: infer T extends ValueType }
  ? T extends 'bytes'
    ? Buffer
    : ValueOf[T]
  : never;

/** What the handlers of each event are given. */
export type EventArguments = {
  [Name in EventName]: {
    readonly [K in keyof Params<Name> as Params<Name>[K] extends { settable: true } ? never : K]: ParamValue<
      Params<Name>[K]
    >;
  } & {
    -readonly [K in keyof Params<Name> as Params<Name>[K] extends { settable: true } ? K : never]: ParamValue<
      Params<Name>[K]
    >;
  };
};
