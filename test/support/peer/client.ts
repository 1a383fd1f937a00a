import type { ByteStream } from '../../../src/net/byte-stream.ts';
import type { LoginPlanRules } from '../../../src/ssh/auth/login-plan.ts';
import type { AuthMethod } from '../../../src/ssh/auth/method.ts';
import type { KeepAliveOptions } from '../../../src/ssh/connection/keep-alive.ts';
import type { ChannelOptions } from '../../../src/ssh/connection/mux.ts';
import { SshConnection, type SshConnectionOptions } from '../../../src/ssh/connection/ssh-connection.ts';
import type { GssContext } from '../../../src/ssh/crypto/gss/gss-context.ts';
import type { PresentedHostKey } from '../../../src/ssh/transport/options.ts';
import { type HalfOptions, transportOptions } from './defaults.ts';
import { type MemoryPair, type MemoryPairOptions, memoryPair } from './memory-pair.ts';
import { type SshServerHalf, type SshServerOptions, serveSsh } from './ssh-server.ts';

/** The client half; the host key is trusted unless `verify` says otherwise. */
export interface TestClientOptions extends HalfOptions, LoginPlanRules {
  readonly user?: string;
  readonly methods?: readonly AuthMethod[];
  readonly verify?: (presented: PresentedHostKey) => Promise<void>;
  readonly onBanner?: (text: string) => void;
  readonly beforeLogin?: () => Promise<{ user?: string }>;
  readonly keepAlive?: KeepAliveOptions;
  readonly onHostKeys?: SshConnectionOptions['onHostKeys'];
  readonly channels?: ChannelOptions;
  readonly waitForChannelClose?: boolean;
  /** Milliseconds of silence a handshake may take. Default 5000. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  /** For a gss-* key exchange. */
  readonly openGss?: () => Promise<GssContext>;
}

/** Logs in over a stream with the real client half. */
export function openClient(stream: ByteStream, options: TestClientOptions = {}): Promise<SshConnection> {
  return SshConnection.open(
    stream,
    {
      transport: {
        ...transportOptions(options),
        verifyHostKey: options.verify ?? (async () => {}),
        openGss: options.openGss,
      },
      login: {
        user: options.user ?? 'user',
        methods: () => options.methods ?? [],
        atOnce: options.atOnce,
        afterRefusal: options.afterRefusal,
        repeat: options.repeat,
        onBanner: options.onBanner,
      },
      beforeLogin: options.beforeLogin,
      onHostKeys: options.onHostKeys,
      keepAlive: options.keepAlive ?? { interval: 0, count: 3 },
      channels: options.channels ?? {},
      waitForChannelClose: options.waitForChannelClose,
    },
    { timeout: options.timeout ?? 5000, signal: options.signal },
  );
}

/** Both halves, joined in memory and logged in. */
export interface Joined extends AsyncDisposable {
  readonly pair: MemoryPair;
  readonly client: SshConnection;
  readonly server: SshServerHalf;
}

export interface JoinOptions {
  readonly both?: HalfOptions;
  readonly client?: TestClientOptions;
  readonly server?: SshServerOptions;
  readonly line?: MemoryPairOptions;
  /** Hears of the server half before the client begins, also where the login then fails. */
  readonly onServer?: (server: SshServerHalf) => void;
}

export async function joinHalves(options: JoinOptions = {}): Promise<Joined> {
  const pair = memoryPair(options.line);
  const server = serveSsh(pair.server, { ...options.both, ...options.server });
  options.onServer?.(server);
  const client = await openClient(pair.client, { ...options.both, ...options.client });
  return { pair, client, server, [Symbol.asyncDispose]: () => client.close() };
}
