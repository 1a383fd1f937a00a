import type { LoginMethod, ProxyServer } from '../../index.ts';
import { FirewallTypes, SSHAuthModes } from './enums.ts';

/** What the core calls the levels of UseStrictKeyExchange. */
export const STRICT_LEVELS = ['off', 'offer', 'protect', 'require'] as const;

/** What the core calls the kinds of firewalls. */
export const PROXY_TYPES: Readonly<Record<number, ProxyServer['type']>> = {
  [FirewallTypes.fwTunnel]: 'http',
  [FirewallTypes.fwSOCKS4]: 'socks4',
  [FirewallTypes.fwSOCKS5]: 'socks5',
  [FirewallTypes.fwSOCKS4A]: 'socks4a',
};

/** The methods each mode logs in by; `amMultiFactor` takes all there are credentials for. */
export const METHODS_OF_MODE: Readonly<Record<number, readonly LoginMethod[]>> = {
  [SSHAuthModes.amNone]: ['none'],
  [SSHAuthModes.amPassword]: ['password'],
  [SSHAuthModes.amPublicKey]: ['publickey'],
  [SSHAuthModes.amKeyboardInteractive]: ['keyboard-interactive'],
  [SSHAuthModes.amGSSAPIWithMic]: ['gssapi-with-mic'],
  [SSHAuthModes.amGSSAPIKeyex]: ['gssapi-keyex'],
  [SSHAuthModes.amCustom]: ['custom'],
};
