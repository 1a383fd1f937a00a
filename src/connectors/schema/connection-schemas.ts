import { z } from 'zod';
import {
  authentication,
  executionName,
  fractionalSeconds,
  hostkey,
  hostkeyText,
  hostName,
  password,
  port,
  portNumber,
  privateKeyText,
  remotePath,
  seconds,
  userName,
} from './fields.ts';
import { scpMode, sftpMode } from './modes.ts';
import type { Resolved, ScpFlatInputs, ScpInputs, SftpInputs } from './types.ts';

/** Marks the side of the engine in the flat inputs. */
export const ENGINE_PREFIX = 'cloudomation:';
const CONNECT_TIMEOUT = 'Seconds for TCP, handshake and login together.';

const grouped = {
  name: executionName.optional(),
  schema_version: z.enum(['1']).default('1'),
  authentication,
  host: hostName,
  hostkey,
  port,
  connect_timeout: seconds(CONNECT_TIMEOUT).default(30),
};

export const scpSchema: z.ZodType<Resolved<ScpInputs>, ScpInputs> = z
  .strictObject({ connector_type: z.literal('SCP'), ...grouped, mode: scpMode })
  .meta({ title: 'SCP', description: 'Copies one file between a remote host and the engine.' });

export const sftpSchema: z.ZodType<Resolved<SftpInputs>, SftpInputs> = z
  .strictObject({ connector_type: z.literal('SFTP'), ...grouped, mode: sftpMode })
  .meta({
    title: 'SFTP',
    description: 'Copies files and directories, lists, renames and removes them on a remote host.',
  });

const flatSide = remotePath(`A remote path, or ${ENGINE_PREFIX} and the name of a file of the engine.`);

export const scpFlatSchema: z.ZodType<Resolved<ScpFlatInputs>, ScpFlatInputs> = z
  .strictObject({
    connector_type: z.literal('SCP'),
    name: executionName.optional(),
    hostname: hostName,
    hostkey: hostkeyText,
    port: portNumber.default(22),
    username: userName,
    key: privateKeyText.optional(),
    password: password.optional(),
    src: flatSide,
    dst: flatSide,
    connect_timeout: fractionalSeconds(CONNECT_TIMEOUT).default(60),
    copy_timeout: seconds('Seconds for the copy.').default(60),
  })
  .meta({
    title: 'SCP, version 1',
    description: `Copies one file; the side of the engine is written ${ENGINE_PREFIX}name.`,
  });
