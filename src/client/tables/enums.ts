/** How to log in: the values of `sshAuthMode`. */
export const SSHAuthModes = {
  amNone: 0,
  amMultiFactor: 1,
  amPassword: 2,
  amPublicKey: 3,
  amKeyboardInteractive: 4,
  amGSSAPIWithMic: 5,
  amGSSAPIKeyex: 6,
  amCustom: 99,
} as const;

/** Where a key or certificate comes from: the values of `sshCertStoreType` and `sshAcceptServerHostKeyStoreType`. */
export const CertStoreTypes = {
  cstUser: 0,
  cstMachine: 1,
  cstPFXFile: 2,
  cstPFXBlob: 3,
  cstJKSFile: 4,
  cstJKSBlob: 5,
  cstPEMKeyFile: 6,
  cstPEMKeyBlob: 7,
  cstPublicKeyFile: 8,
  cstPublicKeyBlob: 9,
  cstSSHPublicKeyBlob: 10,
  cstP7BFile: 11,
  cstP7BBlob: 12,
  cstSSHPublicKeyFile: 13,
  cstPPKFile: 14,
  cstPPKBlob: 15,
  cstXMLFile: 16,
  cstXMLBlob: 17,
  cstJWKFile: 18,
  cstJWKBlob: 19,
  cstBCFKSFile: 21,
  cstBCFKSBlob: 22,
  cstPKCS11: 23,
  cstAuto: 99,
} as const;

/** The proxy in front of the server: the values of `firewallType`. */
export const FirewallTypes = { fwNone: 0, fwTunnel: 1, fwSOCKS4: 2, fwSOCKS5: 3, fwSOCKS4A: 10 } as const;

/** What a remote file is: the values of `fileType`; 0 before anything was queried. */
export const SFTPFileTypes = {
  sftRegular: 1,
  sftDirectory: 2,
  sftSymlink: 3,
  sftSpecial: 4,
  sftUnknown: 5,
  sftSocket: 6,
  sftCharDevice: 7,
  sftBlockDevice: 8,
  sftFIFO: 9,
} as const;

/** Who sends: the `direction` of the transfer events. A listing comes from the server. */
export const TransferDirections = { client: 0, server: 1 } as const;

/** The values of the setting LogLevel. */
export const LogLevels = { none: 0, info: 1, verbose: 2, debug: 3 } as const;

/** The `connectionEvent` of a `connectionStatus` event. */
export const ConnectionEvents = {
  firewallConnected: 'Firewall connection complete',
  connected: 'Remote host connection complete',
  handshakeComplete: 'SSL or S/Shell handshake complete',
  secureEnded: 'SSL or S/Shell connection broken',
  disconnected: 'Remote host disconnected',
  firewallDisconnected: 'Firewall host disconnected',
} as const;

export type EnumName = 'SSHAuthModes' | 'CertStoreTypes' | 'FirewallTypes' | 'SFTPFileTypes';

/** The enumerations that property rows name. */
export const ENUMS: Readonly<Record<EnumName, Readonly<Record<string, number>>>> = {
  SSHAuthModes,
  CertStoreTypes,
  FirewallTypes,
  SFTPFileTypes,
};
