import { isIP } from 'node:net';
import { type ConnectionOptions, connect } from 'node:tls';
import { Deadline } from '../base/deadline.ts';
import { WherryError } from '../base/errors.ts';
import type { ByteStream } from './byte-stream.ts';
import { duplexStream } from './duplex.ts';
import { connectError, type DialOptions, lateConnect, socketOptions } from './tcp.ts';

/** A TLS connection to a proxy, whose certificate is checked against its name. */
export function dialTls(
  host: string,
  port: number,
  options: DialOptions,
  tls: ConnectionOptions = {},
): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    const name = isIP(host) === 0 ? { servername: host } : {};
    const socket = connect({ ...name, ...tls, ...socketOptions(host, port, options) });
    const deadline = new Deadline(options, 'connect', (error) => {
      socket.destroy();
      reject(lateConnect(error, host, port, options));
    });
    let failure = (error: Error): void => {
      deadline.clear();
      reject(connectError(error, host, port));
    };
    socket.on('error', (error) => failure(error));
    socket.once('close', () =>
      failure(new WherryError('PROXY_FAILED', 'the connection ended during the TLS handshake')),
    );
    socket.once('secureConnect', () => {
      deadline.clear();
      failure = () => {};
      resolve(duplexStream(socket, host, port));
    });
  });
}
