import { z } from 'zod';
import type { Plain } from '../schema/plain.ts';
import type { ProcessIdentity } from './process-identity.ts';

/**
 * `pending` was made with `run: false` and has not started. `interrupted` is what a reader finds when the process
 * ended before the execution did.
 */
export type ExecutionStatus = 'pending' | 'running' | 'success' | 'error' | 'cancelled' | 'interrupted';

/** How far an execution is. */
export interface ExecutionProgress {
  /** Bytes so far. */
  readonly transferred: number;
  /** Bytes in all, where that is known. */
  readonly total?: number | undefined;
  /** Files complete so far, when a folder is copied. */
  readonly files?: number | undefined;
}

/** One line of an execution's log. */
export interface LogLine {
  /** ISO 8601. */
  readonly time: string;
  readonly level: 'debug' | 'info' | 'warning' | 'error';
  readonly text: string;
}

/** What is written down of an execution; it outlives the process. Secrets in it are masked. */
export interface ExecutionRecord {
  readonly id: number;
  readonly type: 'connection' | 'flow';
  readonly name: string;
  /** Of a connection: which connector, such as `SFTP`. */
  readonly connector_type: string | null;
  readonly status: ExecutionStatus;
  /** How it ended, or where it is. */
  readonly message: string;
  /** ISO 8601. */
  readonly start: string;
  readonly end: string | null;
  readonly progress: ExecutionProgress | null;
  readonly inputs: Plain;
  readonly outputs: Readonly<Record<string, Plain>>;
  readonly parent_id: number | null;
  readonly process: ProcessIdentity;
}

/** Whether it will not change any more. */
export function isEnded(status: ExecutionStatus): boolean {
  return status !== 'pending' && status !== 'running';
}

const recordSchema = z.object({
  id: z.int().min(1),
  type: z.enum(['connection', 'flow']),
  name: z.string(),
  connector_type: z.string().nullable(),
  status: z.enum(['pending', 'running', 'success', 'error', 'cancelled', 'interrupted']),
  message: z.string(),
  start: z.string(),
  end: z.string().nullable(),
  progress: z
    .object({ transferred: z.number(), total: z.number().optional(), files: z.number().optional() })
    .nullable(),
  inputs: z.json(),
  outputs: z.record(z.string(), z.json()),
  parent_id: z.int().nullable(),
  process: z.object({ pid: z.int(), started: z.string(), host: z.string() }),
});

/** The record in a text; undefined where it is none. */
export function parseRecord(text: string): ExecutionRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(text)) as ExecutionRecord;
  } catch {
    return undefined;
  }
}
