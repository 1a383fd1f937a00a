/**
 * SSH file transfer: connect, verify the host key, log in, move files.
 *
 * @module wherry
 */
export { type AlgorithmNames, algorithmNames } from './api/algorithms.ts';
export { connect } from './api/connect.ts';
export { Connection } from './api/connection.ts';
export type { CopyOptions, CopyRangeOptions } from './api/copy-options.ts';
export { createQueue, TransferQueue } from './api/create-queue.ts';
export { type AlgorithmKind, DEFAULT_ALGORITHMS } from './api/default-algorithms.ts';
export type { DirectoryEntry, ListOptions } from './api/directory-entry.ts';
export type {
  AgentOptions,
  CertificateInput,
  GssapiOptions,
  HostbasedOptions,
  LoginInput,
  LoginMethod,
  LoginRules,
  PrivateKeyInput,
} from './api/login-options.ts';
export type { NegotiatedAlgorithms } from './api/negotiated-algorithms.ts';
export type { OpenMode, OpenOptions } from './api/open-options.ts';
export { type OpenSftpOptions, openSftp } from './api/open-sftp.ts';
export type { AlgorithmOptions, ConnectOptions, Handshake } from './api/options.ts';
export { resolveProxy } from './api/resolve-proxy.ts';
export type { JumpHost, ProxyCommand, ProxyInput, RoadOptions } from './api/road-options.ts';
export { scpDownload, scpUpload } from './api/scp.ts';
export { Sftp } from './api/sftp.ts';
export { SftpExtras, type SpaceInfo } from './api/sftp-extras.ts';
export { SftpFile } from './api/sftp-file.ts';
export { SftpTransfers } from './api/sftp-transfers.ts';
export { SftpVerbs } from './api/sftp-verbs.ts';
export type { TransportRules } from './api/transport-rules.ts';
export type { WaitOptions } from './base/deadline.ts';
export { ERROR_CODES, type ErrorCode } from './base/error-codes.ts';
export { type ErrorDetails, isWherryError, type LoginAttempt, WherryError } from './base/errors.ts';
export { formatLog, type LogDetail, type LogEvent, type Logger } from './base/log.ts';
export type { PathPatterns } from './base/path-filter.ts';
export { VERSION } from './base/version.ts';
export type { LocalEnd } from './net/byte-stream.ts';
export type { ProxyServer } from './net/proxies/proxy.ts';
export { type FileAttributes, type FileType, fileType, type TextHint } from './sftp/attributes.ts';
export type { SftpExtensionName } from './sftp/extensions.ts';
export type { ServerFeatures, SupportedFeatures, VendorId } from './sftp/features.ts';
export type { HashAlgorithm, HashRequest, RemoteHash } from './sftp/hashes.ts';
export type { LockMask } from './sftp/locks.ts';
export type { AvailableSpace, FileSystemSpace, SftpLimits } from './sftp/replies.ts';
export type { RealpathOptions, RenameOptions } from './sftp/requests.ts';
export type { SftpVersion } from './sftp/versions.ts';
export type { CustomLogin, CustomLoginHandler } from './ssh/auth/custom.ts';
export type { Prompt, PromptHandler, PromptRequest } from './ssh/auth/keyboard-interactive.ts';
export type { NewPasswordHandler, NewPasswordRequest } from './ssh/auth/password.ts';
export { FIPS_ALGORITHMS } from './ssh/crypto/fips.ts';
export { loadPrivateKey, type PrivateKey, parsePrivateKey } from './ssh/keys/private-key.ts';
export type { PublicKey } from './ssh/keys/public-key.ts';
export { fingerprints } from './ssh/trust/fingerprints.ts';
export { caKeys } from './ssh/trust/host-certificate.ts';
export {
  acceptAny,
  acceptCallback,
  anyOf,
  type HostKeyContext,
  type HostKeyDecision,
  type HostKeyVerifier,
} from './ssh/trust/host-key-verifier.ts';
export {
  type AcceptNewOptions,
  acceptNew,
  type KnownHostsOptions,
  knownHosts,
} from './ssh/trust/known-hosts.ts';
export {
  type KnownHost,
  type KnownHostsQuery,
  listKnownHosts,
  removeKnownHost,
} from './ssh/trust/known-hosts-edit.ts';
export { knownHostsText } from './ssh/trust/known-hosts-text.ts';
export { type X509RootsOptions, x509Roots } from './ssh/trust/x509-roots.ts';
export type { FollowOptions } from './transfer/follow.ts';
export type { FollowUpload } from './transfer/follow-source.ts';
export type { LineEnd, TextOptions } from './transfer/line-ends.ts';
export type { DownloadOptions, TransferOptions, TransferResult, UploadOptions } from './transfer/options.ts';
export type { Progress, ProgressHandler } from './transfer/progress.ts';
export type {
  QueueDownloadOptions,
  QueueOptions,
  QueueProgress,
  QueueResult,
  QueueState,
  QueueUploadOptions,
} from './transfer/queue/queue-options.ts';
export type { QueuedTransfer } from './transfer/queue/queued-transfer.ts';
export { RateLimit } from './transfer/rate-limit.ts';
export type { ScpOptions, ScpResult } from './transfer/scp-options.ts';
export type { DownloadStream } from './transfer/sink.ts';
export type { UploadStream } from './transfer/source.ts';
export type {
  MirrorAction,
  MirrorOptions,
  MirrorResult,
  TreeOptions,
  TreeProgress,
  TreeResult,
} from './transfer/tree/options.ts';
export type { UploadSource } from './transfer/upload.ts';
