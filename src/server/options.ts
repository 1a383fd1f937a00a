import type { Logger } from '../base/log.ts';
import type { PrivateKey } from '../ssh/keys/private-key.ts';
import type { PublicKey } from '../ssh/keys/public-key.ts';
import type { KeyboardRound } from './login-policy.ts';
import type { MemoryFiles } from './memory-files.ts';

/** How a user may log in; several ways are several choices. */
export interface ServerUserOptions {
  readonly password?: string;
  /** Public keys: parsed, or lines as they stand in authorized_keys. */
  readonly publicKeys?: readonly (PublicKey | string)[];
  /** Rounds of a keyboard-interactive login. */
  readonly keyboardInteractive?: readonly KeyboardRound[];
  /** Sequences of methods that must all succeed, such as `[['publickey', 'password']]`; without them any one is enough. */
  readonly chains?: readonly (readonly string[])[];
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
  /** An address of this machine to listen on. Default 127.0.0.1: nobody else can reach it. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** The host key, parsed or as the text of a key file. Default: a new Ed25519 key each time. */
  readonly hostKey?: PrivateKey | string | Uint8Array;
  /** A text that is shown before login. */
  readonly banner?: string;
  /** What happens on the connections, step by step. */
  readonly log?: Logger;
}
