import type { ConnectionOptions } from 'node:tls';
import type { Conversation } from './conversation.ts';

/** A proxy that is spoken to over TCP. */
export interface ProxyServer {
  /**
   * `http` and `https` ask with CONNECT, the latter over TLS to the proxy; `socks4` takes IPv4 addresses only, so the
   * name of the server is resolved here; with `socks4a` and `socks5` the proxy resolves it.
   */
  readonly type: 'http' | 'https' | 'socks4' | 'socks4a' | 'socks5';
  readonly host: string;
  /** Default 80, 443 or 1080. */
  readonly port?: number | undefined;
  /** For SOCKS4 this is all it has; it takes no password. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /**
   * HTTP only. `any`, the default, asks the proxy first and then answers Digest rather than Basic; `digest` never sends
   * the password itself; `basic` sends it with the first request, which saves a round trip.
   */
  readonly auth?: 'any' | 'basic' | 'digest' | undefined;
  /** `https` only: for a certificate of your own, such as `{ ca }`. */
  readonly tls?: ConnectionOptions | undefined;
}

/** Where the proxy is to connect to. */
export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
}

/** What an HTTP proxy wants to see in the next request; that one goes over a new connection. */
export interface ProxyRetry {
  readonly authorization: string;
}

/** One kind of proxy: everything about it. */
export interface ProxyRow {
  readonly port: number;
  readonly tls: boolean;
  readonly ref: string;
  /** Asks for the way to `target`. Resolves with what to do in a second try, if one is wanted. */
  readonly ask: (
    conversation: Conversation,
    target: ProxyTarget,
    proxy: ProxyServer,
    retry: ProxyRetry | undefined,
  ) => Promise<ProxyRetry | undefined>;
}
