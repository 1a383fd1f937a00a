/**
 * SFTPClient: a client with properties, methods and events, and a configuration string for everything else.
 *
 * @module wherry/client
 */
export { SFTPClientError } from './client-error.ts';
export type { EventHandler } from './emitter.ts';
export type { ClientCertificate, ClientFileAttributes, ClientFirewall } from './flat-names.ts';
export { SFTPClient } from './sftp-client.ts';
export type { DirEntry } from './state.ts';
export {
  CertStoreTypes,
  ConnectionEvents,
  FirewallTypes,
  LogLevels,
  SFTPFileTypes,
  SSHAuthModes,
  TransferDirections,
} from './tables/enums.ts';
export { CLIENT_ERRORS, type ErrorGroup, type ErrorRow } from './tables/errors.ts';
export type { EventArguments, EventName } from './tables/events.ts';
