/** The C functions of GSSAPI (RFC 2744) through koffi. */
import type koffiModule from 'koffi';
import type { Gssapi, GssContext, GssStep, GssTarget } from './gss-context.ts';
import { gssError } from './gss-error.ts';

type Koffi = typeof koffiModule;
type Library = ReturnType<Koffi['load']>;

/** gss_buffer_desc as it goes in; what comes out has an address in `value`. */
interface GssBuffer {
  length: number | bigint;
  value: unknown;
}
interface GssOid {
  length: number;
  elements: Uint8Array;
}

const FLAGS = { delegate: 1, mutual: 2, integrity: 32 } as const;
const CONTINUE_NEEDED = 1;
/** Calling and routine errors are in the upper half of a major status. */
const ERRORS = 0xffff_0000;
const GSS_C_INITIATE = 1;

const OIDS = {
  krb5: '2a864886f712010202',
  hostbased: '2a864886f71201020104',
  user: '2a864886f71201020101',
  principal: '2a864886f71201020201',
} as const;

const oid = (name: keyof typeof OIDS): GssOid => {
  const elements = Buffer.from(OIDS[name], 'hex');
  return { length: elements.length, elements };
};
const buffer = (bytes: Uint8Array): GssBuffer => ({ length: bytes.length, value: bytes });
const EMPTY: GssBuffer = { length: 0, value: null };

export function bindGssapi(koffi: Koffi, library: Library): Gssapi {
  const bind = declare(koffi, library);
  const bytesOf = (out: GssBuffer): Uint8Array => {
    const length = Number(out.length);
    if (length === 0) return new Uint8Array(0);
    const bytes = Uint8Array.from(
      koffi.decode(out.value, koffi.array('uint8_t', length)) as ArrayLike<number>,
    );
    bind.releaseBuffer([0], out);
    return bytes;
  };

  /** Throws for a status that is an error, in the library's words. */
  const check = (major: number, minor: number, what: string): void => {
    if ((major & ERRORS) === 0) return;
    const words = [
      [major, 1],
      [minor, 2],
    ].map(([code, type]) => {
      const text: GssBuffer = { length: 0, value: null };
      bind.displayStatus([0], code, type, oid('krb5'), [0], text);
      return Buffer.from(bytesOf(text)).toString();
    });
    throw gssError(what, words, major >>> 0);
  };

  const importName = (text: string, type: keyof typeof OIDS): unknown => {
    const [minor, name] = [[0], [null]];
    check(bind.importName(minor, buffer(Buffer.from(text)), oid(type), name), minor[0]!, `the name ${text}`);
    return name[0];
  };

  const acquire = async ({ principal, password }: GssTarget): Promise<unknown> => {
    if (password === undefined && principal === undefined) return null;
    const user = importName(principal ?? '', 'user');
    const [minor, credential] = [[0], [null]];
    const mechs = { count: 1n, elements: [oid('krb5')] };
    try {
      const major =
        password === undefined
          ? await bind.acquireCred(minor, user, 0, mechs, GSS_C_INITIATE, credential, null, null)
          : await bind.acquireWithPassword(
              minor,
              user,
              buffer(Buffer.from(password)),
              0,
              mechs,
              GSS_C_INITIATE,
              credential,
              null,
              null,
            );
      check(major, minor[0]!, 'getting a ticket');
      return credential[0];
    } finally {
      bind.releaseName([0], [user]);
    }
  };

  return {
    async open(target) {
      const name = importName(...serviceName(target));
      const credential = await acquire(target);
      return makeContext(target, name, credential);
    },
  };

  function makeContext(target: GssTarget, name: unknown, credential: unknown): GssContext {
    const context: unknown[] = [null];
    const wanted = FLAGS.mutual | FLAGS.integrity | (target.delegate ? FLAGS.delegate : 0);
    let flags = 0;
    let released = false;
    return {
      get isMutual() {
        return (flags & FLAGS.mutual) !== 0;
      },
      get hasIntegrity() {
        return (flags & FLAGS.integrity) !== 0;
      },
      async step(token): Promise<GssStep> {
        const [minor, got] = [[0], [0]];
        const output: GssBuffer = { length: 0, value: null };
        const input = token === undefined ? EMPTY : buffer(token);
        const major = await bind.initContext(
          minor,
          credential,
          context,
          name,
          oid('krb5'),
          wanted,
          0,
          null,
          input,
          null,
          output,
          got,
          null,
        );
        flags = got[0]!;
        check(major, minor[0]!, 'opening a context');
        const next = bytesOf(output);
        return { token: next.length > 0 ? next : undefined, complete: (major & CONTINUE_NEEDED) === 0 };
      },
      mic(message) {
        const minor = [0];
        const output: GssBuffer = { length: 0, value: null };
        check(bind.getMic(minor, context[0], 0, buffer(message), output), minor[0]!, 'signing');
        return bytesOf(output);
      },
      verifyMic: (message, mic) =>
        (bind.verifyMic([0], context[0], buffer(message), buffer(mic), [0]) & ERRORS) === 0,
      release() {
        if (released) return;
        released = true;
        if (context[0] !== null) bind.deleteContext([0], context, null);
        bind.releaseName([0], [name]);
        if (credential !== null) bind.releaseCred([0], [credential]);
      },
    };
  }
}

/** The name of the service, and its kind: a host's, or a principal where a realm is named. */
function serviceName({ host, servicePrincipal, realm }: GssTarget): [string, keyof typeof OIDS] {
  if (servicePrincipal === undefined && realm === undefined) return [`host@${host}`, 'hostbased'];
  const principal = servicePrincipal ?? `host/${host}`;
  const whole = realm === undefined || principal.includes('@') ? principal : `${principal}@${realm}`;
  return [whole, 'principal'];
}

/** What has to be waited for asks a KDC, and is called off the main thread. */
interface Bound {
  importName(minor: number[], name: GssBuffer, type: GssOid, out: unknown[]): number;
  acquireCred(...args: unknown[]): Promise<number>;
  acquireWithPassword(...args: unknown[]): Promise<number>;
  initContext(...args: unknown[]): Promise<number>;
  getMic(minor: number[], context: unknown, qop: number, message: GssBuffer, out: GssBuffer): number;
  verifyMic(minor: number[], context: unknown, message: GssBuffer, mic: GssBuffer, qop: number[]): number;
  displayStatus(...args: unknown[]): number;
  releaseBuffer(minor: number[], out: GssBuffer): number;
  releaseName(minor: number[], name: unknown[]): number;
  releaseCred(minor: number[], credential: unknown[]): number;
  deleteContext(minor: number[], context: unknown[], out: null): number;
}

function declare(koffi: Koffi, library: Library): Bound {
  koffi.struct('gss_buffer_desc', { length: 'size_t', value: 'void *' });
  koffi.struct('gss_OID_desc', { length: 'uint32_t', elements: 'void *' });
  koffi.struct('gss_OID_set_desc', { count: 'size_t', elements: 'gss_OID_desc *' });
  const minor = '_Out_ uint32_t *minor';
  const now = (name: string, parameters: string) =>
    library.func(`uint32_t ${name}(${minor}, ${parameters})`) as (...args: unknown[]) => number;
  const later = (name: string, parameters: string) => {
    const call = library.func(`uint32_t ${name}(${minor}, ${parameters})`);
    return (...args: unknown[]): Promise<number> =>
      new Promise((resolve, reject) => {
        call.async(...args, (error: unknown, major: number) => (error ? reject(error) : resolve(major)));
      });
  };
  const wanted = 'void *name, uint32_t time';
  const credential =
    'gss_OID_set_desc *mechs, int usage, _Out_ void **credential, void *actual, void *lifetime';
  return {
    importName: now('gss_import_name', 'gss_buffer_desc *name, gss_OID_desc *type, _Out_ void **out'),
    acquireCred: later('gss_acquire_cred', `${wanted}, ${credential}`),
    acquireWithPassword: later(
      'gss_acquire_cred_with_password',
      `void *name, gss_buffer_desc *password, uint32_t time, ${credential}`,
    ),
    initContext: later(
      'gss_init_sec_context',
      'void *credential, _Inout_ void **context, void *target, gss_OID_desc *mech, uint32_t flags, uint32_t time, void *bindings, gss_buffer_desc *input, void *actual, _Out_ gss_buffer_desc *output, _Out_ uint32_t *flags_out, void *lifetime',
    ),
    getMic: now(
      'gss_get_mic',
      'void *context, uint32_t qop, gss_buffer_desc *message, _Out_ gss_buffer_desc *token',
    ),
    verifyMic: now(
      'gss_verify_mic',
      'void *context, gss_buffer_desc *message, gss_buffer_desc *token, _Out_ uint32_t *qop',
    ),
    displayStatus: now(
      'gss_display_status',
      'uint32_t status, int type, gss_OID_desc *mech, _Inout_ uint32_t *state, _Out_ gss_buffer_desc *text',
    ),
    releaseBuffer: now('gss_release_buffer', '_Inout_ gss_buffer_desc *buffer'),
    releaseName: now('gss_release_name', '_Inout_ void **name'),
    releaseCred: now('gss_release_cred', '_Inout_ void **credential'),
    deleteContext: now('gss_delete_sec_context', '_Inout_ void **context, void *output'),
  };
}
