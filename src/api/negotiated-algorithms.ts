import type { Transport } from '../ssh/transport/transport.ts';

/** The algorithms in use on a connection. */
export interface NegotiatedAlgorithms {
  readonly kex: string;
  readonly hostKey: string;
  readonly cipherToServer: string;
  readonly cipherFromServer: string;
  /** Undefined where the cipher authenticates by itself. */
  readonly macToServer: string | undefined;
  readonly macFromServer: string | undefined;
  readonly strictKex: boolean;
}

export function negotiatedAlgorithms(transport: Transport): NegotiatedAlgorithms {
  const { kexName, hostKey, clientToServer, serverToClient } = transport.negotiated!;
  return {
    kex: kexName,
    hostKey,
    cipherToServer: clientToServer.cipherName,
    cipherFromServer: serverToClient.cipherName,
    macToServer: clientToServer.macName,
    macFromServer: serverToClient.macName,
    strictKex: transport.strict,
  };
}
