/**
 * An SFTP server for tests: of code that speaks SFTP, without a machine to set up.
 *
 * @module wherry/server
 */
export type { KeyboardRound } from './login-policy.ts';
export { type MemoryFiles, memoryFiles } from './memory-files.ts';
export type { ServerOptions, ServerUserOptions } from './options.ts';
export { type RunningServer, startServer } from './start-server.ts';
