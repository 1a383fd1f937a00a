import { invalidInput } from '../errors.ts';

interface NameRule {
  /** Without flags other than u, so that it is a JSON Schema pattern as it stands. */
  readonly pattern: RegExp;
  readonly says: string;
}

/** One part of a name: no separator, not `.` or `..`, no NUL. */
const PART = String.raw`(?!\.{1,2}(?:/|$))[^/\\\0]+`;

/** The name of a file of the engine. */
export const ENGINE_FILE_NAME: NameRule = {
  pattern: new RegExp(String.raw`^(?=[^\0]{1,128}$)${PART}(?:/${PART})*$`, 'u'),
  says:
    'a name of 1 to 128 characters that stays in the store: folders separated by /, ' +
    'no empty part, no . or .., no backslash or NUL, not absolute',
};

/** The name of a project or a bundle. */
export const ENGINE_NAME_PART: NameRule = {
  pattern: new RegExp(String.raw`^(?=[^\0]{1,128}$)${PART}$`, 'u'),
  says: 'a name of 1 to 128 characters without separators, not . or ..',
};

const WINDOWS_UNUSABLE =
  /[<>:"|?*\u0001-\u001f]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(\.|$)/i;
/** What file systems take for one part. */
const PART_BYTES = 255;

/** Throws InvalidInputError unless `name` names a file of the engine, and can be one on this machine. */
export function checkFileName(
  name: unknown,
  path = 'name',
  rule: NameRule = ENGINE_FILE_NAME,
  platform: string = process.platform,
): string {
  if (typeof name !== 'string' || !rule.pattern.test(name)) throw invalidInput(path, `must be ${rule.says}`);
  for (const part of name.split('/')) {
    if (Buffer.byteLength(part) > PART_BYTES)
      throw invalidInput(path, `no part of it may be longer than ${PART_BYTES} bytes`);
    if (platform === 'win32' && WINDOWS_UNUSABLE.test(part))
      throw invalidInput(path, 'has a part that Windows does not take');
  }
  return name;
}
