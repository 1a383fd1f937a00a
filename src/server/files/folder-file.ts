import * as fs from 'node:fs';
import type { FileAttributes } from '../../sftp/attributes.ts';
import { asStatus, attributesOf, checkSettable, fileTime, modeGiven } from './folder-status.ts';
import type { ServedFile } from './served-files.ts';

/** An open file of a folder. */
export class FolderFile implements ServedFile {
  readonly identity: string;
  readonly #descriptor: number;
  readonly #append: boolean;

  constructor(descriptor: number, append: boolean) {
    const { dev, ino } = fs.fstatSync(descriptor, { bigint: true });
    this.identity = `${dev} ${ino}`;
    this.#descriptor = descriptor;
    this.#append = append;
  }

  read(offset: number, length: number): Uint8Array {
    return asStatus(() => {
      const bytes = Buffer.allocUnsafe(length);
      return bytes.subarray(0, fs.readSync(this.#descriptor, bytes, 0, length, offset));
    });
  }

  write(offset: number, bytes: Uint8Array): void {
    asStatus(() => {
      const start = this.#append ? fs.fstatSync(this.#descriptor).size : offset;
      for (let done = 0; done < bytes.length; )
        done += fs.writeSync(this.#descriptor, bytes, done, bytes.length - done, start + done);
    });
  }

  attributes(): FileAttributes {
    return asStatus(() => attributesOf(fs.fstatSync(this.#descriptor, { bigint: true })));
  }

  setAttributes(given: FileAttributes): void {
    asStatus(() => {
      const before = fs.fstatSync(this.#descriptor);
      checkSettable(given);
      const mode = modeGiven(given, before.mode);
      const { size, uid, gid, accessTime, modifyTime } = given;
      if (size !== undefined) fs.ftruncateSync(this.#descriptor, size);
      if (mode !== undefined) fs.fchmodSync(this.#descriptor, mode);
      if (uid !== undefined || gid !== undefined)
        fs.fchownSync(this.#descriptor, uid ?? before.uid, gid ?? before.gid);
      if (accessTime !== undefined || modifyTime !== undefined)
        fs.futimesSync(
          this.#descriptor,
          fileTime(accessTime, given.accessTimeNanoseconds) ?? before.atime,
          fileTime(modifyTime, given.modifyTimeNanoseconds) ?? before.mtime,
        );
    });
  }

  sync(): void {
    asStatus(() => fs.fsyncSync(this.#descriptor));
  }

  close(): void {
    asStatus(() => fs.closeSync(this.#descriptor));
  }
}
