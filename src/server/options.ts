import type { Logger } from '../base/log.ts';
import type { SftpVersion } from '../sftp/versions.ts';
import type { PrivateKey } from '../ssh/keys/private-key.ts';
import type { PublicKey } from '../ssh/keys/public-key.ts';
import type { CommandAnswer } from './commands.ts';
import type { MemoryFiles } from './files/memory-files.ts';
import type { ConnectionFault, RequestFault, ServedConnection, ServedRequest } from './hooks.ts';
import type { KeyboardRound } from './login-policy.ts';

/** How a user may log in; several ways are several choices. */
export interface ServerUserOptions {
  readonly password?: string;
  /** Public keys: parsed, or lines as they stand in authorized_keys. */
  readonly publicKeys?: readonly (PublicKey | string)[];
  /** Keys of CAs, parsed or as lines: who has a user certificate of one of them with this user's name comes in. */
  readonly certificateAuthorities?: readonly (PublicKey | string)[];
  /** Rounds of a keyboard-interactive login. */
  readonly keyboardInteractive?: readonly KeyboardRound[];
  /** Sequences of methods that must all succeed, such as `[['publickey', 'password']]`; without them any one is enough. */
  readonly chains?: readonly (readonly string[])[];
}

/** What limits@openssh.com tells, and what the server keeps to: bytes, and open files and folders of a session. */
export interface ServerLimits {
  /** Bytes of one READ. Default 261120. */
  readonly read?: number;
  /** Bytes of one WRITE; told, and not enforced. Default 261120. */
  readonly write?: number;
  /** Default 1024, which is also the most. */
  readonly handles?: number;
}

/** What `startServer` takes. */
export interface ServerOptions {
  /** Who may log in, by name. At least one. */
  readonly users: Readonly<Record<string, ServerUserOptions>>;
  /** A folder of this machine to serve. Without it the server serves files in memory. */
  readonly root?: string;
  /** Files in memory to serve, from `memoryFiles()`; not together with `root`. Default: none to begin with. */
  readonly files?: MemoryFiles;
  /** Where a session starts, as a path of the server. Default `/`. It is made in memory, and must be there in a folder. */
  readonly home?: string;
  /** Refuse every request that would change something. Default false. */
  readonly readOnly?: boolean;
  /**
   * An address of this machine to listen on. Default 127.0.0.1: nobody else can reach it. Another one, such as `0.0.0.0`,
   * lets in whoever reaches this machine.
   */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** The host key, parsed or as the text of a key file. Default: a new Ed25519 key each time. */
  readonly hostKey?: PrivateKey | string | Uint8Array;
  /** A text that is shown before login. */
  readonly banner?: string;
  /** SFTP versions to speak. Default all: 3, 4, 5 and 6. A client that asks for none of them is told the lowest. */
  readonly versions?: readonly SftpVersion[];
  /** Extensions to announce and serve, by their names; `[]` for none. Default: all there are. */
  readonly extensions?: readonly string[];
  readonly limits?: ServerLimits;
  /** Whether `scp` works, as the two commands a client of it runs. Default true. */
  readonly scp?: boolean;
  /**
   * Answers a command a client runs, other than scp's own; undefined refuses it. No command ever runs on this machine.
   * Default: every command is refused.
   */
  readonly onCommand?: (command: string) => CommandAnswer | undefined;
  /** Sees every SFTP request, and may have it fail, wait, come short or end everything. */
  readonly onRequest?: (request: ServedRequest) => RequestFault | undefined;
  /** Sees every connection, and may have it refused, slow, or cut at a byte. */
  readonly onConnection?: (connection: ServedConnection) => ConnectionFault | undefined;
  /** What happens on the connections, step by step. */
  readonly log?: Logger;
}
