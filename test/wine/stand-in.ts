/** A window of Pageant's class in this process, which answers for one key as agents before PuTTY 0.75 do. */
import koffi from 'koffi';
import type { PrivateKey } from '../../src/keys.ts';
import { WireReader } from '../../src/ssh/wire/reader.ts';
import { WireWriter } from '../../src/ssh/wire/writer.ts';

export interface StandIn {
  /** Takes no messages while it is set. */
  refuse: boolean;
  /** Answers nothing until what it gives is called. */
  hold(): () => void;
  close(): void;
}

const WM_COPYDATA = 0x4a;
const ALL_ACCESS = 0xf_001f;
const [any, word, size, text, bool] = ['void *', 'uint32_t', 'uintptr_t', 'str16', 'int32_t'];

export function openStandIn(key: PrivateKey): StandIn {
  const [user32, kernel32] = [koffi.load('user32.dll'), koffi.load('kernel32.dll')];
  const procedure = koffi.proto('__stdcall', 'intptr_t', [any, word, size, 'intptr_t']);
  const windowClass = koffi.struct({
    style: word,
    procedure: koffi.pointer(procedure),
    classExtra: bool,
    windowExtra: bool,
    instance: any,
    icon: any,
    cursor: any,
    background: any,
    menu: text,
    name: text,
  });
  const copyData = koffi.struct({ data: size, length: word, text: any });
  const message = koffi.struct({ bytes: koffi.array('uint8_t', 48) });
  const user = (name: string, result: string, parameters: Parameters<typeof user32.func>[3]) =>
    user32.func('__stdcall', name, result, parameters);
  const defaultProcedure = user('DefWindowProcW', 'intptr_t', [any, word, size, 'intptr_t']);
  const peek = user('PeekMessageW', bool, [koffi.out(koffi.pointer(message)), any, word, word, word]);
  const openMapping = kernel32.func('__stdcall', 'OpenFileMappingA', any, [word, bool, any]);
  const mapView = kernel32.func('__stdcall', 'MapViewOfFile', any, [any, word, word, word, size]);
  const unmapView = kernel32.func('__stdcall', 'UnmapViewOfFile', bool, [any]);
  const closeHandle = kernel32.func('__stdcall', 'CloseHandle', bool, [any]);

  const state = { refuse: false, held: false };
  const callback = koffi.register((window: unknown, kind: number, one: number, two: number | bigint) => {
    if (kind !== WM_COPYDATA) return defaultProcedure(window, kind, one, two);
    const sent = koffi.decode(BigInt(two), copyData);
    if (state.refuse || Number(sent.data) !== 0x804e_50ba) return 0;
    const mapping = openMapping(ALL_ACCESS, 0, sent.text);
    const view = mapView(mapping, 2, 0, 0, 0);
    const bytes = (from: number, length: number): Buffer =>
      Buffer.from(koffi.decode(view, from, 'uint8_t', length) as Uint8Array);
    const request = bytes(4, bytes(0, 4).readUInt32BE());
    const answer = new WireWriter().string(answerTo(key, request)).finish();
    koffi.encode(view, 'uint8_t', answer, answer.length);
    unmapView(view);
    closeHandle(mapping);
    return 1;
  }, koffi.pointer(procedure));
  const instance = kernel32.func('__stdcall', 'GetModuleHandleW', any, [text])(null);
  user('RegisterClassW', 'uint16_t', [koffi.pointer(windowClass)])({
    ...{ style: 0, procedure: callback, classExtra: 0, windowExtra: 0, instance },
    ...{ icon: null, cursor: null, background: null, menu: null, name: 'Pageant' },
  });
  const create = user('CreateWindowExW', any, [
    word,
    text,
    text,
    word,
    bool,
    bool,
    bool,
    bool,
    any,
    any,
    any,
    any,
  ]);
  const window = create(0, 'Pageant', 'Pageant', 0, 0, 0, 100, 100, null, null, instance, null);
  if (window === null) throw new Error('no window could be made');
  // Messages that other threads send are taken while this one looks for its own.
  const pump = setInterval(() => {
    if (!state.held) peek({}, null, 0, 0, 1);
  }, 5);
  return {
    get refuse() {
      return state.refuse;
    },
    set refuse(value) {
      state.refuse = value;
    },
    hold() {
      state.held = true;
      return () => {
        state.held = false;
      };
    },
    close() {
      clearInterval(pump);
      user('DestroyWindow', bool, [any])(window);
    },
  };
}

function answerTo(key: PrivateKey, request: Buffer): Uint8Array {
  const { blob } = key.publicKey;
  if (request[0] === 11) return new WireWriter().u8(12).u32(1).string(blob).text('stand-in').finish();
  if (request[0] !== 13) return Uint8Array.of(5);
  const reader = new WireReader(request.subarray(1));
  reader.string();
  return new WireWriter().u8(14).string(key.sign('ssh-ed25519', reader.string())).finish();
}
