import type koffiModule from 'koffi';
import { EMPTY } from '../../../base/bytes.ts';

type Koffi = typeof koffiModule;

/** A SecBuffer of SSPI: bytes that go in, or as much room for bytes that come out. */
export interface SecurityPart {
  readonly type: number;
  readonly bytes: Uint8Array;
}

export interface SecurityBuffers {
  /** The address of the SecBufferDesc. */
  readonly description: unknown;
  /** The bytes of each part as the call left them. */
  read(): Uint8Array[];
  free(): void;
}

const VERSION = 0;

/** Makes SecBufferDescs in memory that stays where it is, for calls that are made on another thread. */
export function securityBuffers(koffi: Koffi): (parts: readonly SecurityPart[]) => SecurityBuffers {
  const one = koffi.struct({ length: 'uint32_t', type: 'uint32_t', value: 'void *' });
  const whole = koffi.struct({ version: 'uint32_t', count: 'uint32_t', buffers: 'void *' });
  return (parts) => {
    const count = parts.length;
    const places = parts.map(({ bytes }) => {
      const place = koffi.alloc('uint8_t', Math.max(bytes.length, 1));
      if (bytes.length > 0) koffi.encode(place, 'uint8_t', bytes, bytes.length);
      return place;
    });
    const buffers = koffi.alloc(one, count);
    const rows = parts.map(({ type, bytes }, i) => ({ length: bytes.length, type, value: places[i] }));
    koffi.encode(buffers, one, rows, count);
    const description = koffi.alloc(whole, 1);
    koffi.encode(description, whole, { version: VERSION, count, buffers });
    return {
      description,
      read: () =>
        (koffi.decode(buffers, one, count) as { length: number }[]).map(({ length }, i) =>
          length === 0 ? EMPTY : Uint8Array.from(koffi.decode(places[i], 'uint8_t', length) as Uint8Array),
        ),
      free() {
        for (const memory of [description, buffers, ...places]) koffi.free(memory);
      },
    };
  };
}
