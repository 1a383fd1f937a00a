import { utf8 } from '../../base/bytes.ts';
import { WherryError } from '../../base/errors.ts';
import { matchGlob } from '../../base/glob.ts';
import { checkLimit, LIMITS } from '../../base/limits.ts';
import { sanitize } from '../../base/text.ts';

const LF = 10;

/** Which version lines of a server are taken; 1.99 is how one that also speaks SSH 1 says 2.0 (RFC 4253 section 5.1). */
export const SERVER_VERSIONS: readonly string[] = ['SSH-2.0-*', 'SSH-1.99-*'];

/** Our identification line without CR LF, RFC 4253 section 4.2. */
export function versionLine(software: string): string {
  const line = `SSH-2.0-${software}`;
  if (!/^[\x21-\x7e]+( [\x20-\x7e]*)?$/.test(line) || line.length > LIMITS.versionLineBytes.value - 2) {
    throw new WherryError(
      'INVALID_ARGUMENT',
      'the version string must be printable ASCII of at most 245 characters',
    );
  }
  return line;
}

/**
 * Finds the peer's identification line in the first bytes of the stream (RFC 4253 section 4.2). A server may
 * send other lines before it; these are bounded and shown where the line never comes.
 */
export class VersionReader {
  readonly #preLines: boolean;
  readonly #patterns: readonly string[];
  #partial = '';
  #lines = 0;
  #firstLine = '';

  /** `preLines`: whether the peer may send lines before its version, as servers may. */
  constructor(preLines: boolean, patterns: readonly string[] = SERVER_VERSIONS) {
    this.#preLines = preLines;
    this.#patterns = patterns;
  }

  /** The line, and where in `chunk` the packets begin; undefined until the line is complete. */
  push(chunk: Uint8Array): { line: string; next: number } | undefined {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(LF, from);
      this.#partial += Buffer.from(chunk.subarray(from, end < 0 ? chunk.length : end)).toString('latin1');
      const isVersion = this.#partial.startsWith('SSH-');
      if (this.#partial.length + 1 > LIMITS.versionLineBytes.value) {
        throw new WherryError(
          'SSH_VERSION_EXCHANGE',
          `version line too long: ${sanitize(this.#partial, 80)}`,
          {
            limit: 'versionLineBytes',
          },
        );
      }
      if (end < 0) return undefined;
      const line = this.#partial.replace(/\r$/, '');
      this.#partial = '';
      from = end + 1;
      if (isVersion) return { line: checkVersion(line, this.#patterns), next: from };
      this.#otherLine(line);
    }
  }

  /** For an error message when the stream ends before the version line. */
  get seen(): string {
    return sanitize(utf8(Buffer.from(this.#firstLine || this.#partial, 'latin1')), 120);
  }

  #otherLine(line: string): void {
    if (!this.#preLines) {
      throw new WherryError('SSH_VERSION_EXCHANGE', `not an SSH version line: ${sanitize(line, 120)}`);
    }
    if (this.#lines === 0) this.#firstLine = line;
    this.#lines++;
    checkLimit('preVersionLines', this.#lines);
  }
}

function checkVersion(line: string, patterns: readonly string[]): string {
  if (!patterns.some((pattern) => matchGlob(pattern, line)) || line.includes('\0')) {
    const shown = sanitize(line, 120);
    throw new WherryError('SSH_VERSION_EXCHANGE', `the peer speaks another protocol version: ${shown}`, {
      ours: patterns,
      theirs: [shown],
    });
  }
  return line;
}
