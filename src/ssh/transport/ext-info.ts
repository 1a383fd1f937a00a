import { checkLimit } from '../../base/limits.ts';
import { decode } from '../wire/message.ts';
import { TRANSPORT } from '../wire/messages.ts';
import { WireReader } from '../wire/reader.ts';
import { WireWriter } from '../wire/writer.ts';

/** What we make use of in a peer's SSH_MSG_EXT_INFO (RFC 8308). */
export interface ExtInfo {
  /** `server-sig-algs`, section 3.1. */
  signatureAlgorithms?: readonly string[];
  /** The peer answers ping@openssh.com (OpenSSH PROTOCOL section 1.9). */
  answersPing?: boolean;
  /** The peer takes publickey-hostbound-v00@openssh.com (OpenSSH PROTOCOL section 3.1). */
  takesHostBound?: boolean;
}

export function readExtInfo(payload: Uint8Array): ExtInfo {
  const message = decode(TRANSPORT.SSH_MSG_EXT_INFO, payload);
  checkLimit('extInfoEntries', message.count);
  const reader = new WireReader(message.extensions, 0, 'EXT_INFO');
  const info: ExtInfo = {};
  for (let i = 0; i < message.count; i++) {
    const name = reader.text();
    const value = reader.text();
    if (name === 'server-sig-algs') info.signatureAlgorithms = value.split(',');
    else if (name === 'ping@openssh.com') info.answersPing = value === '0';
    else if (name === 'publickey-hostbound@openssh.com') info.takesHostBound = value === '0';
  }
  return info;
}

/** RFC 8308 section 3.1; only the server half has signatures to check. */
export function signatureExtInfo(algorithms: readonly string[]): Uint8Array {
  const writer = new WireWriter().u8(TRANSPORT.SSH_MSG_EXT_INFO.number).u32(1).text('server-sig-algs');
  return writer.nameList(algorithms).finish();
}
