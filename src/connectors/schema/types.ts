/** The inputs of the connector types, as a caller writes them. schema tests hold them equal to the schemas. */

/** A key, as the text of its file; with a passphrase where the file is encrypted. */
export interface SshKeyAuthentication {
  authentication_method: 'ssh_key';
  username: string;
  ssh_key: string;
  ssh_key_passphrase?: string | undefined;
}

/** The password also answers a keyboard-interactive login that asks for one hidden text. */
export interface PasswordAuthentication {
  authentication_method: 'username_password';
  username: string;
  password: string;
}

/**
 * How the host is known: by public key lines (`ssh-ed25519 AAAA…`, or as known_hosts has them), by a fingerprint, or
 * not at all.
 */
export type Hostkey =
  | { hostkey_mode: 'known_host'; known_host: string }
  | { hostkey_mode: 'fingerprint'; fingerprint: string }
  | { hostkey_mode: 'ignore' };

export type Port = { port_mode: 'default' } | { port_mode: 'port_number'; port_number: number } | number;

/** Where a file of the engine is: with the execution, or in a named project or bundle. */
export type Location =
  | { location_mode: 'inherit_from_execution' }
  | { location_mode: 'project'; project_name: string }
  | { location_mode: 'bundle'; bundle_name: string };

export interface CopyFileToEngine {
  mode_name: 'copy_file_to_engine';
  source_file_name: string;
  destination_file_name: string;
  destination_location?: Location | undefined;
}

export interface CopyFileFromEngine {
  mode_name: 'copy_file_from_engine';
  source_file_name: string;
  destination_file_name: string;
}

export interface CopyDirectoryToEngine {
  mode_name: 'copy_directory_to_engine';
  source_directory_name: string;
  destination_directory_name: string;
  destination_location?: Location | undefined;
}

export interface CopyDirectoryFromEngine {
  mode_name: 'copy_directory_from_engine';
  source_directory_name: string;
  destination_directory_name: string;
}

/** What the SCP connector type can do. */
export type ScpMode = CopyFileToEngine | CopyFileFromEngine;

/** What the SFTP connector type can do. */
export type SftpMode =
  | ScpMode
  | { mode_name: 'list'; path: string; recursive?: boolean | undefined }
  | { mode_name: 'stats'; path: string }
  | { mode_name: 'remove'; path: string; recursive?: boolean | undefined }
  | CopyDirectoryToEngine
  | CopyDirectoryFromEngine
  | { mode_name: 'rename'; source_name: string; destination_name: string }
  | { mode_name: 'create_directory'; path: string; parents?: boolean | undefined };

interface Grouped<Type extends string, Mode> {
  connector_type: Type;
  /** A name for the execution. */
  name?: string | undefined;
  /** Default '1'. */
  schema_version?: '1' | undefined;
  authentication: SshKeyAuthentication | PasswordAuthentication;
  host: string;
  hostkey: Hostkey;
  /** Default 22. */
  port?: Port | undefined;
  /** Seconds for TCP, handshake and login together. Default 30. */
  connect_timeout?: number | undefined;
  mode: Mode;
}

/** Inputs of the SCP connector type. */
export type ScpInputs = Grouped<'SCP', ScpMode>;

/** Inputs of the SFTP connector type. */
export type SftpInputs = Grouped<'SFTP', SftpMode>;

/** Inputs of the SCP connector type, version 1: flat. One of `src` and `dst` begins with `cloudomation:`. */
export interface ScpFlatInputs {
  connector_type: 'SCP';
  /** A name for the execution. */
  name?: string | undefined;
  hostname: string;
  username: string;
  /** Public key lines of the host. */
  hostkey: string;
  src: string;
  dst: string;
  /** The text of a private key file. It is used where both are given. */
  key?: string | undefined;
  password?: string | undefined;
  /** Default 22. */
  port?: number | undefined;
  /** Seconds for TCP, handshake and login together. Default 60. */
  connect_timeout?: number | undefined;
  /** Seconds for the copy. Default 60. */
  copy_timeout?: number | undefined;
}

/** Everything a connection can be asked for. */
export type ConnectionInputs = ScpInputs | SftpInputs | ScpFlatInputs;

/** The same with the defaults filled in. */
export type Resolved<Inputs> = Inputs extends { mode: infer Mode }
  ? Inputs & { schema_version: '1'; port: Port; connect_timeout: number; mode: ResolvedMode<Mode> }
  : Inputs & { port: number; connect_timeout: number; copy_timeout: number };

type ResolvedMode<Mode> = Mode extends { recursive?: unknown }
  ? Mode & { recursive: boolean }
  : Mode extends { parents?: unknown }
    ? Mode & { parents: boolean }
    : Mode extends { destination_location?: unknown }
      ? Mode & { destination_location: Location }
      : Mode;
