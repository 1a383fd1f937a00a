import {
  type AgentOptions,
  type AlgorithmOptions,
  type ConnectOptions,
  type DownloadOptions,
  FIPS_ALGORITHMS,
  type GssapiOptions,
  type LoginInput,
  type LoginMethod,
  type OpenSftpOptions,
  type RoadOptions,
  type SftpVersion,
  type TransferOptions,
  type UploadOptions,
} from '../index.ts';
import type { KeyEntry, X509 } from '../keys.ts';
import { SFTPClientError } from './client-error.ts';
import type { Settings } from './settings.ts';
import { CODE_PAGES } from './tables/code-pages.ts';
import { METHODS_OF_MODE, PROXY_TYPES, STRICT_LEVELS } from './tables/core-names.ts';
import { SSHAuthModes } from './tables/enums.ts';
import type { FIREWALL_FIELDS } from './tables/firewall-fields.ts';
import type { PROPERTIES } from './tables/properties.ts';
import type { Values } from './tables/rows.ts';

/** What the options of the core are made from. */
export interface Vocabulary {
  readonly properties: Values<typeof PROPERTIES>;
  readonly firewall: Values<typeof FIREWALL_FIELDS>;
  readonly settings: Settings;
  /** Whether the user has set the property. */
  isSet(name: keyof typeof PROPERTIES): boolean;
}

const namesIn = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** Milliseconds of silence a method bears. */
export function timeoutOf({ properties }: Vocabulary): number {
  return properties.timeout * 1000;
}

/** The part of ConnectOptions that properties and settings say. */
export function toConnectOptions(
  from: Vocabulary,
): Omit<ConnectOptions, keyof LoginInput | 'trust' | 'signal'> {
  const { properties, settings } = from;
  const interval = settings.get('SSHKeepAliveInterval') * 1000;
  const threshold = settings.given('KeyRenegotiationThreshold');
  const maxPacketSize = settings.given('MaxPacketSize');
  const clientVersion = settings.get('ClientSSHVersionString');
  return {
    host: properties.sshHost,
    port: properties.sshPort,
    timeout: timeoutOf(from),
    algorithms: toAlgorithms(from),
    ...toRoad(from),
    strictKex: STRICT_LEVELS[settings.get('UseStrictKeyExchange')]!,
    keepAlive: { interval, count: settings.get('SSHKeepAliveCountMax') },
    serverVersionPattern: settings.get('SSHVersionPattern'),
    preferredGroupBits: settings.get('PreferredDHGroupBits'),
    maxWindowSize: settings.get('MaxWindowSize'),
    waitForChannelClose: settings.get('WaitForChannelClose'),
    waitForServerDisconnect: settings.get('WaitForServerDisconnect'),
    logDetail: toLogDetail(settings),
    ...(maxPacketSize === undefined ? {} : { maxPacketSize }),
    ...(threshold === undefined ? {} : { rekeyBytes: threshold }),
    ...(clientVersion === '' ? {} : { clientVersion }),
  };
}

/** From which port, and through which proxy. */
export function toRoad({ properties, firewall, isSet }: Vocabulary): RoadOptions {
  const { type, host, port, user, password } = firewall;
  const kind = PROXY_TYPES[type];
  if (kind !== undefined && host === '') throw new SFTPClientError(118, 'firewallHost is not set');
  return {
    ...(isSet('localPort') && properties.localPort !== 0 ? { localPort: properties.localPort } : {}),
    ...(kind === undefined
      ? firewall.autoDetect
        ? { proxy: 'environment' }
        : {}
      : {
          proxy: {
            type: kind,
            host,
            ...(port === 0 ? {} : { port }),
            ...(user === '' ? {} : { username: user }),
            ...(password === '' ? {} : { password }),
          },
        }),
  };
}

/** Lists that the user has set; the rest is the core's. */
export function toAlgorithms({ properties, settings, isSet }: Vocabulary): AlgorithmOptions {
  const given = {
    ciphers: isSet('sshEncryptionAlgorithms') ? namesIn(properties.sshEncryptionAlgorithms) : undefined,
    compressions: isSet('sshCompressionAlgorithms')
      ? namesIn(properties.sshCompressionAlgorithms)
      : undefined,
    kex: settings.given('SSHKeyExchangeAlgorithms'),
    macs: settings.given('SSHMacAlgorithms'),
    hostKey: settings.given('SSHPublicKeyAlgorithms'),
    publicKey: settings.given('SSHPubKeyAuthSigAlgorithms'),
  };
  const fips = settings.get('UseFIPSCompliantAPI');
  const lists = Object.entries(given).map(([kind, list]) => [kind, fips ? approved(kind, list) : list]);
  return Object.fromEntries(lists.filter(([, list]) => list !== undefined));
}

/** The approved names of a list, or all of them where the user has set none. */
function approved(kind: string, list: readonly string[] | undefined): readonly string[] | undefined {
  const all = FIPS_ALGORITHMS[kind as keyof typeof FIPS_ALGORITHMS];
  if (all === undefined || list === undefined) return all ?? list;
  const left = list.filter((name) => all.includes(name));
  if (left.length > 0) return left;
  throw new SFTPClientError(1005, `UseFIPSCompliantAPI: none of ${list.join(', ')} is approved`);
}

function toLogDetail(settings: Settings): 'events' | 'packets' | 'bytes' | 'secrets' {
  const level = settings.get('LogLevel');
  if (level < 2) return 'events';
  if (level === 2) return 'packets';
  return settings.get('MaskSensitiveData') ? 'bytes' : 'secrets';
}

/** What only the client itself can bring to a login. */
export interface LoginParts extends Pick<LoginInput, 'keyboardInteractive' | 'customLogin'> {
  readonly key: KeyEntry | undefined;
}

/** The login that properties and settings describe. */
export function toLoginInput(from: Vocabulary, parts: LoginParts): LoginInput {
  const { properties, settings } = from;
  const { sshAuthMode: mode, sshPassword: password } = properties;
  const agent = settings.get('EnablePageantAuth');
  const privateKey = parts.key?.privateKey;
  if (mode !== SSHAuthModes.amNone && properties.sshUser === '')
    throw new SFTPClientError(10022, 'sshUser is not set');
  if (mode === SSHAuthModes.amPublicKey && privateKey === undefined && agent === 0)
    throw new SFTPClientError(1006, 'amPublicKey needs a private key: set sshCertStore and sshCertSubject');
  const methods = methodsFor(mode, agent, settings.get('TryAllAvailableAuthMethods'), parts, password);
  const certificate = certificatesOf(settings.get('SignedSSHCert'), agent === 2 ? undefined : parts.key);
  const isFinal = !settings.get('TryAllAvailableAuthMethods') && agent !== 1;
  return {
    username: mode === SSHAuthModes.amNone ? 'anonymous' : properties.sshUser,
    ...(password === '' && !methods.includes('password') ? {} : { password }),
    ...(privateKey === undefined || agent === 2 ? {} : { privateKey }),
    ...(certificate.length === 0 ? {} : { certificate }),
    ...(agent === 0 ? {} : { agent: agentOptions(agent) }),
    ...toKerberos(from),
    ...(parts.keyboardInteractive === undefined ? {} : { keyboardInteractive: parts.keyboardInteractive }),
    ...(mode === SSHAuthModes.amCustom && parts.customLogin !== undefined
      ? { customLogin: parts.customLogin }
      : {}),
    login: {
      methods,
      afterRefusal: isFinal ? 'fail' : 'next',
      repeat: settings.get('DoNotRepeatAuthMethods') ? 'never' : 'always',
    },
  };
}

/** An OpenSSH certificate as set, and the X.509 chain of the key's store. */
function certificatesOf(line: string, key: KeyEntry | undefined): readonly (string | X509)[] {
  const own = key?.privateKey === undefined ? undefined : key.certificate;
  return [...(line === '' ? [] : [line]), ...(own === undefined ? [] : [own, ...(key?.chain ?? [])])];
}

function methodsFor(
  mode: number,
  agent: number,
  all: boolean,
  { key }: LoginParts,
  password: string,
): LoginMethod[] {
  if (agent === 2) return ['publickey'];
  const own = METHODS_OF_MODE[mode] ?? [];
  const available: LoginMethod[] = [
    ...(key?.privateKey === undefined && agent === 0 ? [] : (['publickey'] as const)),
    ...(password === '' ? [] : (['password'] as const)),
    'keyboard-interactive',
  ];
  if (mode === SSHAuthModes.amMultiFactor) return available;
  const first: LoginMethod[] = agent === 1 && !own.includes('publickey') ? ['publickey', ...own] : [...own];
  return all ? [...new Set([...first, ...available])] : first;
}

function agentOptions(agent: number): AgentOptions {
  return { kind: 'any', required: agent === 2 };
}

/** Kerberos, where the mode says so; the key exchange has to know of it as well. */
export function toKerberos({ properties, settings }: Vocabulary): { gssapi?: GssapiOptions } {
  const { sshAuthMode: mode } = properties;
  const kerberos = mode === SSHAuthModes.amGSSAPIWithMic || mode === SSHAuthModes.amGSSAPIKeyex;
  return kerberos ? { gssapi: gssapiOptions(properties, settings, mode) } : {};
}

function gssapiOptions(
  properties: Vocabulary['properties'],
  settings: Settings,
  mode: number,
): GssapiOptions {
  const realm = settings.get('KerberosRealm');
  const servicePrincipal = settings.get('KerberosSPN');
  const { sshUser, sshPassword } = properties;
  return {
    delegate: settings.get('KerberosDelegation'),
    keyExchange: mode === SSHAuthModes.amGSSAPIKeyex,
    ...(realm === '' ? {} : { realm }),
    ...(servicePrincipal === '' ? {} : { servicePrincipal }),
    ...(sshPassword === '' ? {} : { principal: sshUser, password: sshPassword }),
  };
}

/** How the SFTP session is opened. */
export function toOpenOptions(from: Vocabulary): OpenSftpOptions {
  return {
    timeout: timeoutOf(from),
    version: from.settings.get('ProtocolVersion') as SftpVersion,
    nameEncoding: CODE_PAGES.get(from.settings.get('CodePage')),
  };
}

function toTransferOptions(from: Vocabulary): TransferOptions {
  const { settings } = from;
  const maxRequests = settings.get('AsyncTransfer') ? settings.given('MaxOutstandingPackets') : 1;
  return {
    timeout: timeoutOf(from),
    overwrite: from.properties.overwrite,
    requestBytes: settings.given('MaxFileData'),
    maxRequests,
  };
}

/** A download to a path from `startByte` on; the file grows in place, so that it can be gone on with. */
export function toDownloadOptions(from: Vocabulary, startByte: number, toFile: boolean): DownloadOptions {
  const { settings } = from;
  const limit = settings.get('TransferredDataLimit');
  const askSize = settings.get('UseFxpStat');
  return {
    ...toTransferOptions(from),
    inPlace: true,
    askSize,
    ...(toFile && askSize && settings.get('PreserveFileTime') ? { preserve: 'times' } : {}),
    ...(startByte > 0 ? { resume: startByte } : {}),
    ...(limit > 0 ? { length: startByte + limit } : {}),
  };
}

export function toUploadOptions(
  from: Vocabulary,
  startByte: number,
  append: boolean,
  fromFile: boolean,
): UploadOptions {
  return {
    ...toTransferOptions(from),
    ...(fromFile && !append && from.settings.get('RealTimeUpload')
      ? { follow: { idle: from.settings.get('RealTimeUploadAgeLimit') * 1000 } }
      : {}),
    ...(fromFile && from.settings.get('PreserveFileTime') ? { preserve: 'times' } : {}),
    ...(append ? { at: 'end' } : startByte > 0 ? { resume: startByte } : {}),
  };
}
