/**
 * The API of ssh2-sftp-client over Wherry.
 *
 * @module wherry/compat/ssh2-sftp-client
 */
import { SftpClient } from './client.ts';

export type { FastOptions } from './client.ts';
export type { AlgorithmList, SftpClientConfig } from './config.ts';
export type { CompatError } from './errors.ts';
export type { FileInfo, FileStats } from './facts.ts';
export type { SftpClientCallbacks } from './session.ts';
export type { StreamOptions, TransferStreamOptions } from './streams.ts';
export type { FolderOptions } from './trees.ts';
// The library exports its class alone, and programs import it so: by default, and as what require() gives.
export { SftpClient, SftpClient as default, SftpClient as 'module.exports' };
