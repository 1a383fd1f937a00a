/** Argon2 (RFC 9106), synchronous: node:crypto's where it has it (24.7), else a library's, loaded when a key asks for it. */
import * as crypto from 'node:crypto';
import { requirePackage } from '../../../base/require-package.ts';

export type Argon2Kind = 'argon2d' | 'argon2i' | 'argon2id';

export interface Argon2Parameters {
  /** KiB. */
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly salt: Uint8Array;
}

/** The part of node:crypto that the types of Node 20 do not have. */
interface NativeArgon2 {
  argon2Sync?(
    kind: Argon2Kind,
    parameters: {
      message: Uint8Array;
      nonce: Uint8Array;
      parallelism: number;
      tagLength: number;
      memory: number;
      passes: number;
    },
  ): Uint8Array;
}

type Noble = Readonly<
  Record<
    Argon2Kind,
    (
      password: Uint8Array,
      salt: Uint8Array,
      options: { m: number; t: number; p: number; dkLen: number },
    ) => Uint8Array
  >
>;

export function argon2(
  kind: Argon2Kind,
  password: Uint8Array,
  parameters: Argon2Parameters,
  length: number,
): Uint8Array {
  const { memory, passes, parallelism, salt } = parameters;
  const native = (crypto as NativeArgon2).argon2Sync;
  if (native !== undefined) {
    const options = { message: password, nonce: salt, parallelism, tagLength: length, memory, passes };
    return native(kind, options);
  }
  const noble = requirePackage('@noble/hashes/argon2.js') as Noble;
  return noble[kind](password, salt, { m: memory, t: passes, p: parallelism, dkLen: length });
}
