import type { Log } from '../../base/log.ts';
import type { RandomSource } from '../../base/random.ts';
import type { GssContext } from '../crypto/gss/gss-context.ts';
import type { PrivateKey } from '../keys/private-key.ts';
import type { PublicKey } from '../keys/public-key.ts';
import type { SshCertificate } from '../keys/ssh-certificate.ts';
import type { X509Key } from '../keys/x509-key.ts';
import type { AlgorithmLists } from './negotiate.ts';
import type { RekeyLimits } from './rekey-triggers.ts';
import type { StrictKexLevel } from './strict-kex.ts';

/** A host key whose signature has been verified, and the algorithm it signed with. */
export interface PresentedHostKey {
  /** The plain key, also where it came in a certificate. */
  readonly key: PublicKey;
  /** What the key came in, unchecked: a CA's word, or a chain of X.509 certificates. */
  readonly certificate?: SshCertificate;
  readonly x509?: X509Key;
  readonly algorithm: string;
  /** `SHA256:` and base64. */
  readonly fingerprint: string;
}

export interface TransportOptions extends RekeyLimits {
  readonly role: 'client' | 'server';
  /** The software part of our version line. */
  readonly software: string;
  readonly algorithms: AlgorithmLists;
  readonly strictKex: StrictKexLevel;
  /** Client: patterns of which the server's version line must match one. */
  readonly serverVersions?: readonly string[] | undefined;
  /** Client: the group size asked for in a group exchange, in bits. */
  readonly groupBits?: number | undefined;
  /** Milliseconds the peer is waited for when the connection is closed. */
  readonly closeTimeout?: number | undefined;
  /** After our DISCONNECT the peer closes the stream, not we. */
  readonly waitForPeerToClose?: boolean | undefined;
  readonly random: RandomSource;
  readonly log: Log;
  /** Client: resolves when the host key is trusted, rejects with HOST_KEY_* otherwise. */
  readonly verifyHostKey?: (presented: PresentedHostKey) => Promise<void>;
  /** Client: a new Kerberos context for a gss-* key exchange. */
  readonly openGss?: (() => Promise<GssContext>) | undefined;
  /** Server: the keys it can prove. */
  readonly hostKeys?: readonly PrivateKey[];
  /** Server: what `server-sig-algs` tells of user keys. Default: the host key algorithms. */
  readonly userSignatures?: readonly string[];
}
