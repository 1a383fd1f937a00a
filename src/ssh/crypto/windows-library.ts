import type koffiModule from 'koffi';

/** A system library of Windows, loaded by koffi. */
export type Library = Pick<ReturnType<(typeof koffiModule)['load']>, 'func'>;
type Func = Library['func'];

/** Binds functions of a library by name, result and parameters: those of Windows all have the one calling convention. */
export function stdcall(
  library: Library,
): (name: string, result: string, parameters: Parameters<Func>[3]) => ReturnType<Func> {
  return (name, result, parameters) => library.func('__stdcall', name, result, parameters);
}

/** FORMAT_MESSAGE_FROM_SYSTEM and FORMAT_MESSAGE_IGNORE_INSERTS. */
const SYSTEM_TEXT = 0x1200;

/** Gives the words Windows has for a status, or its number where it has none. */
export function windowsWords(kernel32: Library): (status: number) => string {
  const formatMessage = stdcall(kernel32)('FormatMessageW', 'uint32_t', [
    'uint32_t',
    'void *',
    'uint32_t',
    'uint32_t',
    'void *',
    'uint32_t',
    'void *',
  ]);
  return (status) => {
    const text = Buffer.alloc(1024);
    const length = formatMessage(SYSTEM_TEXT, null, status >>> 0, 0, text, text.length / 2, null) as number;
    return text.toString('utf16le', 0, 2 * length).trim() || `status 0x${(status >>> 0).toString(16)}`;
  };
}
