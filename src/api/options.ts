import type { LogDetail, Logger } from '../base/log.ts';
import type { LocalEnd } from '../net/byte-stream.ts';
import type { HostKeyVerifier } from '../ssh/trust/host-key-verifier.ts';
import type { LoginInput } from './login-options.ts';
import type { NegotiatedAlgorithms } from './negotiated-algorithms.ts';
import type { RoadOptions } from './road-options.ts';
import type { TransportRules } from './transport-rules.ts';

/**
 * Which algorithms may be used, best first. A list that is left out is Wherry's default; where Node runs in FIPS mode, what
 * of it is approved (FIPS_ALGORITHMS).
 */
export interface AlgorithmOptions {
  readonly kex?: readonly string[];
  readonly hostKey?: readonly string[];
  readonly ciphers?: readonly string[];
  readonly macs?: readonly string[];
  /** `none`, `zlib@openssh.com` (from the end of the login on) and `zlib`. Default: only `none`. */
  readonly compressions?: readonly string[];
  /**
   * Signatures for logging in with a public key: the first one the key can make. rsa-sha2-512 and rsa-sha2-256 come
   * before ssh-rsa where the server announces them, wherever they stand. Default: all but ssh-rsa.
   */
  readonly publicKey?: readonly string[];
}

/** What is known of a connection whose keys are in use and that is not logged in yet. */
export interface Handshake {
  /** The server's identification line. */
  readonly serverVersion: string;
  readonly algorithms: NegotiatedAlgorithms;
  /** The address and port of this machine, where the connection is a TCP connection. */
  readonly local: LocalEnd | undefined;
  /** Ends the connection; `connect` rejects with CLOSED. */
  close(): Promise<void>;
}

/** How to reach a server, whom to trust, and how to log in. */
export interface ConnectOptions extends LoginInput, RoadOptions, TransportRules {
  readonly host: string;
  /** 1 to 65535. Default 22. */
  readonly port?: number;
  /**
   * Decides whether the server's host key is the right one: `knownHosts()`, `fingerprints([…])`, `acceptNew()`,
   * `acceptCallback(fn)`, or several through `anyOf`. Without it every connection fails with HOST_KEY_UNKNOWN.
   */
  readonly trust?: HostKeyVerifier;
  /**
   * Milliseconds without anything arriving after which connecting, a request or a transfer fails with TIMEOUT
   * (CONNECT_TIMEOUT while dialling). 0 waits for ever. Default 30000.
   */
  readonly timeout?: number;
  /** Gives up connecting; the connection itself is ended by `close()`. */
  readonly signal?: AbortSignal;
  readonly algorithms?: AlgorithmOptions;
  /**
   * Called when the host key is accepted and the keys are in use, before anything secret is sent. The login waits
   * for it, and the clock of `timeout` stands still; what it resolves with replaces the options of the same names.
   * What it rejects with ends the connection.
   */
  readonly beforeLogin?: (handshake: Handshake) => Promise<Partial<LoginInput> | undefined>;
  /** The server's greeting before login, free of control characters. */
  readonly onBanner?: (text: string) => void;
  /** What happens, step by step; NODE_DEBUG=wherry prints the same. */
  readonly log?: Logger;
  /** How much `log` hears of single packets. Default `packets`: their names and lengths. */
  readonly logDetail?: LogDetail;
}
