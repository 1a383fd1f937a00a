import { ACCESS_MASK, SFTP_PACKETS } from '../../sftp/packets.ts';
import type { SftpVersion } from '../../sftp/versions.ts';
import { WireWriter } from '../../ssh/wire/writer.ts';
import { ACL_CAPABILITIES } from '../files/mode-acl.ts';
import { isServed, SERVED_EXTENSIONS } from './extensions.ts';
import { BLOCK_VECTOR } from './locks.ts';
import { KNOWN_OPEN_FLAGS } from './open-modes.ts';
import type { SftpService } from './service.ts';
import { KEPT_FLAGS } from './shown-attributes.ts';

type Data = (service: SftpService, version: SftpVersion) => Uint8Array | undefined;

/** Announcements that are not a request's: data, or undefined where the version has none. */
const ANNOUNCED: Readonly<Record<string, Data>> = {
  versions: ({ versions }) => Buffer.from(versions.join(',')),
  // Line ends of files are line ends of the wire: nothing is to be turned.
  newline: (_, version) => (version >= 4 ? Buffer.from('\n') : undefined),
  'vendor-id': (_, version) =>
    version < 4 ? undefined : new WireWriter().text('wherry').text('wherry/server').text('1').u64(1).finish(),
  supported: (service, version) => {
    if (version !== 5) return undefined;
    const body = masks(service, KEPT_FLAGS[4]);
    for (const name of servedNames(service, version)) body.text(name);
    return body.finish();
  },
  supported2: (service, version) => {
    if (version !== 6) return undefined;
    const body = masks(service, KEPT_FLAGS[6]);
    for (const vector of [BLOCK_VECTOR, BLOCK_VECTOR]) body.u8(vector >> 8).u8(vector & 0xff);
    const names = servedNames(service, version);
    body.u32(0).u32(names.length);
    for (const name of names) body.text(name);
    return body.finish();
  },
  'acl-supported': (_, version) =>
    version >= 6 ? new WireWriter().u32(ACL_CAPABILITIES).finish() : undefined,
};

/** All names a server can be told to announce or not. */
export const ANNOUNCEABLE: readonly string[] = [
  ...Object.keys(ANNOUNCED),
  ...Object.entries(SERVED_EXTENSIONS).flatMap(([name, { data }]) => (data === undefined ? [] : [name])),
];

/** SSH_FXP_VERSION from its type byte on. */
export function versionPacket(service: SftpService, version: SftpVersion): Uint8Array {
  const packet = new WireWriter().u8(SFTP_PACKETS.SSH_FXP_VERSION).u32(version);
  for (const [name, data] of Object.entries(ANNOUNCED)) {
    const told = service.offers(name) ? data(service, version) : undefined;
    if (told !== undefined) packet.text(name).string(told);
  }
  for (const [name, { data }] of Object.entries(SERVED_EXTENSIONS))
    if (data !== undefined && isServed(service, version, name)) packet.text(name).text(data);
  return packet.finish();
}

function servedNames(service: SftpService, version: SftpVersion): string[] {
  return Object.keys(SERVED_EXTENSIONS).filter((name) => isServed(service, version, name));
}

/** Attributes, their bits, open flags, rights, and the most one READ gives. */
function masks({ limits }: SftpService, attributes: number): WireWriter {
  const rights = Object.values(ACCESS_MASK).reduce((all, right) => all | right, 0);
  return new WireWriter().u32(attributes).u32(0).u32(KNOWN_OPEN_FLAGS).u32(rights).u32(limits.read);
}
