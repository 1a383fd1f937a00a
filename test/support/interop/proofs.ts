/**
 * How each algorithm row is proved: the peers it moves data with, or the published vectors where no peer here knows it.
 * test/real/interop.test.ts runs it, docs/algorithms.md shows it.
 */
import type { PeerName } from './peers.ts';

export interface Proof {
  readonly peers: readonly PeerName[];
  /** Where no peer speaks it: what stands in for one, besides our own server half. */
  readonly vectors?: string;
  /** The server of a test of its own, such as of certificates. */
  readonly elsewhere?: string;
}

function by(...peers: PeerName[]): Proof {
  return { peers };
}

function byVectors(vectors: string): Proof {
  return { peers: [], vectors };
}

function byTest(elsewhere: string): Proof {
  return { peers: [], elsewhere };
}

const AGENT = 'OpenSSH 9.2, whose agent has the key';

/** Per kind, as the options of `connect` call it. Not every peer that knows a row, but independent ones. */
export const PROOFS: Readonly<
  Record<'kex' | 'ciphers' | 'macs' | 'compressions' | 'hostKey', Readonly<Record<string, Proof>>>
> = {
  kex: {
    'mlkem768x25519-sha256': by('openssh10'),
    'sntrup761x25519-sha512': by('openssh10'),
    'sntrup761x25519-sha512@openssh.com': by('openssh', 'tinysshd'),
    'curve25519-sha256': by('openssh', 'asyncssh', 'proftpd', 'dropbear', 'tinysshd'),
    'curve25519-sha256@libssh.org': by('openssh', 'dropbear', 'tinysshd'),
    'ecdh-sha2-nistp256': by('openssh', 'proftpd', 'dropbear'),
    'ecdh-sha2-nistp384': by('openssh', 'dropbear'),
    'ecdh-sha2-nistp521': by('openssh', 'dropbear'),
    'diffie-hellman-group-exchange-sha256': by('openssh', 'asyncssh', 'proftpd'),
    'diffie-hellman-group16-sha512': by('openssh', 'asyncssh'),
    'diffie-hellman-group18-sha512': by('openssh', 'proftpd'),
    'diffie-hellman-group14-sha256': by('openssh', 'dropbear'),
    'mlkem1024nistp384-sha384': byVectors('those of its two halves: FIPS 203 and NIST P-384'),
    'mlkem768nistp256-sha256': byVectors('those of its two halves: FIPS 203 and NIST P-256'),
    'curve448-sha512': by('asyncssh', 'proftpd'),
    'diffie-hellman-group14-sha1': by('openssh', 'asyncssh', 'proftpd', 'lshd'),
    'diffie-hellman-group-exchange-sha1': by('openssh', 'asyncssh', 'proftpd'),
    'diffie-hellman-group1-sha1': by('openssh', 'asyncssh', 'proftpd', 'lshd'),
  },
  ciphers: {
    'aes128-gcm@openssh.com': by('openssh', 'openssh10', 'asyncssh'),
    'aes256-gcm@openssh.com': by('openssh', 'asyncssh'),
    'aes128-ctr': by('openssh', 'proftpd', 'dropbear'),
    'aes192-ctr': by('openssh', 'asyncssh'),
    'aes256-ctr': by('openssh', 'proftpd', 'dropbear'),
    'chacha20-poly1305@openssh.com': by('openssh', 'dropbear', 'tinysshd'),
    'aes128-cbc': by('openssh', 'asyncssh', 'proftpd'),
    'aes192-cbc': by('openssh', 'asyncssh'),
    'aes256-cbc': by('openssh10', 'proftpd', 'lshd'),
    '3des-ctr': by('proftpd11'),
    '3des-cbc': by('openssh', 'asyncssh', 'proftpd', 'lshd'),
    'blowfish-cbc': by('asyncssh', 'proftpd', 'lshd'),
    'cast128-cbc': by('asyncssh', 'proftpd', 'lshd'),
    arcfour256: by('asyncssh', 'proftpd11'),
    arcfour128: by('asyncssh', 'proftpd11'),
    arcfour: by('asyncssh'),
  },
  macs: {
    'hmac-sha2-256-etm@openssh.com': by('openssh', 'asyncssh'),
    'hmac-sha2-512-etm@openssh.com': by('openssh', 'asyncssh'),
    'hmac-sha2-256': by('openssh', 'proftpd', 'dropbear'),
    'hmac-sha2-512': by('openssh', 'proftpd'),
    'umac-128-etm@openssh.com': by('openssh', 'asyncssh'),
    'umac-64-etm@openssh.com': by('openssh', 'asyncssh'),
    'umac-128@openssh.com': by('openssh', 'proftpd'),
    'umac-64@openssh.com': by('openssh', 'proftpd'),
    'hmac-sha2-256-96-etm@openssh.com': by('asyncssh'),
    'hmac-sha2-512-96-etm@openssh.com': by('asyncssh'),
    'hmac-sha2-256-96': by('asyncssh'),
    'hmac-sha2-512-96': by('asyncssh'),
    'hmac-sha1-etm@openssh.com': by('openssh', 'asyncssh'),
    'hmac-sha1': by('openssh', 'proftpd', 'dropbear'),
    'hmac-sha1-96': by('openssh', 'proftpd'),
    'hmac-ripemd160': by('proftpd'),
    'hmac-ripemd160-96': byVectors('RFC 2286'),
    'hmac-md5': by('openssh', 'proftpd', 'lshd'),
    'hmac-md5-96': by('openssh', 'proftpd'),
  },
  compressions: {
    none: by('openssh', 'tinysshd'),
    'zlib@openssh.com': by('openssh', 'asyncssh', 'proftpd', 'dropbear'),
    zlib: by('asyncssh', 'proftpd'),
  },
  hostKey: {
    'ssh-ed25519': by('openssh', 'proftpd', 'dropbear', 'tinysshd'),
    'ecdsa-sha2-nistp256': by('openssh', 'proftpd', 'dropbear'),
    'ecdsa-sha2-nistp384': by('openssh', 'asyncssh'),
    'ecdsa-sha2-nistp521': by('openssh', 'asyncssh'),
    'rsa-sha2-512': by('openssh', 'proftpd'),
    'rsa-sha2-256': by('openssh', 'proftpd', 'dropbear'),
    'ssh-rsa': by('openssh', 'proftpd', 'dropbear', 'lshd'),
    'ssh-ed448': by('asyncssh'),
    'sk-ssh-ed25519@openssh.com': byTest(AGENT),
    'sk-ecdsa-sha2-nistp256@openssh.com': byTest(AGENT),
    'ssh-dss': by('openssh', 'asyncssh'),
  },
};

const OPENSSH = 'OpenSSH 9.2';
const DRAFT = 'our own server half, after RFC 6187 and the drafts before it';

/** Of the certificates a host key may come in: test/real/certificates.test.ts, test/ssh/transport/certified-host-key.test.ts. */
export const CERTIFICATE_PROOFS: Readonly<Record<string, Proof>> = {
  'ssh-ed25519-cert-v01@openssh.com': byTest(OPENSSH),
  'ecdsa-sha2-nistp256-cert-v01@openssh.com': byTest(OPENSSH),
  'ecdsa-sha2-nistp384-cert-v01@openssh.com': byTest(OPENSSH),
  'ecdsa-sha2-nistp521-cert-v01@openssh.com': byTest(OPENSSH),
  'sk-ssh-ed25519-cert-v01@openssh.com': byTest(AGENT),
  'sk-ecdsa-sha2-nistp256-cert-v01@openssh.com': byTest(AGENT),
  'rsa-sha2-512-cert-v01@openssh.com': byTest(OPENSSH),
  'rsa-sha2-256-cert-v01@openssh.com': byTest(OPENSSH),
  'ssh-rsa-cert-v01@openssh.com': byTest(OPENSSH),
  'ssh-dss-cert-v01@openssh.com': byTest(OPENSSH),
  'x509v3-ecdsa-sha2-nistp256': byTest('asyncssh'),
  'x509v3-ecdsa-sha2-nistp384': byTest('asyncssh'),
  'x509v3-ecdsa-sha2-nistp521': byTest('asyncssh'),
  'x509v3-rsa2048-sha256': byTest('asyncssh'),
  'x509v3-ssh-rsa': byTest('asyncssh'),
  'x509v3-ssh-dss': byVectors(DRAFT),
  'x509v3-sign-rsa': byVectors(DRAFT),
  'x509v3-sign-dss': byVectors(DRAFT),
};
