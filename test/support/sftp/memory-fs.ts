/** Files in memory with a home folder, which relative paths begin in, and times that do not depend on the clock. */
import { posix } from 'node:path';
import { MemoryFiles } from '../../../src/server/files/memory-files.ts';
import type { MemoryNode } from '../../../src/server/files/memory-node.ts';

export const HOME = '/home/me';

export class MemoryFs extends MemoryFiles {
  constructor() {
    super();
    this.putFolder(HOME);
  }

  /** Puts a new file there, in place of one. */
  override put(path: string, content: string | Uint8Array): MemoryNode {
    if (this.has(path)) this.remove(posix.resolve(HOME, path));
    super.put(posix.resolve(HOME, path), content);
    const node = this.node(path);
    node.accessTime = 1_700_000_000;
    node.modifyTime = 1_700_000_001;
    return node;
  }

  override get(path: string): Buffer {
    const { data, size } = this.node(path);
    return Buffer.from(data.subarray(0, size));
  }

  override node(path: string, follow = true): MemoryNode {
    return super.node(posix.resolve(HOME, path), follow);
  }

  override mkdir(path: string, mode?: number): void {
    super.mkdir(posix.resolve(HOME, path), mode);
  }

  override symlink(target: string, path: string): void {
    super.symlink(target, posix.resolve(HOME, path));
  }

  has(path: string): boolean {
    try {
      return this.node(path, false) !== undefined;
    } catch {
      return false;
    }
  }
}
