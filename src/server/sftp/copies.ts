import type { SftpReader } from '../../sftp/reader.ts';
import { FilesError } from '../files/served-files.ts';
import { done, type Reply } from './replies.ts';
import { offset, type ServedSession } from './served-session.ts';

/** Bytes that are read and written at a time. */
const PIECE = 262_144;

/** copy-data, draft-ietf-secsh-filexfer-extensions-00 section 7: a length of 0 copies to the end. */
export function copyBetween(it: ServedSession, r: SftpReader): Reply {
  const source = it.file(r);
  const [from, length] = [offset(r), offset(r)];
  const target = it.file(r);
  const to = offset(r);
  it.checkWritable();
  // The size of now: a file copied behind itself would never end.
  const { size = 0 } = source.file.attributes();
  const end = length === 0 ? size : Math.min(size, from + length);
  for (let at = from; at < end; ) {
    const bytes = source.read(at, Math.min(PIECE, end - at));
    if (bytes.length === 0) break;
    target.write(to + at - from, bytes);
    at += bytes.length;
  }
  return done();
}

/** copy-file, section 6 of the same. */
export function copyFile(it: ServedSession, r: SftpReader): Reply {
  const [from, to, overwrite] = [it.path(r), it.path(r), r.bool()];
  return it.change((files) => {
    const plain = { append: false, truncate: false, noFollow: false, mode: undefined };
    const source = files.open(from, { ...plain, read: true, write: false, create: false, exclusive: false });
    try {
      const { permissions = 0o644 } = source.attributes();
      const made = { ...plain, read: false, write: true, create: true, exclusive: !overwrite };
      const target = files.open(to, { ...made, mode: permissions & 0o777 });
      try {
        if (target.identity === source.identity)
          throw new FilesError('SSH_FX_FAILURE', 'a file cannot be copied onto itself');
        target.setAttributes({ size: 0 });
        for (let at = 0; ; ) {
          const bytes = source.read(at, PIECE);
          if (bytes.length === 0) break;
          target.write(at, bytes);
          at += bytes.length;
        }
      } finally {
        target.close();
      }
    } finally {
      source.close();
    }
  });
}
