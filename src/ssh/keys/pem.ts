/** PEM blocks (RFC 7468) as found in the wild: any line ends, text before and after, a byte order mark. */
import { strictBase64 } from './base64.ts';

export interface PemBlock {
  /** What stands between BEGIN and the dashes. */
  readonly label: string;
  /** RFC 1421 headers, such as `DEK-Info`. */
  readonly headers: ReadonlyMap<string, string>;
  /** The decoded body; undefined when it is no base64. */
  readonly bytes: Uint8Array | undefined;
}

const BEGIN = '-----BEGIN ';
const DASHES = '-----';

/** Every complete block of a text, in order. */
export function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  for (let at = text.indexOf(BEGIN); at >= 0; at = text.indexOf(BEGIN, at + 1)) {
    const labelAt = at + BEGIN.length;
    const labelEnd = text.indexOf(DASHES, labelAt);
    if (labelEnd < 0) break;
    const label = text.slice(labelAt, labelEnd);
    if (label.length > 64) continue;
    const bodyAt = labelEnd + DASHES.length;
    const end = text.indexOf(`-----END ${label}-----`, bodyAt);
    if (end < 0) continue;
    blocks.push({ label, ...readBody(text.slice(bodyAt, end)) });
    at = end;
  }
  return blocks;
}

function readBody(body: string): Omit<PemBlock, 'label'> {
  const headers = new Map<string, string>();
  const digits: string[] = [];
  // A key kept in an environment variable or in JSON often has its line ends written as backslash n.
  for (const line of body
    .replaceAll('\\r', '')
    .replaceAll('\\n', '\n')
    .split(/[\r\n]+/)) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
    else digits.push(line.replace(/[ \t]+/g, ''));
  }
  return { headers, bytes: strictBase64(digits.join('')) };
}
