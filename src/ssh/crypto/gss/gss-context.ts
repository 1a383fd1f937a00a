/** What a Kerberos login needs of the system (RFC 2743), whichever library gives it. */

/** Whom a context is opened to, and as whom. */
export interface GssTarget {
  /** The host connected to. */
  readonly host: string;
  /** The server's principal, such as `host/server.example`; default `host/` and the host. */
  readonly servicePrincipal?: string | undefined;
  readonly realm?: string | undefined;
  readonly delegate?: boolean | undefined;
  /** The user's principal and password, for a ticket of its own. */
  readonly principal?: string | undefined;
  readonly password?: string | undefined;
}

export interface GssStep {
  /** What goes to the server; undefined for nothing. */
  readonly token: Uint8Array | undefined;
  readonly complete: boolean;
}

/** A security context on its way to be established, and afterwards. Everything fails with GSSAPI_FAILED. */
export interface GssContext {
  /** The next step, with the server's token after the first. */
  step(token?: Uint8Array): Promise<GssStep>;
  /** Whether the server has proved itself, and messages can be protected; of use when complete. */
  readonly isMutual: boolean;
  readonly hasIntegrity: boolean;
  /** A message integrity code (gss_get_mic). */
  mic(message: Uint8Array): Uint8Array;
  verifyMic(message: Uint8Array, mic: Uint8Array): boolean;
  /** Gives the system's memory back; may be called more than once. */
  release(): void;
}

/** Kerberos version 5 (RFC 1964 section 1), as DER. */
export const KRB5_OID: Uint8Array = Buffer.from('06092a864886f712010202', 'hex');

/** Opens a context by the system's library. */
export interface Gssapi {
  open(target: GssTarget): Promise<GssContext>;
}
