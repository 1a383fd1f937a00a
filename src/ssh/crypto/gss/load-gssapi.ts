import type koffiModule from 'koffi';
import { WherryError } from '../../../base/errors.ts';
import type { Gssapi } from './gss-context.ts';

type Koffi = typeof koffiModule;

interface Provider {
  /** Libraries of which any will do. */
  readonly names: readonly string[];
  bind(koffi: Koffi, name: string): Promise<Gssapi>;
}

const bindMit: Provider['bind'] = async (koffi, name) => {
  const { bindGssapi } = await import('./bind-gssapi.ts');
  return bindGssapi(koffi, koffi.load(name));
};

/** Where MIT Kerberos and its like have their library; Windows has SSPI. */
const PROVIDERS: Readonly<Record<string, Provider>> = {
  linux: { names: ['libgssapi_krb5.so.2', 'libgssapi.so.3'], bind: bindMit },
  darwin: {
    names: ['/System/Library/Frameworks/GSS.framework/GSS', 'libgssapi_krb5.dylib'],
    bind: bindMit,
  },
  win32: {
    names: ['secur32.dll'],
    async bind(koffi, name) {
      const { bindSspi } = await import('./bind-sspi.ts');
      return bindSspi(koffi, koffi.load(name), koffi.load('kernel32.dll'));
    },
  },
};

let loaded: Promise<Gssapi> | undefined;

/** The system's GSSAPI, or SSPI on Windows; GSSAPI_UNAVAILABLE says what is missing. */
export function loadGssapi(): Promise<Gssapi> {
  loaded ??= load();
  loaded.catch(() => {
    loaded = undefined;
  });
  return loaded;
}

async function load(): Promise<Gssapi> {
  const provider = PROVIDERS[process.platform];
  if (provider === undefined) throw unavailable(`it is not available on ${process.platform}`);
  const { default: koffi } = await import('koffi').catch((cause: unknown) => {
    throw unavailable('the package koffi is not installed', cause);
  });
  let trouble: unknown;
  for (const name of provider.names) {
    try {
      return await provider.bind(koffi, name);
    } catch (cause) {
      trouble = cause;
    }
  }
  throw unavailable(`the library ${provider.names.join(' or ')} cannot be loaded`, trouble);
}

function unavailable(why: string, cause?: unknown): WherryError {
  return new WherryError('GSSAPI_UNAVAILABLE', `no login by Kerberos: ${why}`, {}, cause);
}
