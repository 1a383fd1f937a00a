import { WherryError } from '../../../base/errors.ts';
import type { Gssapi } from './gss-context.ts';

/** Where MIT Kerberos and its like have their library. */
const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  linux: ['libgssapi_krb5.so.2', 'libgssapi.so.3'],
  darwin: ['/System/Library/Frameworks/GSS.framework/GSS', 'libgssapi_krb5.dylib'],
};

let loaded: Promise<Gssapi> | undefined;

/** The system's GSSAPI; GSSAPI_UNAVAILABLE says what is missing. Windows has SSPI instead, which is not done. */
export function loadGssapi(): Promise<Gssapi> {
  loaded ??= load();
  loaded.catch(() => {
    loaded = undefined;
  });
  return loaded;
}

async function load(): Promise<Gssapi> {
  const names = LIBRARIES[process.platform];
  if (names === undefined) throw unavailable(`it is not available on ${process.platform}`);
  const { default: koffi } = await import('koffi').catch((cause: unknown) => {
    throw unavailable('the package koffi is not installed', cause);
  });
  let trouble: unknown;
  for (const name of names) {
    try {
      const { bindGssapi } = await import('./bind-gssapi.ts');
      return bindGssapi(koffi, koffi.load(name));
    } catch (cause) {
      trouble = cause;
    }
  }
  throw unavailable(`the library ${names.join(' or ')} cannot be loaded`, trouble);
}

function unavailable(why: string, cause?: unknown): WherryError {
  return new WherryError('GSSAPI_UNAVAILABLE', `no login by Kerberos: ${why}`, {}, cause);
}
