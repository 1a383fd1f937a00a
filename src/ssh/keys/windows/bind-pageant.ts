/**
 * Pageant's window (user32.dll, kernel32.dll, advapi32.dll) through koffi: a request lies in a named file mapping, a
 * WM_COPYDATA message to the window says its name, and when the message has been taken the answer lies in its place.
 */
import { randomBytes } from 'node:crypto';
import type koffiModule from 'koffi';
import { readU32, writeU32 } from '../../../base/bytes.ts';
import { LIMITS } from '../../../base/limits.ts';
import { type Library, stdcall, windowsWords } from '../../crypto/windows-library.ts';
import { agentError, tooLong } from '../agent-link.ts';

type Koffi = typeof koffiModule;

/** The system libraries that are called. */
export interface PageantLibraries {
  readonly user32: Library;
  readonly kernel32: Library;
  readonly advapi32: Library;
}

export interface PageantWindow {
  /** Whether Pageant, or an agent that stands in for it, has its window there. */
  isThere(): boolean;
  /** The answer to a payload; waits for it off the main thread, no longer than `patience` milliseconds. */
  ask(payload: Uint8Array, patience: number): Promise<Uint8Array>;
}

const NAME = 'Pageant';
const WM_COPYDATA = 0x4a;
/** What dwData of the message says: that this is a request to the agent. */
const AGENT_COPYDATA_ID = 0x804e_50ba;
const PAGE_READWRITE = 4;
const FILE_MAP_WRITE = 2;
const ERROR_TIMEOUT = 1460;
const TOKEN_QUERY = 8;
const TOKEN_USER = 1;
const SECURITY_DESCRIPTOR_REVISION = 1;
/** Room for a SECURITY_DESCRIPTOR, and for a TOKEN_USER with the longest SID. */
const ROOM = 256;
const HEAD = 4;
/** PuTTY's AGENT_MAX_MSGLEN, head included; an agent that knows only its older 8 KiB answers no longer than that. */
const MAPPING_BYTES: number = LIMITS.agentFrameBytes.value;

export function bindPageant(koffi: Koffi, libraries: PageantLibraries): PageantWindow {
  const bind = declare(koffi, libraries);
  const wordsOf = windowsWords(libraries.kernel32);
  const find = (): unknown => bind.findWindow(NAME, NAME);

  return {
    isThere: () => find() !== null,
    async ask(payload, patience) {
      if (payload.length > MAPPING_BYTES - HEAD) throw tooLong(payload.length + HEAD);
      const window = find();
      if (window === null) throw agentError('Pageant is not running');
      // A name that nobody can have taken before.
      const name = `PageantRequest${randomBytes(16).toString('hex')}`;
      const mapping = withOwner((security) => {
        const made = bind.createMapping(-1, security, PAGE_READWRITE, 0, MAPPING_BYTES, name);
        if (made === null) throw failed('making a file mapping');
        return made;
      });
      let view: unknown = null;
      try {
        view = bind.mapView(mapping, FILE_MAP_WRITE, 0, 0, 0);
        if (view === null) throw failed('mapping a file');
        write(view, payload);
        const message = { data: AGENT_COPYDATA_ID, length: name.length + 1, text: name };
        const answered = [0];
        const status = await bind.sendMessage(window, WM_COPYDATA, 0, message, 0, patience, answered);
        if (status !== 0) throw failed('the message', status);
        if (Number(answered[0]) === 0) throw agentError('Pageant refused the message');
        return read(view);
      } finally {
        if (view !== null) bind.unmapView(view);
        bind.closeHandle(mapping);
      }
    },
  };

  function failed(what: string, status: number = bind.lastError()): Error {
    return agentError(`speaking to Pageant failed at ${what}: ${wordsOf(status)}`);
  }

  /**
   * Runs `work` with SECURITY_ATTRIBUTES that name the user as the owner, whom Pageant looks at: what an administrator
   * makes belongs to all administrators otherwise.
   */
  function withOwner<T>(work: (security: object) => T): T {
    const [token, length] = [[null], [0]];
    const [user, descriptor] = [koffi.alloc('uint8_t', ROOM), koffi.alloc('uint8_t', ROOM)];
    try {
      if (!bind.openToken(bind.currentProcess(), TOKEN_QUERY, token)) throw failed('asking for the user');
      if (!bind.tokenInformation(token[0], TOKEN_USER, user, ROOM, length))
        throw failed('asking for the user');
      bind.initializeDescriptor(descriptor, SECURITY_DESCRIPTOR_REVISION);
      if (!bind.setOwner(descriptor, koffi.decode(user, 'void *'), 0)) throw failed('naming the owner');
      return work({ length: koffi.sizeof(bind.security), descriptor, inherit: 0 });
    } finally {
      if (token[0] !== null) bind.closeHandle(token[0]);
      koffi.free(user);
      koffi.free(descriptor);
    }
  }

  function write(view: unknown, payload: Uint8Array): void {
    const frame = new Uint8Array(HEAD + payload.length);
    writeU32(frame, 0, payload.length);
    frame.set(payload, HEAD);
    koffi.encode(view, 'uint8_t', frame, frame.length);
  }

  function read(view: unknown): Uint8Array {
    const length = readU32(koffi.decode(view, 'uint8_t', HEAD) as Uint8Array, 0);
    if (length > MAPPING_BYTES - HEAD) throw tooLong(length + HEAD);
    if (length === 0) throw agentError('the SSH agent sent an empty message');
    return Uint8Array.from(koffi.decode(view, HEAD, 'uint8_t', length) as Uint8Array);
  }
}

type Call<T> = (...args: unknown[]) => T;

interface Bound {
  readonly security: ReturnType<Koffi['struct']>;
  readonly findWindow: Call<unknown>;
  /** Gives 0, or why the message was not taken. */
  readonly sendMessage: Call<Promise<number>>;
  readonly createMapping: Call<unknown>;
  readonly mapView: Call<unknown>;
  readonly unmapView: Call<number>;
  readonly closeHandle: Call<number>;
  readonly currentProcess: Call<unknown>;
  readonly openToken: Call<number>;
  readonly tokenInformation: Call<number>;
  readonly initializeDescriptor: Call<number>;
  readonly setOwner: Call<number>;
  readonly lastError: Call<number>;
}

function declare(koffi: Koffi, { user32, kernel32, advapi32 }: PageantLibraries): Bound {
  const [any, word, size, text, bool] = ['void *', 'uint32_t', 'uintptr_t', 'str16', 'int32_t'];
  const { pointer, out } = koffi;
  const security = koffi.struct({ length: word, descriptor: any, inherit: bool });
  const copyData = pointer(koffi.struct({ data: size, length: word, text: 'str' }));
  const [user, kernel, advapi] = [stdcall(user32), stdcall(kernel32), stdcall(advapi32)];
  const lastError = kernel('GetLastError', word, []);
  // Sends to a window of another thread, which answers when it likes.
  const send = user('SendMessageTimeoutW', bool, [any, word, size, copyData, word, word, out(pointer(size))]);
  return {
    security,
    findWindow: user('FindWindowW', any, [text, text]),
    sendMessage: (...args) =>
      new Promise((resolve, reject) => {
        send.async(...args, (error: unknown, taken: number) => {
          if (error) reject(error);
          else resolve(taken ? 0 : lastError() || ERROR_TIMEOUT);
        });
      }),
    createMapping: kernel('CreateFileMappingW', any, ['intptr_t', pointer(security), word, word, word, text]),
    mapView: kernel('MapViewOfFile', any, [any, word, word, word, size]),
    unmapView: kernel('UnmapViewOfFile', bool, [any]),
    closeHandle: kernel('CloseHandle', bool, [any]),
    currentProcess: kernel('GetCurrentProcess', any, []),
    openToken: advapi('OpenProcessToken', bool, [any, word, out(pointer(any))]),
    tokenInformation: advapi('GetTokenInformation', bool, [any, word, any, word, out(pointer(word))]),
    initializeDescriptor: advapi('InitializeSecurityDescriptor', bool, [any, word]),
    setOwner: advapi('SetSecurityDescriptorOwner', bool, [any, any, bool]),
    lastError,
  };
}
