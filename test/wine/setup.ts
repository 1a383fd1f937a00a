import { type ConnectOptions, fingerprints } from '../../src/index.ts';

/** What a program under Wine is told by the one that started it. */
export interface WineSetup {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly fingerprints: readonly string[];
  /** The common name of the certificate. */
  readonly name: string;
  /** PEM. */
  readonly certificate: string;
  readonly certificateKey: string;
  readonly agentKey: string;
  /** Whether PuTTY's own agent runs. */
  readonly pageant: boolean;
}

export const setup: WineSetup = JSON.parse(process.env.WHERRY_WINE ?? '{}');

export function login(more: Partial<ConnectOptions>): ConnectOptions {
  const { host, port, user } = setup;
  return { host, port, username: user, trust: fingerprints(setup.fingerprints), timeout: 20_000, ...more };
}
