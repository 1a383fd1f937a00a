/** The functions of Windows' SSPI (secur32.dll) through koffi. Its Kerberos sends the same bytes as GSSAPI's does. */
import type koffiModule from 'koffi';
import { type Library, stdcall, windowsWords } from '../windows-library.ts';
import type { Gssapi, GssContext, GssStep, GssTarget } from './gss-context.ts';
import { gssError } from './gss-error.ts';
import { type SecurityPart, securityBuffers } from './security-buffers.ts';

type Koffi = typeof koffiModule;

/** A SecHandle, of credentials or of a context. */
interface Handle {
  lower: number | bigint;
  upper: number | bigint;
}

const FLAGS = { delegate: 0x1, mutual: 0x2, integrity: 0x1_0000 } as const;
const BUFFER = { data: 1, token: 2 } as const;
const CONTINUE_NEEDED = 0x9_0312;
const CREDENTIALS_OUTBOUND = 2;
const NATIVE_DATA = 0x10;
const IDENTITY_UNICODE = 2;
/** SECPKG_ATTR_SIZES: how long tokens and signatures may become. */
const ATTRIBUTE_SIZES = 0;
/** Tickets of users in many groups are long: the largest MaxTokenSize that Windows knows. */
const TOKEN_BYTES = 65_535;

const room = (type: number, length: number): SecurityPart => ({ type, bytes: new Uint8Array(length) });
const noHandle = (): Handle => ({ lower: 0, upper: 0 });

/** `secur32` has the functions of SSPI, `kernel32` the words for what they answer. */
export function bindSspi(koffi: Koffi, secur32: Library, kernel32: Library): Gssapi {
  const bind = declare(koffi, secur32);
  const wordsOf = windowsWords(kernel32);
  const lend = securityBuffers(koffi);

  /** Throws for a status that is an error, in the system's words. */
  const check = (status: number, what: string): void => {
    if (status < 0) throw gssError(what, [wordsOf(status)], status >>> 0);
  };

  return {
    async open(target) {
      const credentials = noHandle();
      const status = await bind.acquire(
        null,
        'Kerberos',
        CREDENTIALS_OUTBOUND,
        null,
        identityOf(target),
        null,
        null,
        credentials,
        [0],
      );
      check(status, 'getting credentials');
      return makeContext(target, credentials);
    },
  };

  function makeContext(target: GssTarget, credentials: Handle): GssContext {
    const name = serviceName(target);
    const wanted = FLAGS.mutual | FLAGS.integrity | (target.delegate ? FLAGS.delegate : 0);
    const context = noHandle();
    let opened = false;
    let flags = 0;
    let released = false;
    const sizes = (): { signature: number } => {
      const found = { token: 0, signature: 0, block: 0, trailer: 0 };
      check(bind.queryAttributes(context, ATTRIBUTE_SIZES, found), 'asking for sizes');
      return found;
    };
    return {
      get isMutual() {
        return (flags & FLAGS.mutual) !== 0;
      },
      get hasIntegrity() {
        return (flags & FLAGS.integrity) !== 0;
      },
      async step(token): Promise<GssStep> {
        const input = token === undefined ? undefined : lend([{ type: BUFFER.token, bytes: token }]);
        const output = lend([room(BUFFER.token, TOKEN_BYTES)]);
        const got = [0];
        try {
          const status = await bind.initialize(
            credentials,
            opened ? context : null,
            name,
            wanted,
            0,
            NATIVE_DATA,
            input?.description ?? null,
            0,
            context,
            output.description,
            got,
            [0],
          );
          check(status, 'opening a context');
          opened = true;
          flags = got[0]!;
          const [next] = output.read();
          return {
            token: next!.length > 0 ? next : undefined,
            complete: status !== CONTINUE_NEEDED,
          };
        } finally {
          input?.free();
          output.free();
        }
      },
      mic(message) {
        const parts = [{ type: BUFFER.data, bytes: message }, room(BUFFER.token, sizes().signature)];
        const buffers = lend(parts);
        try {
          check(bind.makeSignature(context, 0, buffers.description, 0), 'signing');
          return buffers.read()[1]!;
        } finally {
          buffers.free();
        }
      },
      verifyMic(message, mic) {
        const buffers = lend([
          { type: BUFFER.data, bytes: message },
          { type: BUFFER.token, bytes: mic },
        ]);
        try {
          return bind.verifySignature(context, buffers.description, 0, [0]) === 0;
        } finally {
          buffers.free();
        }
      },
      release() {
        if (released) return;
        released = true;
        if (opened) bind.deleteContext(context);
        bind.freeCredentials(credentials);
      },
    };
  }
}

/** The service as SSPI names it: `host/server.example`, with its realm where one is given. */
function serviceName({ host, servicePrincipal, realm }: GssTarget): string {
  const principal = servicePrincipal ?? `host/${host}`;
  return realm === undefined || principal.includes('@') ? principal : `${principal}@${realm}`;
}

/** SEC_WINNT_AUTH_IDENTITY_W, or null for who is logged in to Windows, who is the only one without a password. */
function identityOf({ principal, password }: GssTarget): object | null {
  if (password === undefined) {
    if (principal === undefined) return null;
    throw gssError('getting credentials', ['Windows gets tickets of another principal by password only'], 0);
  }
  const [user, ...realm] = (principal ?? '').split('@');
  const domain = realm.join('@');
  return {
    user,
    userLength: user!.length,
    domain,
    domainLength: domain.length,
    password,
    passwordLength: password.length,
    flags: IDENTITY_UNICODE,
  };
}

/** What has to be waited for asks a KDC, and is called off the main thread. */
interface Bound {
  acquire(...args: unknown[]): Promise<number>;
  initialize(...args: unknown[]): Promise<number>;
  queryAttributes(context: Handle, attribute: number, out: object): number;
  makeSignature(context: Handle, qop: number, buffers: unknown, sequence: number): number;
  verifySignature(context: Handle, buffers: unknown, sequence: number, qop: number[]): number;
  deleteContext(context: Handle): number;
  freeCredentials(credentials: Handle): number;
}

function declare(koffi: Koffi, secur32: Library): Bound {
  const text = 'str16';
  const [long, word] = ['int32_t', 'uint32_t'];
  const { pointer, inout, out } = koffi;
  const handle = pointer(koffi.struct({ lower: 'uintptr_t', upper: 'uintptr_t' }));
  const identity = pointer(
    koffi.struct({
      user: text,
      userLength: word,
      domain: text,
      domainLength: word,
      password: text,
      passwordLength: word,
      flags: word,
    }),
  );
  const sizes = pointer(koffi.struct({ token: word, signature: word, block: word, trailer: word }));
  const words = pointer(word);
  const expiry = out(pointer('int64_t'));
  const any = 'void *';
  const bind = stdcall(secur32);
  type Types = Parameters<typeof bind>[2];
  const now = (name: string, parameters: Types) => bind(name, long, parameters);
  const later = (name: string, parameters: Types) => {
    const call = now(name, parameters);
    return (...args: unknown[]): Promise<number> =>
      new Promise((resolve, reject) => {
        call.async(...args, (error: unknown, status: number) => (error ? reject(error) : resolve(status)));
      });
  };
  return {
    acquire: later('AcquireCredentialsHandleW', [
      text,
      text,
      word,
      any,
      identity,
      any,
      any,
      out(handle),
      expiry,
    ]),
    initialize: later('InitializeSecurityContextW', [
      handle,
      handle,
      text,
      word,
      word,
      word,
      any,
      word,
      inout(handle),
      any,
      out(words),
      expiry,
    ]),
    queryAttributes: now('QueryContextAttributesW', [handle, word, out(sizes)]),
    makeSignature: now('MakeSignature', [handle, word, any, word]),
    verifySignature: now('VerifySignature', [handle, any, word, out(words)]),
    deleteContext: now('DeleteSecurityContext', [handle]),
    freeCredentials: now('FreeCredentialsHandle', [handle]),
  };
}
