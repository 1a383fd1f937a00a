/**
 * Keys without a connection: private and public key files, fingerprints, the SSH agent.
 *
 * @module wherry/keys
 */
export { type Agent, type AgentIdentity, connectAgent } from './ssh/keys/agent.ts';
export { CertificateView } from './ssh/keys/certificate-view.ts';
export {
  type Fingerprint,
  type FingerprintAlgorithm,
  fingerprint,
  matchesFingerprint,
  parseFingerprint,
} from './ssh/keys/fingerprint.ts';
export type { KeyEntry } from './ssh/keys/formats/key-entry.ts';
export { type GeneratedKeyType, type GenerateKeyOptions, generateKey } from './ssh/keys/generate.ts';
export type { KeyFormatName } from './ssh/keys/key-formats.ts';
export { findKey, findKeyFor, type KeyStoreOptions, openKeyStore } from './ssh/keys/key-store.ts';
export { loadKeys } from './ssh/keys/load-keys.ts';
export { openPkcs11 } from './ssh/keys/pkcs11.ts';
export { loadPrivateKey, type PrivateKey, parsePrivateKey } from './ssh/keys/private-key.ts';
export { type PublicKey, type PublicKeyLine, parsePublicKeyLine } from './ssh/keys/public-key.ts';
export { parseKeys, type ReadKeysOptions } from './ssh/keys/read-keys.ts';
export {
  type CertificateKind,
  parseSshCertificate,
  parseSshCertificateLine,
  type SshCertificate,
  type SshCertificateLine,
} from './ssh/keys/ssh-certificate.ts';
export {
  type CertificateUse,
  checkSshCertificate,
  verifySshCertificate,
} from './ssh/keys/ssh-certificate-check.ts';
export { STORE_TYPES, type StoreTypeName, type StoreTypeRow, storeTypeRow } from './ssh/keys/store-types.ts';
export {
  formatPrivateKey,
  formatPublicKey,
  type PrivateKeyFormat,
  type PublicKeyFormat,
  type WriteKeyOptions,
  type WritePublicKeyOptions,
} from './ssh/keys/write-keys.ts';
export { parseX509, type X509 } from './ssh/keys/x509/x509.ts';
