import { WherryError } from '../base/errors.ts';
import { sanitize } from '../base/text.ts';
import { agentMethod } from '../ssh/auth/agent.ts';
import { type LoginCertificates, signersFor } from '../ssh/auth/certified-key.ts';
import { customMethod } from '../ssh/auth/custom.ts';
import { gssapiKeyexMethod, gssapiWithMicMethod } from '../ssh/auth/gssapi.ts';
import { hostbasedMethod } from '../ssh/auth/hostbased.ts';
import { keyboardInteractiveMethod, passwordAsAnswer } from '../ssh/auth/keyboard-interactive.ts';
import type { AuthMethod } from '../ssh/auth/method.ts';
import { noneMethod, passwordMethod } from '../ssh/auth/password.ts';
import { keySigner, publicKeyMethod } from '../ssh/auth/public-key.ts';
import { chainFor } from '../ssh/auth/x509-signers.ts';
import { type Agent, connectAgent } from '../ssh/keys/agent.ts';
import { looksLikePath } from '../ssh/keys/key-path.ts';
import { type PrivateKey, parsePrivateKey } from '../ssh/keys/private-key.ts';
import { samePublicKey } from '../ssh/keys/public-key.ts';
import { parseKeys } from '../ssh/keys/read-keys.ts';
import { parseSshCertificateLine, type SshCertificateLine } from '../ssh/keys/ssh-certificate.ts';
import type { X509 } from '../ssh/keys/x509/x509.ts';
import { kerberosOf } from './kerberos.ts';
import type { AgentOptions, LoginMethod, PrivateKeyInput } from './login-options.ts';
import type { ConnectOptions } from './options.ts';

/** The ways to log in that the options allow, in the order they are tried. */
export interface Credentials {
  methods(): readonly AuthMethod[];
  /**
   * One key or a password stands first and may be tried without asking what the server takes: a round trip saved.
   * Several keys, or an agent's, are asked about instead, since servers count refused attempts.
   */
  readonly atOnce: boolean;
  /** Lets go of the agent. */
  dispose(): void;
}

/** What is tried without `login.methods`: first what needs nobody, last what a person would type. */
const DEFAULT_ORDER: readonly LoginMethod[] = [
  'gssapi-keyex',
  'gssapi-with-mic',
  'publickey',
  'hostbased',
  'password',
  'keyboard-interactive',
];

/** Key files are parsed here, so that a bad one fails early. */
export function credentialsFrom(options: ConnectOptions): Credentials {
  const rules = options.login ?? {};
  const order = rules.methods ?? (options.customLogin === undefined ? DEFAULT_ORDER : ['custom']);
  const keys = list(options.privateKey).map((input) => readKey(input, options.passphrase));
  const useAgent = agentOptions(options.agent);
  let agent: Agent | undefined;
  const reachAgent = async (): Promise<Agent> => {
    agent ??= await connectAgent(useAgent?.path, { kind: useAgent?.kind ?? 'openssh' });
    return agent;
  };
  const certificates = readCertificates(options.certificate);
  checkOwners(certificates, keys, useAgent !== undefined);
  const makers = methodMakers(options, keys, certificates, useAgent, reachAgent);
  const first = order.find((name) => makers[name]().length > 0);
  // Whether a chain can be shown is known when the server has announced its algorithms, which it does behind NEWKEYS.
  const plain = certificates.x509.length === 0;
  const obvious = first === 'password' || (first === 'publickey' && keys.length === 1 && plain);
  return {
    atOnce: options.askMethods !== true && obvious,
    methods: () => order.flatMap((name) => makers[name]()),
    dispose: () => agent?.close(),
  };
}

/** For each method the attempts the options have credentials for. */
function methodMakers(
  options: ConnectOptions,
  keys: readonly PrivateKey[],
  certificates: LoginCertificates,
  useAgent: AgentOptions | undefined,
  reachAgent: () => Promise<Agent>,
): Record<LoginMethod, () => AuthMethod[]> {
  const algorithms = options.algorithms?.publicKey;
  const { password, customLogin, hostbased } = options;
  const gss = kerberosOf(options);
  const answer =
    options.keyboardInteractive ?? (password === undefined ? undefined : passwordAsAnswer(password));
  const nothingElse = keys.length === 0 && answer === undefined;
  return {
    none: () => [noneMethod()],
    publickey: () => {
      const signers = keys.flatMap((key) => signersFor(key, certificates));
      const methods = signers.map((one) => publicKeyMethod(one, { probe: signers.length > 1, algorithms }));
      if (useAgent !== undefined) {
        const required = useAgent.required ?? nothingElse;
        const use = { required, keys: useAgent.keys, certificates: certificates.openssh, algorithms };
        methods.push(agentMethod(reachAgent, use));
      }
      return methods;
    },
    hostbased: () => {
      if (hostbased === undefined) return [];
      const signer = keySigner(readKey(hostbased.privateKey, hostbased.passphrase));
      const user = hostbased.clientUser ?? options.username;
      return [hostbasedMethod({ signer, host: hostbased.clientHost, user }, algorithms)];
    },
    password: () => (password === undefined ? [] : [passwordMethod(password, options.newPassword)]),
    'keyboard-interactive': () => (answer === undefined ? [] : [keyboardInteractiveMethod(answer)]),
    'gssapi-keyex': () => (gss === undefined || !gss.keyExchange ? [] : [gssapiKeyexMethod()]),
    'gssapi-with-mic': () =>
      gss === undefined ? [] : [gssapiWithMicMethod(gss.open, nothingElse && useAgent === undefined)],
    custom: () => (customLogin === undefined ? [] : [customMethod(customLogin)]),
  };
}

/** OpenSSH lines and X.509 certificates apart. */
function readCertificates(given: ConnectOptions['certificate']): LoginCertificates {
  const openssh: SshCertificateLine[] = [];
  const x509: X509[] = [];
  for (const one of list(given)) {
    if (typeof one !== 'string') x509.push(one);
    else if (!one.includes('-----BEGIN ')) openssh.push(parseSshCertificateLine(one));
    else {
      const entries = parseKeys(one, { formats: ['x509', 'pkcs7'] });
      x509.push(...entries.flatMap(({ certificate }) => certificate ?? []));
    }
  }
  return { openssh, x509 };
}

/** A certificate nobody can use is a mistake better told at once. */
function checkOwners(
  { openssh, x509 }: LoginCertificates,
  keys: readonly PrivateKey[],
  agent: boolean,
): void {
  const none = (id: string): WherryError =>
    new WherryError('INVALID_ARGUMENT', `no private key is given for the certificate ${sanitize(id, 64)}`);
  for (const { certificate } of agent ? [] : openssh) {
    if (keys.some(({ publicKey }) => samePublicKey(publicKey, certificate.publicKey))) continue;
    throw none(certificate.keyId);
  }
  const first = x509[0];
  if (first !== undefined && keys.every(({ publicKey }) => chainFor(publicKey, x509) === undefined))
    throw none(first.subject);
}

function agentOptions(given: ConnectOptions['agent']): AgentOptions | undefined {
  if (given === undefined || given === false) return undefined;
  if (given === true) return {};
  return typeof given === 'string' ? { path: given } : given;
}

function list<T extends string | object>(given: T | readonly T[] | undefined): readonly T[] {
  if (given === undefined) return [];
  return Array.isArray(given) ? given : [given as T];
}

function readKey(input: PrivateKeyInput, passphrase: string | undefined): PrivateKey {
  if (typeof input !== 'string' && !(input instanceof Uint8Array)) return input;
  if (typeof input === 'string' && looksLikePath(input)) {
    const text = 'privateKey takes the contents of a key file, not its path: use loadPrivateKey(path)';
    throw new WherryError('INVALID_ARGUMENT', text);
  }
  return parsePrivateKey(input, passphrase);
}
