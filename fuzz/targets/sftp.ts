import { aclToText, readAcl, textToAcl } from '../../src/sftp/acl.ts';
import { readNames, replyError } from '../../src/sftp/ask.ts';
import {
  decodeAttributes,
  encodeAttributes,
  type FileAttributes,
  fileType,
} from '../../src/sftp/attributes.ts';
import { FrameParser } from '../../src/sftp/frame-parser.ts';
import { readHashes } from '../../src/sftp/hashes.ts';
import { UTF8_NAMES } from '../../src/sftp/names.ts';
import { SFTP_PACKETS } from '../../src/sftp/packets.ts';
import { SftpReader } from '../../src/sftp/reader.ts';
import { readAvailableSpace, readIdNames, readLimits, readSpace } from '../../src/sftp/replies.ts';
import type { SftpSession } from '../../src/sftp/session.ts';
import { readStatus } from '../../src/sftp/status.ts';
import { readVersionReply } from '../../src/sftp/version-reply.ts';
import { ALL_VERSIONS, type SftpVersion } from '../../src/sftp/versions.ts';
import { WireReader } from '../../src/ssh/wire/reader.ts';
import { WireWriter } from '../../src/ssh/wire/writer.ts';
import { str, u32 } from '../../test/support/sftp/wire.ts';
import { type FuzzTarget, inPieces, piecesOf } from '../target.ts';

const SAMPLES: readonly FileAttributes[] = [
  {},
  { size: 7, permissions: 0o100644, modifyTime: 1_700_000_000, accessTime: 1_700_000_001 },
  { type: 'directory', size: 4096, owner: 'me', group: 'us', permissions: 0o755, modifyTime: 5 },
];

function encoded(attributes: FileAttributes, version: SftpVersion): Uint8Array {
  const writer = new WireWriter(256);
  encodeAttributes(writer, attributes, version);
  return writer.finish();
}

/** One version's ATTRS: what is read is written and read the same. */
function attributesOf(version: SftpVersion): FuzzTarget {
  const write = (attributes: FileAttributes): Uint8Array => encoded(attributes, version);
  return {
    doc: `ATTRS of version ${version}: what is read is written back and read the same`,
    seeds: () => [
      ...SAMPLES.flatMap((sample) => {
        try {
          return [write(sample)];
        } catch {
          return []; // A version need not have a place for every field.
        }
      }),
      // Every flag there is, and bytes enough for all fields.
      ...[0xffff_ffff, 0x8000_00fd, 0x0000_01fd, 0xf].map((flags) =>
        Buffer.concat([u32(flags), Buffer.alloc(300)]),
      ),
    ],
    run(input) {
      const attributes = decodeAttributes(new WireReader(input, 0, 'ATTRS'), version);
      fileType(attributes);
      if (attributes.extended !== undefined || attributes.size === undefined)
        return Object.keys(attributes).join(' ');
      const again = write(attributes);
      const second = write(decodeAttributes(new WireReader(again, 0, 'ATTRS'), version));
      if (!Buffer.from(again).equals(Buffer.from(second)))
        throw new Error('what was written is read otherwise');
      return Object.keys(attributes).join(' ');
    },
  };
}

export const attributeTargets: Readonly<Record<string, FuzzTarget>> = Object.fromEntries(
  ALL_VERSIONS.map((version) => [`sftp-attributes-${version}`, attributesOf(version)]),
);

export const sftpFrames: FuzzTarget = {
  doc: 'SFTP packets cut out of channel data, in pieces as the first byte says',
  seeds: () => [
    piecesOf(7, u32(9), Buffer.from([101]), u32(1), u32(0)),
    piecesOf(1, u32(13), Buffer.from([103]), u32(1), u32(4), Buffer.from('data')),
  ],
  run(input) {
    let [frames, data, held] = [0, 0, 0];
    const parser = new FrameParser({
      frame: () => {
        frames++;
      },
      dataStarts: (id, length) => {
        held = length;
        return (id & 1) === 1;
      },
      data: (bytes) => {
        data += bytes.length;
      },
      dataEnds: () => {},
    });
    inPieces(input, (piece) => parser.push(piece));
    if (data > input.length) throw new Error('more data than came');
    return `${Math.min(frames, 4)} ${data > 0} ${held > 0}`;
  },
};

/** What EXTENDED_REPLY may hold, by the extension that was asked. */
const EXTENDED = [
  readLimits,
  readSpace,
  readAvailableSpace,
  readIdNames,
  (body: WireReader) => readHashes(body, '/p', 'check-file'),
] as const;

/** One version's replies behind their number: a type, then its body. */
function repliesOf(version: SftpVersion): FuzzTarget {
  const session = { version, names: UTF8_NAMES } as SftpSession;
  const attributes = encoded({ size: 7, permissions: 0o644, modifyTime: 5, accessTime: 5 }, version);
  const longname = version === 3 ? [str('-rw-r--r-- 1 me us 7 Jan 1 00:00 name')] : [];
  const reply = (type: number, ...parts: Uint8Array[]): Uint8Array =>
    Buffer.concat([Uint8Array.of(type), ...parts]);
  const entry = [str('name'), ...longname, attributes];
  return {
    doc: `replies of version ${version}: NAME, ATTRS, STATUS, HANDLE, EXTENDED_REPLY`,
    seeds: () => [
      reply(SFTP_PACKETS.SSH_FXP_NAME, u32(2), ...entry, ...entry, Uint8Array.of(1)),
      reply(SFTP_PACKETS.SSH_FXP_ATTRS, attributes),
      reply(SFTP_PACKETS.SSH_FXP_STATUS, u32(4), str('no'), str('en')),
      reply(SFTP_PACKETS.SSH_FXP_HANDLE, str('handle')),
      ...EXTENDED.map((_, i) =>
        reply(SFTP_PACKETS.SSH_FXP_EXTENDED_REPLY, Uint8Array.of(i), Buffer.alloc(88, 1)),
      ),
      reply(SFTP_PACKETS.SSH_FXP_EXTENDED_REPLY, Uint8Array.of(3), str('\0\0\0\x01a'), str('\0\0\0\x01b')),
      reply(
        SFTP_PACKETS.SSH_FXP_EXTENDED_REPLY,
        Uint8Array.of(4),
        str('check-file'),
        str('md5'),
        Buffer.alloc(32, 2),
      ),
    ],
    run(input) {
      const body = new SftpReader(input, 1, 'reply');
      const type = input[0] ?? 0;
      switch (type) {
        case SFTP_PACKETS.SSH_FXP_NAME:
          for (const { name } of readNames(session, body)) UTF8_NAMES.encode(name);
          return `names ${body.remaining > 0 && body.bool()}`;
        case SFTP_PACKETS.SSH_FXP_ATTRS:
          return fileType(decodeAttributes(body, version));
        case SFTP_PACKETS.SSH_FXP_HANDLE:
          return `handle ${Math.min(body.string().length, 2)}`;
        case SFTP_PACKETS.SSH_FXP_STATUS:
          return readStatus(body).message === '' ? 'no words' : 'words';
        case SFTP_PACKETS.SSH_FXP_EXTENDED_REPLY:
          return Object.keys(EXTENDED[body.u8() % EXTENDED.length]!(body)).join(' ');
        default:
          throw replyError({ type, body }, SFTP_PACKETS.SSH_FXP_NAME, { operation: 'readdir' });
      }
    },
  };
}

export const replyTargets: Readonly<Record<string, FuzzTarget>> = Object.fromEntries(
  ALL_VERSIONS.map((version) => [`sftp-replies-${version}`, repliesOf(version)]),
);

const inString = (...parts: Uint8Array[]): Uint8Array[] => {
  const bytes = Buffer.concat(parts);
  return [u32(bytes.length), bytes];
};

export const versionReply: FuzzTarget = {
  doc: 'SSH_FXP_VERSION with its extensions, supported and supported2 among them',
  seeds: () =>
    [3, 5, 6].map((version) =>
      Buffer.concat([
        Uint8Array.of(SFTP_PACKETS.SSH_FXP_VERSION),
        u32(version),
        ...[str('newline'), str('\n'), str('versions'), str('3,4,5,6'), str('vendor-id')],
        ...inString(str('vendor'), str('name'), str('1'), Buffer.alloc(8)),
        str('supported2'),
        // Masks, bits, lengths, then counts and lists of names.
        ...inString(Buffer.alloc(20, 1), Buffer.alloc(4), u32(0), u32(1), str('a@b'), u32(1), str('c@d')),
      ]),
    ),
  run(input) {
    const { version, announced } = readVersionReply(input);
    return `${Math.min(version, 8)} ${Math.min(announced.size, 8)}`;
  },
};

export const acl: FuzzTarget = {
  doc: 'access control lists: bytes to text and back',
  seeds: () => [
    Buffer.concat([u32(1), u32(0), u32(0), u32(0x1f), str('OWNER@')]),
    Buffer.concat([u32(1), u32(1), u32(1), u32(2), u32(0x1f), str('a:b\n')]),
  ],
  run(input) {
    for (const version of [4, 6] as const) {
      const list = readAcl(input, version);
      const text = aclToText(list);
      if (!Buffer.from(textToAcl(text, version)).equals(Buffer.from(input)))
        throw new Error(`changed by ${text}`);
    }
    return '';
  },
};
