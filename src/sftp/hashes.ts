import type { WaitOptions } from '../base/deadline.ts';
import { WherryError } from '../base/errors.ts';
import { sanitize } from '../base/text.ts';
import type { WireReader } from '../ssh/wire/reader.ts';
import { WireWriter } from '../ssh/wire/writer.ts';
import { pathBody, subject, unsupported } from './ask.ts';
import { extendedReply } from './extended-requests.ts';
import { type HashRange, hashesRight } from './hash-ranges.ts';
import { fstat, stat } from './requests.ts';
import type { SftpSession } from './session.ts';

/** Hash algorithms of check-file, draft-ietf-secsh-filexfer-extensions-00 section 3, in the order they are asked for. */
export const HASH_ALGORITHMS = {
  sha256: { bytes: 32, node: 'sha256' },
  sha224: { bytes: 28, node: 'sha224' },
  sha384: { bytes: 48, node: 'sha384' },
  sha512: { bytes: 64, node: 'sha512' },
  sha1: { bytes: 20, node: 'sha1' },
  md5: { bytes: 16, node: 'md5' },
} as const;
HASH_ALGORITHMS satisfies Record<string, { bytes: number; node: string }>;

export type HashAlgorithm = keyof typeof HASH_ALGORITHMS;

/** What to hash, and how. */
export interface HashRequest {
  /** Best first; the server takes the first one it knows. */
  readonly algorithms?: readonly HashAlgorithm[] | undefined;
  /** First byte. Default 0. */
  readonly start?: number | undefined;
  /** Bytes; 0, the default, reaches to the end of the file. */
  readonly length?: number | undefined;
  /** A hash for every so many bytes, at least 256; 0, the default, is one for all. */
  readonly blockSize?: number | undefined;
}

/** What the server computed. */
export interface RemoteHash {
  readonly algorithm: HashAlgorithm;
  /** One hash, or one a block. */
  readonly hashes: readonly Uint8Array[];
}

/** check-file-handle, or check-file-name where a path is given. */
export async function checkFile(
  session: SftpSession,
  file: { readonly path: string; readonly handle?: Uint8Array },
  request: HashRequest,
  wait: WaitOptions = {},
): Promise<RemoteHash> {
  const { algorithms, start = 0, length = 0, blockSize = 0 } = request;
  await checkRange(session, file, { start, length, blockSize }, wait);
  const names = algorithms ?? (Object.keys(HASH_ALGORITHMS) as HashAlgorithm[]);
  const body =
    file.handle === undefined ? pathBody(session, file.path) : new WireWriter().string(file.handle);
  body.nameList(names).u64(start).u64(length).u32(blockSize);
  const name = file.handle === undefined ? 'check-file-name' : 'check-file-handle';
  return readHashes(await extendedReply(session, name, body, file.path, wait), file.path, name);
}

/** Fails where the server is known to tell a wrong hash. */
async function checkRange(
  session: SftpSession,
  { path, handle }: { readonly path: string; readonly handle?: Uint8Array },
  range: HashRange,
  wait: WaitOptions,
): Promise<void> {
  const limits = session.quirks.hashes;
  if (limits === undefined) return;
  const { size } = await (handle === undefined
    ? stat(session, path, wait)
    : fstat(session, handle, path, wait));
  if (size === undefined || hashesRight(limits, range, size)) return;
  throw unsupported(subject('check-file', path), 'it is known to hash such a range wrong');
}

/**
 * The reply of check-file. The draft has the text `check-file`, the algorithm, and the hashes one behind the other.
 * ProFTPD leaves the first text out; Apache MINA writes a length before each hash.
 */
export function readHashes(body: WireReader, path: string, operation: string): RemoteHash {
  const first = body.text();
  const algorithm = (first.startsWith('check-file') ? body.text() : first).toLowerCase();
  const about = subject(operation, path);
  if (!Object.hasOwn(HASH_ALGORITHMS, algorithm)) {
    const text = `${operation}: the server chose the hash ${sanitize(algorithm, 64)}, which was not asked for`;
    throw new WherryError('SFTP_PROTOCOL', text, about);
  }
  const name = algorithm as HashAlgorithm;
  const { bytes } = HASH_ALGORITHMS[name];
  const rest = body.rest();
  const hashes = withLengths(rest, bytes) ?? sliced(rest, bytes);
  if (hashes === undefined || hashes.length === 0) {
    const text = `${operation}: ${rest.length} bytes are no ${name} hashes`;
    throw new WherryError('SFTP_PROTOCOL', text, about);
  }
  return { algorithm: name, hashes };
}

function sliced(rest: Uint8Array, bytes: number): Uint8Array[] | undefined {
  if (rest.length % bytes !== 0) return undefined;
  return Array.from({ length: rest.length / bytes }, (_, i) => rest.slice(i * bytes, (i + 1) * bytes));
}

function withLengths(rest: Uint8Array, bytes: number): Uint8Array[] | undefined {
  const parts = sliced(rest, bytes + 4);
  const fits = parts?.every((part) => part[0] === 0 && part[1] === 0 && part[2] === 0 && part[3] === bytes);
  return fits ? parts!.map((part) => part.subarray(4)) : undefined;
}

/** md5-hash and md5-hash-handle, filexfer-09 section 9.1.1: the MD5 of a range, a `length` of 0 to the end. */
export async function md5Hash(
  session: SftpSession,
  file: { readonly path: string; readonly handle?: Uint8Array },
  range: { readonly start?: number | undefined; readonly length?: number | undefined } = {},
  wait: WaitOptions = {},
): Promise<Uint8Array> {
  const { start = 0, length = 0 } = range;
  const body =
    file.handle === undefined ? pathBody(session, file.path) : new WireWriter().string(file.handle);
  // An empty quick-check hash: no hash of ours to compare with first.
  body.u64(start).u64(length).text('');
  const name = file.handle === undefined ? 'md5-hash' : 'md5-hash-handle';
  const reply = await extendedReply(session, name, body, file.path, wait);
  reply.text();
  const hash = Uint8Array.from(reply.string());
  if (hash.length === HASH_ALGORITHMS.md5.bytes) return hash;
  const text = `${name}: ${hash.length} bytes are no MD5 hash`;
  throw new WherryError('SFTP_PROTOCOL', text, subject(name, file.path));
}
