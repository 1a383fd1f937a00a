import { SFTPClientError } from './client-error.ts';

/** How each kind of field stands in a packet (RFC 4251 section 5), and how it is written as text. */
interface FieldKind {
  /** Bytes the field takes at `offset`; the packet may be too short for it. */
  length(packet: Buffer, offset: number): number;
  /** The bytes of the value, without a length in front. */
  body(packet: Buffer, offset: number, length: number): Buffer;
  toText(body: Buffer): string;
  fromText(text: string): Buffer;
}

const fixed = (bytes: number): Pick<FieldKind, 'length' | 'body'> => ({
  length: () => bytes,
  body: (packet, offset, length) => packet.subarray(offset, offset + length),
});
const counted: Pick<FieldKind, 'length' | 'body'> = {
  length: (packet, offset) => (offset + 4 > packet.length ? 4 : 4 + packet.readUInt32BE(offset)),
  body: (packet, offset, length) => packet.subarray(offset + 4, offset + length),
};
const unsigned = (bytes: number): FieldKind => ({
  ...fixed(bytes),
  toText: (body) => BigInt(`0x${body.toString('hex')}`).toString(),
  fromText: (text) => {
    const hex = wholeNumber(text)
      .toString(16)
      .padStart(bytes * 2, '0');
    if (hex.length > bytes * 2) throw wrong(`${text.slice(0, 40)} does not fit into ${bytes} bytes`);
    return Buffer.from(hex, 'hex');
  },
});

/** The types of `setSshParam`. */
const KINDS: Readonly<Record<string, FieldKind>> = {
  s: {
    ...counted,
    toText: (body) => body.toString('utf8'),
    fromText: (text) => withLength(Buffer.from(text, 'utf8')),
  },
  sb: { ...counted, toText: hexOf, fromText: (text) => withLength(bytesOf(text)) },
  m: {
    ...counted,
    toText: (body) => bigInteger(body).toString(),
    fromText: (text) => withLength(bigBytes(wholeNumber(text))),
  },
  i: unsigned(4),
  l: unsigned(8),
  b: unsigned(1),
  f: {
    ...fixed(1),
    toText: (body) => (body[0] === 0 ? 'False' : 'True'),
    fromText: (text) => {
      if (!/^(true|false|0|1|yes|no)$/i.test(text))
        throw wrong(`a boolean is True or False, not ${text.slice(0, 40)}`);
      return Buffer.from([/^(true|1|yes)$/i.test(text) ? 1 : 0]);
    },
  },
};

/** Fields of SSH_MSG_CHANNEL_REQUEST (RFC 4254 section 5.4), behind its number: names and types. */
const REQUEST_HEAD = { ChannelId: 'i', RequestType: 's', WantsReply: 'f' } as const;
const REQUEST_FIELDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'pty-req': {
    TerminalType: 's',
    TerminalWidthCharacters: 'i',
    TerminalHeightRows: 'i',
    TerminalWidthPixels: 'i',
    TerminalHeightPixels: 'i',
    TerminalModes: 'sb',
  },
  'x11-req': { SingleConnection: 'f', X11AuthProtocol: 's', X11AuthCookie: 's', X11ScreenNumber: 'i' },
  env: { VariableName: 's', VariableValue: 's' },
  exec: { Command: 's' },
  subsystem: { Subsystem: 's' },
  'xon-xoff': { ClientCanDo: 'f' },
  signal: { SignalName: 's' },
};

/** The field of a packet as text. */
export function fieldText(payload: Uint8Array, field: string): string {
  const { kind, body } = find(payload, field);
  return kind.toText(body);
}

/** The field of a packet as it stands there. */
export function fieldBytes(payload: Uint8Array, field: string): Buffer {
  return Buffer.from(find(payload, field).body);
}

/** The payload with one field more. */
export function withField(payload: Uint8Array, type: string, value: string): Buffer {
  return Buffer.concat([payload, kindOf(type).fromText(String(value))]);
}

/** The bytes of a text in hex. */
export function bytesOf(hex: string): Buffer {
  if (!/^([0-9a-f]{2})*$/i.test(hex)) throw wrong('a packet is given in hex, two digits for each byte');
  return Buffer.from(hex, 'hex');
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').toUpperCase();
}

function find(payload: Uint8Array, field: string): { kind: FieldKind; body: Buffer } {
  const packet = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  const types = field.startsWith('%')
    ? field
        .slice(1)
        .split(',')
        .map((type) => type.trim())
    : typesUpTo(packet, field);
  let offset = 1;
  let found: { kind: FieldKind; body: Buffer } | undefined;
  for (const type of types) {
    const kind = kindOf(type);
    const length = kind.length(packet, offset);
    if (offset + length > packet.length) throw wrong(`the packet is too short for its field of type ${type}`);
    found = { kind, body: kind.body(packet, offset, length) };
    offset += length;
  }
  return found!;
}

/** The types of the fields up to a named one. */
function typesUpTo(packet: Buffer, field: string): string[] {
  const all: Record<string, string> = { ...REQUEST_HEAD };
  if (!Object.hasOwn(all, field)) {
    const request = fieldText(packet, '%i,s');
    const more = Object.hasOwn(REQUEST_FIELDS, request) ? REQUEST_FIELDS[request]! : {};
    if (!Object.hasOwn(more, field)) throw wrong(`a "${request.slice(0, 40)}" request has no field ${field}`);
    Object.assign(all, more);
  }
  const names = Object.keys(all);
  return names.slice(0, names.indexOf(field) + 1).map((name) => all[name]!);
}

function kindOf(type: string): FieldKind {
  if (!Object.hasOwn(KINDS, type))
    throw wrong(`there is no field type ${type}; known: ${Object.keys(KINDS).join(', ')}`);
  return KINDS[type]!;
}

function wholeNumber(text: string): bigint {
  if (!/^(\d{1,20000}|0x[0-9a-f]{1,16384})$/i.test(text))
    throw wrong(`${text.slice(0, 40)} is no whole number`);
  return BigInt(text);
}

/** RFC 4251: two's complement, so a first bit that is set needs a zero byte before it. */
function bigBytes(value: bigint): Buffer {
  if (value === 0n) return Buffer.alloc(0);
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return bytes[0]! >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
}

function bigInteger(body: Buffer): bigint {
  return body.length === 0 ? 0n : BigInt.asIntN(body.length * 8, BigInt(`0x${body.toString('hex')}`));
}

function withLength(body: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  return Buffer.concat([head, body]);
}

function wrong(text: string): SFTPClientError {
  return new SFTPClientError(10022, text);
}
