import type { CustomLoginHandler } from '../ssh/auth/custom.ts';
import type { PromptHandler } from '../ssh/auth/keyboard-interactive.ts';
import type { NewPasswordHandler } from '../ssh/auth/password.ts';
import type { PrivateKey } from '../ssh/keys/private-key.ts';
import type { PublicKey } from '../ssh/keys/public-key.ts';
import type { X509 } from '../ssh/keys/x509/x509.ts';

/** A private key: parsed, or the text or bytes of a key file of any format `wherry/keys` reads. Not a path. */
export type PrivateKeyInput = PrivateKey | string | Uint8Array;

/** The line of an OpenSSH certificate, X.509 certificates as PEM, or an X.509 certificate taken apart. */
export type CertificateInput = string | X509;

/** A way to log in, by its name on the wire; `custom` is `customLogin`. */
export type LoginMethod =
  | 'none'
  | 'publickey'
  | 'hostbased'
  | 'password'
  | 'keyboard-interactive'
  | 'gssapi-keyex'
  | 'gssapi-with-mic'
  | 'custom';

/** How a login goes about its methods. */
export interface LoginRules {
  /**
   * The methods that may be used, best first. Default: every one the other options give a credential for. `none` asks
   * for nothing but to be let in, and stands alone or first; without `custom` it is always asked first which methods
   * there are.
   */
  readonly methods?: readonly LoginMethod[];
  /** What follows a refusal: the next way the server still takes (`next`, the default), or the end (`fail`). */
  readonly afterRefusal?: 'next' | 'fail';
  /**
   * Where several factors are needed: whether a method that has succeeded may come again, with another of its
   * credentials (`otherCredential`, the default), not at all (`never`), or with the same one too (`always`).
   */
  readonly repeat?: 'otherCredential' | 'never' | 'always';
}

/** An SSH agent, and how it is used. */
export interface AgentOptions {
  /** The path of its socket or named pipe. Default: the one SSH_AUTH_SOCK names, on Windows the OpenSSH agent's. */
  readonly path?: string;
  /**
   * `pageant` finds PuTTY's agent on Windows, by its named pipe or its window (which needs the optional package `koffi`),
   * `any` OpenSSH's where that does not run; elsewhere there is no difference. Default `openssh`.
   */
  readonly kind?: 'openssh' | 'pageant' | 'any';
  /** An agent that cannot be reached, or holds no key to try, ends the login with AGENT_FAILED. Default false. */
  readonly required?: boolean;
  /** Only these of its keys. Default all. */
  readonly keys?: readonly PublicKey[];
}

/** Kerberos through the system's GSSAPI; needs the optional package `koffi`. */
export interface GssapiOptions {
  /** The server's principal, such as `host/server.example.com`. Default: `host/` and the host connected to. */
  readonly servicePrincipal?: string;
  /** The server's realm, where the system cannot tell it from the host name. */
  readonly realm?: string;
  /** Ask for credentials the server may use further; it logs in without them where they cannot be had. Default false. */
  readonly delegate?: boolean;
  /** Offer the gss-* key exchanges, which also prove who the server is. Default false. */
  readonly keyExchange?: boolean;
  /** Use the tickets of this principal. Default: those that are there; with `password`, `username` is the principal. */
  readonly principal?: string;
  /** Get a ticket with this password, instead of using those that are there. */
  readonly password?: string;
}

/** Logging in as a user of a host the server trusts (RFC 4252 section 9). */
export interface HostbasedOptions {
  /** A host key of this machine. */
  readonly privateKey: PrivateKeyInput;
  readonly passphrase?: string;
  /** The name of this machine as the server knows it. */
  readonly clientHost: string;
  /** The user on this machine. Default: the `username` of the connection. */
  readonly clientUser?: string;
}

/** The options that say who logs in, and how. */
export interface LoginInput {
  readonly username: string;
  /** Also answers a keyboard-interactive login that asks for one hidden text. */
  readonly password?: string;
  /** Gives the new password when the server wants the old one changed; without it that ends the login. */
  readonly newPassword?: NewPasswordHandler;
  /** One key or several, tried in order. */
  readonly privateKey?: PrivateKeyInput | readonly PrivateKeyInput[];
  /** Opens encrypted keys of `privateKey`. */
  readonly passphrase?: string;
  /**
   * Certificates for keys of `privateKey`, and OpenSSH ones for keys of the agent. An OpenSSH user certificate is the line
   * of a `-cert.pub` file; for an RSA key it may begin with `rsa-sha2-256-cert-v01@openssh.com` or
   * `rsa-sha2-512-cert-v01@openssh.com`, to have it used with that algorithm only. X.509 certificates are PEM, or entries'
   * `certificate` and `chain` of `wherry/keys`: the key's own and those that issued it. They are shown (RFC 6187) to
   * servers that announce an `x509v3-…` algorithm, and where `algorithms.publicKey` names one.
   */
  readonly certificate?: CertificateInput | readonly CertificateInput[];
  /** Use an SSH agent's keys: `true` for the usual one, the path of its socket, or more. Default false. */
  readonly agent?: boolean | string | AgentOptions;
  /** Answers the server's questions in a keyboard-interactive login. */
  readonly keyboardInteractive?: PromptHandler;
  /** Log in by Kerberos: `true` for the tickets that are there. Default false. */
  readonly gssapi?: boolean | GssapiOptions;
  readonly hostbased?: HostbasedOptions;
  /** Speaks the login by itself, packet by packet. */
  readonly customLogin?: CustomLoginHandler;
  /**
   * Ask the server which methods it takes before the first try. Without it a single key, or a password where nothing
   * else is given, is tried at once, which saves a round trip; a refusal falls back to asking. Default false.
   */
  readonly askMethods?: boolean;
  readonly login?: LoginRules;
}
