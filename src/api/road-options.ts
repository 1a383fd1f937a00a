import type { Duplex } from 'node:stream';
import type { ProxyServer } from '../net/proxies/proxy.ts';
import type { Connection } from './connection.ts';
import type { ConnectOptions } from './options.ts';

/**
 * A command whose standard input and output are the connection, as OpenSSH's ProxyCommand; `%h`, `%p` and `%r` stand for
 * host, port and user name, `%%` for a percent sign. A text is run by the shell (`/bin/sh` as `exec …`, or cmd.exe), and a
 * host or user name with characters that mean something there is refused; a list is a program and its arguments, run as
 * they are. The command is ended with the connection.
 */
export interface ProxyCommand {
  readonly command: string | readonly string[];
}

/**
 * A proxy: in words; as a URL, such as `socks5://user:password@host:1080` (http, https, socks4, socks4a, socks5); as a
 * command; or `environment` for the one that ALL_PROXY, else HTTPS_PROXY names, unless NO_PROXY excepts the server.
 */
export type ProxyInput = ProxyServer | ProxyCommand | 'environment' | (string & {});

/** A host to go through: how to connect to it, or a connection to it that is open, and stays so. */
export type JumpHost = ConnectOptions | Connection;

/** The way to the server. At most one of `proxy`, `jump` and `stream`. */
export interface RoadOptions {
  /**
   * Milliseconds until the server, or the proxy's way to it, must be reached: CONNECT_TIMEOUT. Default: `timeout`. Through
   * jump hosts it holds for each step that has none of its own.
   */
  readonly connectTimeout?: number;
  /** Connect from this address of this machine. */
  readonly localAddress?: string;
  /** Connect from this port, 1 to 65535. Default: any that is free. */
  readonly localPort?: number;
  /** Use only IPv4 or only IPv6. Default: both are tried, and the first that answers is taken. */
  readonly family?: 4 | 6;
  readonly proxy?: ProxyInput;
  /**
   * Hosts to go through, in order, as OpenSSH's ProxyJump: each is logged in to, its host key is checked against its own
   * `trust`, and it opens a tunnel (direct-tcpip) to the next one. They are closed with the connection. The first may have
   * a `proxy` of its own.
   */
  readonly jump?: JumpHost | readonly JumpHost[];
  /** A stream to speak over instead of a TCP connection: one that is connected to the server already. */
  readonly stream?: Duplex;
}
