import { WherryError } from '../base/errors.ts';
import { sanitize } from '../base/text.ts';

const WINDOWS_DEVICES = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\.|$)/i;

/**
 * Throws TRANSFER_UNSAFE_NAME unless `name`, chosen by a server, names one file in the folder it is put into and
 * nothing else. A backslash separates on Windows; there, devices, streams and trailing dots are refused too.
 */
export function checkSafeName(name: string, platform: string = process.platform): void {
  const windows = platform === 'win32';
  const unsafe =
    name === '' ||
    name === '.' ||
    name === '..' ||
    /[/\0]/.test(name) ||
    (windows && (/[\\:<>"|?*\u0001-\u001f]/.test(name) || /[. ]$/.test(name) || WINDOWS_DEVICES.test(name)));
  if (unsafe) {
    throw new WherryError(
      'TRANSFER_UNSAFE_NAME',
      `the server names a file "${sanitize(name, 200)}", which is not safe here`,
      {
        path: sanitize(name, 200),
      },
    );
  }
}
