import { aclToText, readAcl, textToAcl } from '../../src/sftp/acl.ts';
import {
  decodeAttributes,
  encodeAttributes,
  type FileAttributes,
  fileType,
} from '../../src/sftp/attributes.ts';
import { readVersionReply } from '../../src/sftp/version-reply.ts';
import { ALL_VERSIONS, type SftpVersion } from '../../src/sftp/versions.ts';
import { WireReader } from '../../src/ssh/wire/reader.ts';
import { WireWriter } from '../../src/ssh/wire/writer.ts';
import { packet, str, u32 } from '../../test/support/sftp/wire.ts';
import type { FuzzTarget } from '../target.ts';

const SAMPLES: readonly FileAttributes[] = [
  {},
  { size: 7, permissions: 0o100644, modifyTime: 1_700_000_000, accessTime: 1_700_000_001 },
  { type: 'directory', size: 4096, owner: 'me', group: 'us', permissions: 0o755, modifyTime: 5 },
];

/** One version's ATTRS: what is read is written and read the same. */
function attributesOf(version: SftpVersion): FuzzTarget {
  const write = (attributes: FileAttributes): Uint8Array => {
    const writer = new WireWriter(256);
    encodeAttributes(writer, attributes, version);
    return writer.finish();
  };
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

export const versionReply: FuzzTarget = {
  doc: 'SSH_FXP_VERSION with its extensions, supported and supported2 among them',
  seeds: () =>
    [3, 5, 6].map((version) =>
      packet(
        2,
        u32(version),
        str('newline'),
        str('\n'),
        str('versions'),
        str('3,4,5,6'),
        str('vendor-id'),
        Buffer.concat([u32(30), str('vendor'), str('name'), str('1'), Buffer.alloc(8)]),
        str('supported2'),
        Buffer.concat([u32(60), ...Array.from({ length: 6 }, (_, i) => u32(i)), Buffer.alloc(36)]),
      ).subarray(4),
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
