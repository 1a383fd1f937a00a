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
  /** `none` where nothing is compressed. */
  readonly compressionToServer: string;
  readonly compressionFromServer: string;
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
    compressionToServer: clientToServer.compression,
    compressionFromServer: serverToClient.compression,
    strictKex: transport.strict,
  };
}
