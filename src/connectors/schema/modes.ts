import { z } from 'zod';
import { engineFile, location, remotePath } from './fields.ts';
import type { Resolved, ScpInputs, ScpMode, SftpInputs, SftpMode } from './types.ts';

const INHERIT = { location_mode: 'inherit_from_execution' } as const;

const copyFileToEngine = z.strictObject({
  mode_name: z.literal('copy_file_to_engine'),
  source_file_name: remotePath('The file on the remote host.'),
  destination_file_name: engineFile('The file of the engine to write.'),
  destination_location: location.default(INHERIT),
});

const copyFileFromEngine = z.strictObject({
  mode_name: z.literal('copy_file_from_engine'),
  source_file_name: engineFile('The file of the engine to read.'),
  destination_file_name: remotePath('The file on the remote host to write.'),
});

const sftpOnly = [
  z.strictObject({
    mode_name: z.literal('list'),
    path: remotePath('The remote directory to list.'),
    recursive: z.boolean().default(false).describe('With everything below it.'),
  }),
  z.strictObject({ mode_name: z.literal('stats'), path: remotePath('The remote file or directory.') }),
  z.strictObject({
    mode_name: z.literal('remove'),
    path: remotePath('The remote file or directory to remove.'),
    recursive: z.boolean().default(false).describe('A directory with everything in it.'),
  }),
  z.strictObject({
    mode_name: z.literal('copy_directory_to_engine'),
    source_directory_name: remotePath('The directory on the remote host.'),
    destination_directory_name: engineFile('The folder of the engine to write into.'),
    destination_location: location.default(INHERIT),
  }),
  z.strictObject({
    mode_name: z.literal('copy_directory_from_engine'),
    source_directory_name: engineFile('The folder of the engine to read.'),
    destination_directory_name: remotePath('The directory on the remote host to write into.'),
  }),
  z.strictObject({
    mode_name: z.literal('rename'),
    source_name: remotePath('The remote file or directory.'),
    destination_name: remotePath('Its new path. What is there already is not replaced.'),
  }),
  z.strictObject({
    mode_name: z.literal('create_directory'),
    path: remotePath('The remote directory to make.'),
    parents: z.boolean().default(false).describe('With the ones above it; one that is there is fine.'),
  }),
] as const;

export const scpMode: z.ZodType<Resolved<ScpInputs>['mode'], ScpMode> = z.discriminatedUnion('mode_name', [
  copyFileToEngine,
  copyFileFromEngine,
]);

export const sftpMode: z.ZodType<Resolved<SftpInputs>['mode'], SftpMode> = z.discriminatedUnion('mode_name', [
  copyFileToEngine,
  copyFileFromEngine,
  ...sftpOnly,
]);
