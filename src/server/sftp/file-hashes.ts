import { createHash } from 'node:crypto';
import { HASH_ALGORITHMS, type HashAlgorithm } from '../../sftp/hashes.ts';
import type { SftpReader } from '../../sftp/reader.ts';
import { WireWriter } from '../../ssh/wire/writer.ts';
import { FilesError, type ServedFile } from '../files/served-files.ts';
import { extended, type Reply } from './replies.ts';
import { offset, type ServedSession } from './served-session.ts';

const PIECE = 262_144;
const LEAST_BLOCK = 256;

/** check-file-name and check-file-handle, draft-ietf-secsh-filexfer-extensions-00 section 3. */
export function checkFile(it: ServedSession, r: SftpReader, by: 'name' | 'handle'): Reply {
  const file = by === 'handle' ? it.file(r).file : undefined;
  const path = by === 'name' ? it.path(r) : undefined;
  const algorithm = r.nameList().find((name) => Object.hasOwn(HASH_ALGORITHMS, name));
  const [start, length, blockSize] = [offset(r), offset(r), r.u32()];
  if (algorithm === undefined) throw new FilesError('SSH_FX_FAILURE', 'none of these algorithms');
  if (blockSize !== 0 && blockSize < LEAST_BLOCK)
    throw new FilesError('SSH_FX_INVALID_PARAMETER', `blocks have ${LEAST_BLOCK} bytes or more`);
  const how = { read: true, write: false, append: false, create: false, truncate: false };
  const opened = file ?? it.files.open(path!, { ...how, exclusive: false, noFollow: false, mode: undefined });
  try {
    const { size = 0 } = opened.attributes();
    const end = length === 0 ? size : Math.min(size, start + length);
    const body = new WireWriter().text('check-file').text(algorithm);
    const step = blockSize === 0 ? Math.max(1, end - start) : blockSize;
    let at = start;
    do {
      body.raw(hashOf(opened, algorithm as HashAlgorithm, at, Math.min(end, at + step)));
      at += step;
    } while (at < end);
    return extended(body);
  } finally {
    if (file === undefined) opened.close();
  }
}

function hashOf(file: ServedFile, algorithm: HashAlgorithm, start: number, end: number): Uint8Array {
  const hash = createHash(HASH_ALGORITHMS[algorithm].node);
  for (let at = start; at < end; ) {
    const bytes = file.read(at, Math.min(PIECE, end - at));
    if (bytes.length === 0) break;
    hash.update(bytes);
    at += bytes.length;
  }
  return hash.digest();
}
