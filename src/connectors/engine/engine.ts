import { basename, extname, join, resolve } from 'node:path';
import { invalidInput } from '../errors.ts';
import { ExecutionStore } from '../executions/execution-store.ts';
import { ownIdentity } from '../executions/process-identity.ts';
import { Redactor } from '../redact.ts';
import { maskByName } from '../schema/mask.ts';
import { isObject, type Plain, toPlain } from '../schema/plain.ts';
import type { ConnectionInputs, Location } from '../schema/types.ts';
import { type ConnectorStore, connectorFolder } from '../store/connector-store.ts';
import { readInputFile } from '../store/document-file.ts';
import type { FileStore } from '../store/file-store.ts';
import { folderStore } from '../store/folder-store.ts';
import { printable } from '../text.ts';
import { type ConnectionSource, connectionWork, planConnection } from './connection-plan.ts';
import type { EventHandler } from './events.ts';
import { Execution } from './execution.ts';
import { systemFor } from './files.ts';
import { type FlowHandler, type FlowServices, flowWork } from './flow-execution.ts';
import type { ExecutionParts, Work } from './work.ts';

export interface EngineOptions {
  /** The folder of files, executions and stored connectors. Default `.wherry` in the working directory. */
  readonly store?: string | undefined;
  /** Files kept elsewhere than in the store. */
  readonly files?: FileStore | undefined;
  /** Gets the events of every execution. */
  readonly onEvent?: EventHandler | undefined;
}

/** How something is run. */
export interface RunOptions {
  /** False: it is made, but not started; `runAsync()` does. Default true: it has ended when you get it. */
  readonly run?: boolean | undefined;
  /** Cancels it. */
  readonly signal?: AbortSignal | undefined;
  /** Gets its events and those of its children. */
  readonly onEvent?: EventHandler | undefined;
  /** Where its files are. Default: in no project and no bundle. */
  readonly location?: Location | undefined;
}

export interface FlowOptions extends RunOptions {
  /** What the handler gets as `inputs`: plain data. */
  readonly inputs?: object | undefined;
}

/** What a child has of its parent. */
interface Surroundings {
  readonly parent: Execution | undefined;
  readonly redactor: Redactor;
  readonly location: Location;
  readonly emit: EventHandler;
}

const INHERIT: Location = { location_mode: 'inherit_from_execution' };

/**
 * Runs connections and flows. Get one from `createEngine`.
 *
 * @example
 * ```ts
 * import { createEngine } from 'wherry/connectors';
 *
 * const engine = createEngine({ store: localFolder });
 * const { status, message } = await engine.connect({ connector_type: 'SCP', hostname: host });
 * console.log(status, message); // error, and everything that is missing
 * ```
 */
export class Engine {
  readonly files: FileStore;
  readonly executions: ExecutionStore;
  readonly connectors: ConnectorStore;
  readonly #onEvent: EventHandler | undefined;

  /** @internal */
  constructor(options: EngineOptions) {
    const store = resolve(options.store ?? '.wherry');
    this.files = options.files ?? folderStore(store);
    this.executions = new ExecutionStore(join(store, 'executions'));
    this.connectors = connectorFolder(join(store, 'connectors'));
    this.#onEvent = options.onEvent;
  }

  /**
   * Runs a connection: its inputs, or the name of a stored one and values that replace stored ones, name by name at
   * the top. It comes back ended, in whatever way; `status`, `message` and `error` tell. Rejects only where not even
   * a record of it can be written.
   */
  connect(inputs: ConnectionInputs | object, options?: RunOptions): Promise<Execution>;
  connect(name: string, overrides?: object, options?: RunOptions): Promise<Execution>;
  async connect(source: ConnectionSource, second?: object, third?: RunOptions): Promise<Execution> {
    const named = typeof source === 'string';
    const options = ((named ? third : second) ?? {}) as RunOptions;
    const execution = await this.#connection(source, named ? second : undefined, this.#around(options));
    return await start(execution, options);
  }

  /** Runs the connection a YAML or JSON file holds, with values that replace those of the file. */
  async runConnection(file: string, overrides?: object, options: RunOptions = {}): Promise<Execution> {
    const path = resolve(file);
    const stored: ConnectorStore = { list: async () => [], load: () => readInputFile(path) };
    const name = basename(path, extname(path));
    const execution = await this.#connection(name, overrides, this.#around(options), stored);
    return await start(execution, options);
  }

  /** Runs a flow: a file, or the handler itself. It comes back ended, as from `connect`. */
  async runFlow(file: string | FlowHandler, options: FlowOptions = {}): Promise<Execution> {
    return await start(await this.#flow(file, options.inputs ?? {}, this.#around(options)), options);
  }

  #around({ location = INHERIT, onEvent }: RunOptions): Surroundings {
    const emit: EventHandler = (event) => {
      try {
        onEvent?.(event);
      } finally {
        this.#onEvent?.(event);
      }
    };
    return { parent: undefined, redactor: new Redactor(), location, emit };
  }

  async #connection(
    source: ConnectionSource,
    overrides: unknown,
    around: Surroundings,
    stored: ConnectorStore = this.connectors,
  ): Promise<Execution> {
    const plan = await planConnection(source, overrides, stored);
    for (const secret of plan.secrets) around.redactor.add(secret);
    const execution = await this.#create(around, {
      type: 'connection',
      name: plan.name,
      connector: plan.connector?.name ?? null,
      inputs: plan.masked,
      work: connectionWork(plan, this.files, around.location),
      finalOutputs: plan.connector?.outputs as ExecutionParts['finalOutputs'],
    });
    if (plan.error !== undefined) await execution.runAsync().ended();
    return execution;
  }

  async #flow(file: string | FlowHandler, given: object, around: Surroundings): Promise<Execution> {
    const { value, problems } = toPlain(given);
    const { masked, secrets } = maskByName(value);
    for (const secret of secrets) around.redactor.add(secret);
    const [problem] = problems;
    const inputs = isObject(value) ? value : {};
    return await this.#create(around, {
      type: 'flow',
      name: printable(typeof file === 'string' ? basename(file) : file.name || 'flow', 128),
      connector: null,
      inputs: masked,
      work: (execution) => {
        if (problem !== undefined)
          throw invalidInput(`inputs of the flow ${problem.path}`.trim(), problem.message);
        const services = this.#services(around, execution);
        return flowWork(file, inputs, systemFor(this.files, around.location), services)(execution);
      },
    });
  }

  #services(around: Surroundings, parent: Execution): FlowServices {
    const below = { ...around, parent, emit: parent.bubble.bind(parent) };
    return {
      connection: (source, overrides) => this.#connection(source, overrides, below),
      flow: (file, inputs) => this.#flow(file, inputs as object, below),
    };
  }

  async #create(around: Surroundings, what: NewExecution): Promise<Execution> {
    const record = await this.executions.create({
      type: what.type,
      name: around.redactor.text(what.name),
      connector_type: what.connector,
      status: 'pending',
      message: 'not started',
      start: new Date().toISOString(),
      end: null,
      progress: null,
      inputs: around.redactor.data(what.inputs),
      outputs: {},
      parent_id: around.parent?.id ?? null,
      process: await ownIdentity(),
    });
    const { redactor, emit } = around;
    const { work, finalOutputs } = what;
    return new Execution({ store: this.executions, record, redactor, work, emit, finalOutputs });
  }
}

interface NewExecution {
  readonly type: 'connection' | 'flow';
  readonly name: string;
  readonly connector: string | null;
  readonly inputs: Plain;
  readonly work: Work;
  readonly finalOutputs?: ExecutionParts['finalOutputs'];
}

/**
 * An engine over a folder. Nothing is written before something runs.
 *
 * @example
 * ```ts
 * import { createEngine } from 'wherry/connectors';
 *
 * const engine = createEngine({ store: localFolder });
 * await engine.runFlow(async ({ system, execution, inputs }) => {
 *   await system.file('greeting.txt').saveTextContent(`hello ${inputs.name}\n`);
 *   return execution.success('all done');
 * }, { inputs: { name: 'you' } });
 * ```
 */
export function createEngine(options: EngineOptions = {}): Engine {
  return new Engine(options);
}

async function start(execution: Execution, { run = true, signal }: RunOptions): Promise<Execution> {
  const cancel = (): void => {
    const reason: unknown = signal?.reason;
    execution.cancel(
      reason instanceof Error ? reason.message : typeof reason === 'string' ? reason : undefined,
    );
  };
  if (signal?.aborted) cancel();
  else signal?.addEventListener('abort', cancel, { once: true });
  if (!run) return execution;
  try {
    return await execution.runAsync().ended();
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}
