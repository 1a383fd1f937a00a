import { isWherryError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { GssContext } from '../ssh/crypto/gss/gss-context.ts';
import { loadGssapi } from '../ssh/crypto/gss/load-gssapi.ts';
import { DEFAULT_GSS_KEX, GSS_KEX_ALGORITHMS } from '../ssh/crypto/gss-key-exchanges.ts';
import type { ConnectOptions } from './options.ts';

/** Kerberos as the options want it. */
export interface Kerberos {
  readonly keyExchange: boolean;
  open(): Promise<GssContext>;
}

/** Undefined where the options do not ask for it. */
export function kerberosOf({ gssapi, host, username }: ConnectOptions): Kerberos | undefined {
  if (gssapi === undefined || gssapi === false) return undefined;
  const given = gssapi === true ? {} : gssapi;
  const principal = given.principal ?? (given.password === undefined ? undefined : username);
  return {
    keyExchange: given.keyExchange ?? false,
    open: async () => (await loadGssapi()).open({ ...given, principal, host }),
  };
}

/**
 * The key exchanges to offer: the gss-* ones first, where they are asked for and there is a ticket for the server;
 * without one they are left out, for the exchange could only fail.
 */
export async function withGssKex(
  kex: readonly string[],
  kerberos: Kerberos | undefined,
  log: Log,
): Promise<readonly string[]> {
  const named = kex.some((name) => GSS_KEX_ALGORITHMS.has(name));
  if (kerberos === undefined || !(kerberos.keyExchange || named)) return kex;
  const wanted = named ? kex : [...DEFAULT_GSS_KEX, ...kex];
  let context: GssContext | undefined;
  try {
    context = await kerberos.open();
    await context.step();
    return wanted;
  } catch (error) {
    if (!isWherryError(error) || error.code !== 'GSSAPI_FAILED') throw error;
    log.event({ kind: 'auth', method: 'gss key exchange', outcome: `not offered: ${error.message}` });
    const without = wanted.filter((name) => !GSS_KEX_ALGORITHMS.has(name));
    if (without.length === 0) throw error;
    return without;
  } finally {
    context?.release();
  }
}
