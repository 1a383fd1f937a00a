/** Notes which members of SFTPClient are used: what is set, read, called, heard and failed with. Can put one out of action. */
import { SFTPClient, SFTPClientError } from '../../src/client/index.ts';
import { parseConfigString, SETTINGS } from '../../src/client/settings.ts';
import { CERTIFICATE_FIELDS } from '../../src/client/tables/certificate-fields.ts';
import { DIR_LIST_FIELDS } from '../../src/client/tables/dir-list-fields.ts';
import { FILE_FIELDS } from '../../src/client/tables/file-fields.ts';
import { FIREWALL_FIELDS } from '../../src/client/tables/firewall-fields.ts';
import { FURTHER_METHODS, METHODS } from '../../src/client/tables/methods.ts';
import { PROPERTIES } from '../../src/client/tables/properties.ts';
import { flatName, type PropertyTable } from '../../src/client/tables/rows.ts';

const GROUPS: readonly (readonly [view: string, prefix: string, table: PropertyTable])[] = [
  ['', '', PROPERTIES],
  ['sshCert', 'sshCert', CERTIFICATE_FIELDS],
  ['sshAcceptServerHostKey', 'sshAcceptServerHostKey', CERTIFICATE_FIELDS],
  ['fileAttributes', 'file', FILE_FIELDS],
  ['firewall', 'firewall', FIREWALL_FIELDS],
];

/** What was used since `record` was called: the names of `shows`. */
let used = new Set<string>();
/** A name that has no effect at present. */
let broken: string | undefined;

export function record(without?: string): Set<string> {
  used = new Set();
  broken = without;
  return used;
}

/** What is the matter with an error, as a name; of the two errors 1105 that of the connection has its group. */
function nameOf({ code, group }: SFTPClientError): string {
  return code === 1105 && group === 'TCPClient' ? 'error:1105 TCPClient' : `error:${code}`;
}

function failed(error: unknown): never {
  if (error instanceof SFTPClientError) {
    used.add(nameOf(error));
    if (broken === nameOf(error)) throw new SFTPClientError(0, 'another error', { cause: error });
  }
  throw error;
}

type Member = (this: SFTPClient, ...args: never[]) => unknown;

/** What a method would be that does nothing. */
const NOTHING: Readonly<Record<string, unknown>> = {
  ...{ decodePacket: Buffer.alloc(0), getSshParamBytes: Buffer.alloc(0), setSshParam: Buffer.alloc(0) },
  ...{ encodePacket: '', getSshParam: '', interrupt: undefined, queueFile: undefined, resetQueue: undefined },
  ...{ setDownloadStream: undefined, setUploadStream: undefined },
};

function watch(name: string, nothing: unknown, replaced: (original: Member) => Member): void {
  const prototype = SFTPClient.prototype as unknown as Record<string, Member>;
  const original = replaced(prototype[name]!);
  prototype[name] = function (this: SFTPClient, ...args: never[]): unknown {
    used.add(name);
    if (broken === name) return nothing;
    try {
      const result = original.apply(this, args);
      return result instanceof Promise ? result.catch(failed) : result;
    } catch (error) {
      return failed(error);
    }
  };
}

function watchAccessor(target: object, key: string, name: string, fallback: unknown): void {
  const { get, set, ...rest } = Object.getOwnPropertyDescriptor(target, key)!;
  Object.defineProperty(target, key, {
    ...rest,
    get(this: object) {
      used.add(name);
      return broken === name ? fallback : get!.call(this);
    },
    set(this: object, value: unknown) {
      used.add(name);
      if (broken === name) return;
      try {
        set!.call(this, value);
      } catch (error) {
        failed(error);
      }
    },
  });
}

/** A group read as `client.firewall`: its fields count as those under flat names. */
function watchGroup(view: string, prefix: string, table: PropertyTable): void {
  const { get } = Object.getOwnPropertyDescriptor(SFTPClient.prototype, view)!;
  const name = (key: string | symbol): string => flatName(prefix, String(key));
  Object.defineProperty(SFTPClient.prototype, view, {
    configurable: true,
    get(this: SFTPClient) {
      return new Proxy(get!.call(this) as object, {
        get(fields, key) {
          used.add(name(key));
          return broken === name(key) ? table[String(key)]!.default : Reflect.get(fields, key);
        },
        set(fields, key, value) {
          used.add(name(key));
          return broken === name(key) || Reflect.set(fields, key, value);
        },
      });
    },
  });
}

function watchEntries(): void {
  const { get } = Object.getOwnPropertyDescriptor(SFTPClient.prototype, 'dirList')!;
  const rows: PropertyTable = DIR_LIST_FIELDS;
  const watched = (entry: object): object =>
    Object.defineProperties(
      {},
      Object.fromEntries(
        Object.entries(entry).map(([key, value]) => {
          const name = flatName('dirList', key);
          const read = (): unknown => {
            used.add(name);
            return broken === name ? rows[key]!.default : value;
          };
          return [key, { enumerable: true, get: read }];
        }),
      ),
    );
  Object.defineProperty(SFTPClient.prototype, 'dirList', {
    configurable: true,
    get(this: SFTPClient) {
      return (get!.call(this) as object[]).map(watched);
    },
  });
}

/** A setting counts as used when it is set, one that is only read when it is read. */
function watchedConfig(original: Member): Member {
  return async function (this: SFTPClient, text: string) {
    const parsed = safely(() => parseConfigString(text));
    if (parsed === undefined) return original.call(this, text as never);
    const { name, value } = parsed;
    const { kind, default: fallback } = SETTINGS[name];
    const isUse = value !== undefined || kind === 'readonly' || kind === 'action';
    if (isUse) used.add(`config:${name}`);
    if (broken !== `config:${name}`) return original.call(this, text as never);
    if (value !== undefined || kind === 'action') return '';
    if (kind === 'readonly') return 'nothing';
    return typeof fallback === 'boolean' ? (fallback ? 'True' : 'False') : String(fallback);
  } as Member;
}

function safely<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

type Handler = (event: unknown) => unknown;

/** An event counts as used when a handler of it runs. */
function watchHandlers(): void {
  const wrapped = new Map<string, WeakMap<Handler, Handler>>();
  const wrap = (event: string, handler: Handler): Handler => {
    if (typeof handler !== 'function') return handler;
    const known = wrapped.get(event) ?? new WeakMap<Handler, Handler>();
    wrapped.set(event, known);
    const own = known.get(handler) ?? ((e) => (note(event) ? handler(e) : undefined));
    known.set(handler, own);
    return own;
  };
  const note = (event: string): boolean => {
    used.add(`event:${event}`);
    return broken !== `event:${event}`;
  };
  for (const name of ['on', 'once', 'off']) {
    watch(name, undefined, (original) => {
      return function (this: SFTPClient, event: string, handler: Handler) {
        return original.call(this, event as never, wrap(event, handler) as never);
      } as Member;
    });
  }
}

for (const [view, prefix, table] of GROUPS) {
  for (const [key, row] of Object.entries(table)) {
    const name = flatName(prefix, key);
    watchAccessor(SFTPClient.prototype, name, name, row.default);
  }
  if (view !== '') watchGroup(view, prefix, table);
}
for (const [key, row] of Object.entries(DIR_LIST_FIELDS))
  watch(flatName('dirList', key), row.default, (original) => original);
watchEntries();
watchHandlers();
for (const name of Object.keys({ ...METHODS, ...FURTHER_METHODS })) {
  if (name === 'config') watch(name, Promise.resolve(''), watchedConfig);
  else if (!['on', 'once', 'off'].includes(name))
    watch(name, name in NOTHING ? NOTHING[name] : Promise.resolve(), (original) => original);
}
