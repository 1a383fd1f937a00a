import { type ScpOptions, type ScpResult, scpDownload, scpUpload } from '../../index.ts';
import { TimeoutExceededError } from '../errors.ts';
import { ENGINE_PREFIX } from '../schema/connection-schemas.ts';
import type { Location, Resolved, ScpFlatInputs, ScpInputs } from '../schema/types.ts';
import { printable } from '../text.ts';
import { bounded } from './bounded.ts';
import { type ConnectorContext, type ConnectorResult, placeOf } from './context.ts';
import { loginFrom, parsed, portFrom, type Target, withConnection } from './session.ts';

/** One file, and which way it goes. */
interface Copy {
  readonly direction: 'to_engine' | 'from_engine';
  readonly remote: string;
  readonly file: string;
  readonly location: Location;
  /** Seconds. */
  readonly timeout?: number;
}

/** SCP, grouped inputs. */
export function runScp(inputs: Resolved<ScpInputs>, context: ConnectorContext): Promise<ConnectorResult> {
  const { mode } = inputs;
  const toEngine = mode.mode_name === 'copy_file_to_engine';
  return copyFile(targetFrom(inputs), context, {
    direction: toEngine ? 'to_engine' : 'from_engine',
    remote: toEngine ? mode.source_file_name : mode.destination_file_name,
    file: toEngine ? mode.destination_file_name : mode.source_file_name,
    location: toEngine ? placeOf(mode.destination_location, context.location) : context.location,
  });
}

/** SCP version 1, flat inputs. */
export async function runScpFlat(
  inputs: Resolved<ScpFlatInputs>,
  context: ConnectorContext,
): Promise<ConnectorResult> {
  const { src, dst, key, password } = inputs;
  const toEngine = dst.startsWith(ENGINE_PREFIX);
  const target: Target = {
    host: inputs.hostname,
    port: inputs.port,
    hostkey: { hostkey_mode: 'known_host', known_host: inputs.hostkey },
    login: {
      username: inputs.username,
      ...(key === undefined ? {} : { privateKey: parsed(key) }),
      ...(password === undefined ? {} : { password }),
    },
    connectTimeout: inputs.connect_timeout,
  };
  return await copyFile(target, context, {
    direction: toEngine ? 'to_engine' : 'from_engine',
    remote: toEngine ? src : dst,
    file: (toEngine ? dst : src).slice(ENGINE_PREFIX.length),
    location: context.location,
    timeout: inputs.copy_timeout,
  });
}

export function targetFrom(
  inputs: Pick<Resolved<ScpInputs>, 'host' | 'port' | 'hostkey' | 'authentication' | 'connect_timeout'>,
): Target {
  return {
    host: inputs.host,
    port: portFrom(inputs.port),
    hostkey: inputs.hostkey,
    login: loginFrom(inputs.authentication),
    connectTimeout: inputs.connect_timeout,
  };
}

async function copyFile(target: Target, context: ConnectorContext, copy: Copy): Promise<ConnectorResult> {
  const { file, location } = copy;
  const remote = `${printable(copy.remote)} on ${printable(target.host)}`;
  const local = `${printable(file)} of the engine`;
  const toEngine = copy.direction === 'to_engine';
  const words = toEngine ? `${remote} to ${local}` : `${local} to ${remote}`;
  const place = toEngine
    ? await context.files.receive(file, 'file', location)
    : await context.files.provide(file, 'file', location);
  try {
    const result = await withConnection(target, context, `cannot copy ${words}`, (ssh) =>
      copyInTime(context, copy, words, (options) =>
        toEngine
          ? scpDownload(ssh, copy.remote, place.path, options)
          : scpUpload(ssh, place.path, copy.remote, options),
      ),
    );
    context.signal.throwIfAborted();
    if ('commit' in place) await place.commit();
    for (const warning of result.warnings) context.log('warning', printable(warning));
    const by = result.protocol === 'scp' ? 'by scp' : 'by SFTP, because the server does not run scp';
    const message = `copied ${result.bytes} bytes from ${words} ${by}`;
    context.log('info', message);
    return { message, outputs: { result: null } };
  } finally {
    await ('discard' in place ? place.discard() : place.release());
  }
}

function copyInTime(
  context: ConnectorContext,
  { timeout }: Copy,
  words: string,
  work: (options: ScpOptions) => Promise<ScpResult>,
): Promise<ScpResult> {
  context.log('info', `copying ${words}`);
  const late = (cause: unknown): TimeoutExceededError =>
    new TimeoutExceededError(
      `copying ${words} did not end within ${timeout} s: raise copy_timeout for a file of this size`,
      cause,
    );
  return bounded({ signal: context.signal, seconds: timeout, late }, (signal) =>
    work({
      signal,
      onProgress: ({ transferred, total }) => context.progress({ transferred, total }),
    }),
  );
}
