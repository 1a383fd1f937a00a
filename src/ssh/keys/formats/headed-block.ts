/** The blocks of RFC 4716, which are no PEM: four dashes, headers that may go on behind a backslash, base64. */
import { sanitize } from '../../../base/text.ts';
import { strictBase64 } from '../base64.ts';
import { damaged } from './key-errors.ts';
import { asUtf8 } from './key-file.ts';

export interface HeadedBlock {
  readonly bytes: Uint8Array;
  readonly comment: string;
}

/** The first block with that label. */
export function headedBlock(text: string, label: string): HeadedBlock {
  const lines = text.split(/\r\n|\r|\n/).map((line) => line.trim());
  const begin = lines.indexOf(`---- BEGIN ${label} ----`);
  const end = lines.indexOf(`---- END ${label} ----`, begin + 1);
  if (begin < 0 || end < 0) throw damaged('its END line is missing or differs from its BEGIN line');
  let comment = '';
  let digits = '';
  for (let at = begin + 1; at < end; at++) {
    const colon = lines[at]!.indexOf(':');
    if (colon < 0) {
      digits += lines[at];
      continue;
    }
    const name = lines[at]!.slice(0, colon);
    let value = lines[at]!.slice(colon + 1).trim();
    while (value.endsWith('\\') && at + 1 < end) value = value.slice(0, -1) + lines[++at];
    if (name.toLowerCase() === 'comment') comment = value.replace(/^"(.*)"$/, '$1');
  }
  const bytes = strictBase64(digits);
  if (bytes === undefined) throw damaged('its body is not base64');
  return { bytes, comment: sanitize(asUtf8(comment)) };
}
