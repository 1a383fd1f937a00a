import type { ExecutionRecord } from '../executions/execution-record.ts';
import type { ExecutionStore } from '../executions/execution-store.ts';
import type { Redactor } from '../redact.ts';
import type { Plain } from '../schema/plain.ts';
import type { EventHandler } from './events.ts';
import type { Execution } from './execution.ts';

/** How the work of an execution ended, when it did not throw. */
export interface WorkResult {
  readonly status: 'success' | 'error';
  readonly message: string;
}

/** What an execution does; it tells of itself through the execution. What it throws ends it with `error`. */
export type Work = (execution: Execution) => Promise<WorkResult>;

export interface ExecutionParts {
  readonly store: ExecutionStore;
  readonly record: ExecutionRecord;
  readonly redactor: Redactor;
  readonly work: Work;
  /** Gets the events of this execution and of its children. */
  readonly emit: EventHandler;
  /** The outputs when it has ended, in whatever way. */
  readonly finalOutputs?: ((end: WorkResult & { execution_id: number }) => Record<string, Plain>) | undefined;
}

/** What `Execution.get` can be asked for, in the words of the record. */
export type ExecutionField =
  | 'id'
  | 'name'
  | 'status'
  | 'message'
  | 'status_message'
  | 'input_value'
  | 'output_value';

/** The field of the record it is. */
export const EXECUTION_FIELDS: Readonly<Record<ExecutionField, keyof ExecutionRecord>> = {
  id: 'id',
  name: 'name',
  status: 'status',
  message: 'message',
  status_message: 'message',
  input_value: 'inputs',
  output_value: 'outputs',
};
