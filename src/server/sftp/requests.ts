import { REALPATH_CONTROL, REQUEST_VERSIONS, sftpPacketName } from '../../sftp/packets.ts';
import type { SftpReader } from '../../sftp/reader.ts';
import { FilesError } from '../files/served-files.ts';
import { answerExtension } from './extensions.ts';
import { readOpenMode } from './open-modes.ts';
import { attributes, data, done, names, path, type Reply } from './replies.ts';
import { offset, type ServedSession } from './served-session.ts';

type Handler = (session: ServedSession, reader: SftpReader) => Reply;

/** filexfer-02 section 6, filexfer-13 section 8. */
const HANDLERS: Readonly<Record<string, Handler>> = {
  SSH_FXP_OPEN: (it, r) => {
    const at = it.path(r);
    const mode = readOpenMode(r, it.version);
    return it.open(at, mode, it.given(r));
  },
  SSH_FXP_CLOSE: (it, r) => it.close(r),
  SSH_FXP_READ: (it, r) => {
    const file = it.file(r);
    const [from, length] = [offset(r), r.u32()];
    const bytes = file.read(from, Math.min(length, it.service.limits.read));
    if (bytes.length === 0 && length > 0) throw new FilesError('SSH_FX_EOF', 'End of file');
    return data(bytes);
  },
  SSH_FXP_WRITE: (it, r) => {
    const file = it.file(r);
    file.write(offset(r), r.string());
    return done();
  },
  // Since version 4 both name the attributes they are after; that is a hint, and all are told.
  SSH_FXP_LSTAT: (it, r) => attributes(it.version, it.shown(it.files.attributes(it.path(r), false))),
  SSH_FXP_STAT: (it, r) => attributes(it.version, it.shown(it.files.attributes(it.path(r), true))),
  SSH_FXP_FSTAT: (it, r) => attributes(it.version, it.attributesOf(it.handle(r))),
  SSH_FXP_SETSTAT: (it, r) => it.change((files) => files.setAttributes(it.path(r), it.given(r), true)),
  SSH_FXP_FSETSTAT: (it, r) =>
    it.change((files) => {
      const found = it.handle(r);
      if (found.kind === 'file') found.file.setAttributes(it.given(r));
      else files.setAttributes(found.path, it.given(r), true);
    }),
  SSH_FXP_OPENDIR: (it, r) => it.openFolder(it.path(r)),
  SSH_FXP_READDIR: (it, r) => it.readFolder(r),
  SSH_FXP_REMOVE: (it, r) => it.change((files) => files.remove(it.path(r))),
  SSH_FXP_MKDIR: (it, r) => it.change((files) => files.mkdir(it.path(r), it.given(r).permissions)),
  SSH_FXP_RMDIR: (it, r) => it.change((files) => files.rmdir(it.path(r))),
  SSH_FXP_REALPATH: realpath,
  // Versions 3 and 4 leave open what happens to an existing target: it stays, as with OpenSSH. Since version 5 any
  // of the three flags lets it go, for a rename that replaces is atomic here.
  SSH_FXP_RENAME: (it, r) =>
    it.change((files) => files.rename(it.path(r), it.path(r), it.version >= 5 && r.u32() !== 0)),
  SSH_FXP_READLINK: (it, r) => path(it.version, it.files.readlink(it.path(r))),
  // OpenSSH's order, target first, which its clients and ours send; the drafts have it the other way round.
  SSH_FXP_SYMLINK: (it, r) => it.change((files) => files.symlink(it.name(r), it.path(r))),
  SSH_FXP_LINK: (it, r) =>
    it.change((files) => {
      const link = it.path(r);
      const existing = it.name(r);
      if (r.bool()) files.symlink(existing, link);
      else files.link(it.absolute(existing), link);
    }),
  SSH_FXP_BLOCK: (it, r) => {
    const file = it.file(r);
    it.service.locks.lock(file, offset(r), offset(r), r.u32());
    return done();
  },
  SSH_FXP_UNBLOCK: (it, r) => {
    const file = it.file(r);
    it.service.locks.unlock(file, offset(r), offset(r));
    return done();
  },
  SSH_FXP_EXTENDED: (it, r) => answerExtension(it, r),
};

/** Does what a packet asks for; throws a FilesError, or SFTP_PROTOCOL when it cannot be parsed. */
export function answerRequest(session: ServedSession, type: number, reader: SftpReader): Reply {
  const name = sftpPacketName(type);
  const versions = (REQUEST_VERSIONS as Record<string, { since: number; until: number } | undefined>)[name];
  const { version } = session;
  if (!Object.hasOwn(HANDLERS, name) || (versions && (version < versions.since || version > versions.until)))
    throw new FilesError('SSH_FX_OP_UNSUPPORTED', `no such request in version ${version}`);
  return HANDLERS[name]!(session, reader);
}

/** Version 6 may walk on from the path, and wants to know what is there: filexfer-13 section 8.9. */
function realpath(it: ServedSession, r: SftpReader): Reply {
  let at = it.path(r);
  let control: number = REALPATH_CONTROL.SSH_FXP_REALPATH_NO_CHECK;
  if (it.version >= 6 && r.remaining > 0) control = r.u8();
  while (it.version >= 6 && r.remaining > 0) {
    const step = it.name(r);
    at = step.startsWith('/') ? step : `${at}/${step}`;
  }
  const found = it.files.realpath(at);
  if (control === REALPATH_CONTROL.SSH_FXP_REALPATH_NO_CHECK) return path(it.version, found);
  try {
    return names(it.version, [{ name: found, attributes: it.shown(it.files.attributes(found, true)) }]);
  } catch (error) {
    if (control === REALPATH_CONTROL.SSH_FXP_REALPATH_STAT_ALWAYS) throw error;
    return path(it.version, found);
  }
}
