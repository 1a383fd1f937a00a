/**
 * An SFTP server for tests: of code that speaks SFTP, without a machine to set up.
 *
 * @module wherry/server
 */
export type { CommandAnswer } from './commands.ts';
export { type MemoryFiles, memoryFiles } from './files/memory-files.ts';
export type { ConnectionFault, RequestFault, ServedConnection, ServedRequest } from './hooks.ts';
export type { KeyboardRound } from './login-policy.ts';
export type { ServerLimits, ServerOptions, ServerUserOptions } from './options.ts';
export { type RunningServer, startServer } from './start-server.ts';
