import type { ExecutionProgress, LogLine } from '../executions/execution-record.ts';
import type { Plain } from '../schema/plain.ts';
import type { Location } from '../schema/types.ts';
import type { FileStore } from '../store/file-store.ts';

/** What a connector may use while it runs. */
export interface ConnectorContext {
  readonly files: FileStore;
  /** Where files of the execution are, when the inputs do not say otherwise. */
  readonly location: Location;
  /** Fires when the execution is cancelled. */
  readonly signal: AbortSignal;
  log(level: LogLine['level'], text: string): void;
  progress(progress: ExecutionProgress): void;
}

/** What a connector has done. */
export interface ConnectorResult {
  /** For people. */
  readonly message: string;
  readonly outputs: Readonly<Record<string, Plain>>;
}

/** The place a location names, for an execution that is at `own`. */
export function placeOf(location: Location, own: Location): Location {
  return location.location_mode === 'inherit_from_execution' ? own : location;
}
