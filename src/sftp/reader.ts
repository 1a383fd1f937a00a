import { WherryError } from '../base/errors.ts';
import { WireReader } from '../ssh/wire/reader.ts';

/** Reads an SFTP packet: what cannot be parsed is SFTP_PROTOCOL, for the SSH layer below is in order. */
export class SftpReader extends WireReader {
  override malformed(why: string): WherryError {
    return new WherryError('SFTP_PROTOCOL', super.malformed(why).message);
  }
}
