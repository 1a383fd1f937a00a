import { VERSION } from '../base/version.ts';
import type { SshConnectionOptions } from '../ssh/connection/ssh-connection.ts';
import type { TransportOptions } from '../ssh/transport/options.ts';
import type { TransportRules } from './transport-rules.ts';

const DEFAULT_REKEY_BYTES = 1_073_741_824;
/** RFC 4344 section 3.1 asks for new keys before 2^31 packets. */
const REKEY_PACKETS = 2 ** 31;

type FromRules = Omit<
  TransportOptions,
  'role' | 'algorithms' | 'random' | 'log' | 'verifyHostKey' | 'hostKeys'
>;

/** The rules as the transport understands them, with the defaults. */
export function transportRules(rules: TransportRules): FromRules {
  const { clientVersion, serverVersionPattern } = rules;
  return {
    software: clientVersion?.replace(/^SSH-2\.0-/, '') ?? `wherry_${VERSION}`,
    strictKex: rules.strictKex ?? 'offer',
    rekeyBytes: rules.rekeyBytes === 0 ? Number.POSITIVE_INFINITY : (rules.rekeyBytes ?? DEFAULT_REKEY_BYTES),
    rekeyPackets: rules.rekeyPackets ?? REKEY_PACKETS,
    rekeyInterval: rules.rekeyInterval,
    serverVersions: typeof serverVersionPattern === 'string' ? [serverVersionPattern] : serverVersionPattern,
    groupBits: rules.preferredGroupBits,
    closeTimeout: rules.closeTimeout,
    waitForPeerToClose: rules.waitForServerDisconnect,
  };
}

/** The rules that concern what runs over the transport. */
export function connectionRules(
  rules: TransportRules,
): Pick<SshConnectionOptions, 'keepAlive' | 'channels' | 'waitForChannelClose'> {
  return {
    keepAlive: {
      interval: rules.keepAlive?.interval ?? 0,
      count: Math.max(1, rules.keepAlive?.count ?? 3),
    },
    channels: { maxPacketSize: rules.maxPacketSize, maxWindowSize: rules.maxWindowSize },
    waitForChannelClose: rules.waitForChannelClose,
  };
}
