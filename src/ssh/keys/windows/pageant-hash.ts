import { createHash } from 'node:crypto';
import { writeU32 } from '../../../base/bytes.ts';
import { stdcall } from '../../crypto/windows-library.ts';

const BLOCK_BYTES = 16;
/** CRYPTPROTECTMEMORY_CROSS_PROCESS: the same for all processes of one login session. */
const CROSS_PROCESS = 1;

/**
 * The end of the name of Pageant's pipe, which nobody else knows: a hash of what CryptProtectMemory makes of a fixed text.
 * Undefined without the optional package koffi.
 */
export async function pageantHash(): Promise<string | undefined> {
  try {
    const { default: koffi } = await import('koffi');
    const crypt32 = koffi.load('crypt32.dll');
    const protect = stdcall(crypt32)('CryptProtectMemory', 'bool', ['void *', 'uint32_t', 'uint32_t']);
    return hashOfBlock((block) => protect(block, block.length, CROSS_PROCESS));
  } catch {
    return undefined;
  }
}

/** As PuTTY's agent and its clients compute it; a call that fails leaves the text as it is. */
export function hashOfBlock(protect: (block: Uint8Array) => unknown): string {
  const hashed = Buffer.alloc(4 + BLOCK_BYTES);
  writeU32(hashed, 0, BLOCK_BYTES);
  hashed.write('Pageant', 4);
  protect(hashed.subarray(4));
  return createHash('sha256').update(hashed).digest('hex');
}
