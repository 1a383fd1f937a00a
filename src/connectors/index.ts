/**
 * Connector types SCP and SFTP, an engine that runs them with a record, and flows that put them together.
 *
 * @module wherry/connectors
 */
export { connectorNames, connectorSchema } from './connector-types.ts';
export {
  createEngine,
  Engine,
  type EngineOptions,
  type FlowOptions,
  type RunOptions,
} from './engine/engine.ts';
export type { EventHandler, ExecutionEvent } from './engine/events.ts';
export { Execution } from './engine/execution.ts';
export { EngineFile, type System } from './engine/files.ts';
export type { ChildOptions, FlowContext, FlowExecution, FlowHandler } from './engine/flow-execution.ts';
export type { ExecutionField, WorkResult } from './engine/work.ts';
export {
  DependencyFailedError,
  DependencyTimeoutError,
  ENGINE_ERROR_CODES,
  EngineError,
  type EngineErrorCode,
  ExtraInputError,
  type InputProblem,
  InternalError,
  InvalidInputError,
  isEngineError,
  MissingInputError,
  PermissionDenied,
  ResourceNotFoundError,
  SchemaValidationError,
  TimeoutExceededError,
} from './errors.ts';
export type {
  ExecutionProgress,
  ExecutionRecord,
  ExecutionStatus,
  LogLine,
} from './executions/execution-record.ts';
export { type ExecutionDetails, ExecutionStore } from './executions/execution-store.ts';
export {
  getExecution,
  listExecutions,
  parseInputPairs,
  type RunFileOptions,
  type RunOutcome,
  runFile,
} from './run-file.ts';
export type { JsonSchema } from './schema/json-schema.ts';
export type { Plain } from './schema/plain.ts';
export type {
  ConnectionInputs,
  CopyDirectoryFromEngine,
  CopyDirectoryToEngine,
  CopyFileFromEngine,
  CopyFileToEngine,
  Hostkey,
  Location,
  PasswordAuthentication,
  Port,
  ScpFlatInputs,
  ScpInputs,
  ScpMode,
  SftpInputs,
  SftpMode,
  SshKeyAuthentication,
} from './schema/types.ts';
export type { ConnectorStore } from './store/connector-store.ts';
export { readInputFile } from './store/document-file.ts';
export type { FileStore, Provision, Reception, StoredFile } from './store/file-store.ts';
export { folderStore } from './store/folder-store.ts';
export { validateInputs } from './validate.ts';
