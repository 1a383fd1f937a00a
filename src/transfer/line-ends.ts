import { EOL } from 'node:os';
import { WherryError } from '../base/errors.ts';
import type { SftpSession } from '../sftp/session.ts';

/** How a line ends. */
export type LineEnd = '\n' | '\r' | '\r\n';

/** How a text file is carried over. */
export interface TextOptions {
  /** How lines end here. Default: as the system has it. */
  readonly local?: LineEnd | undefined;
  /** How lines end on the server. Default: what it announces (`newline`, SFTP version 4 and later), or `\n`. */
  readonly remote?: LineEnd | undefined;
  /**
   * The server turns its own form of text files into lines (SSH_FXF_TEXT, SFTP version 4 and later), for systems that keep
   * text as records. One request after the other. Default false.
   */
  readonly byServer?: boolean | undefined;
}

/** Line ends of one transfer. */
export interface LineEnds {
  readonly local: LineEnd;
  readonly remote: LineEnd;
  readonly byServer: boolean;
}

/** What `text` of the options asks for; undefined where bytes are carried over as they are. */
export function lineEnds(
  session: SftpSession,
  text: boolean | TextOptions | undefined,
): LineEnds | undefined {
  if (text === undefined || text === false) return undefined;
  const { local = EOL as LineEnd, remote, byServer = false } = text === true ? {} : text;
  if (byServer && session.version < 4) {
    throw new WherryError(
      'SFTP_OP_UNSUPPORTED',
      `text by the server needs SFTP version 4, this session has ${session.version}`,
    );
  }
  const announced = session.version >= 4 ? (session.features.newline as LineEnd | undefined) : undefined;
  // Where nothing is announced, a text file that the server translates has CR LF (filexfer-13 section 5.3).
  const ends = { local, remote: remote ?? announced ?? (byServer ? '\r\n' : '\n'), byServer };
  for (const end of [ends.local, ends.remote]) {
    if (end === '\n' || end === '\r' || end === '\r\n') continue;
    throw new WherryError(
      'INVALID_ARGUMENT',
      `a line ends with \\n, \\r or \\r\\n, not ${JSON.stringify(end)}`,
    );
  }
  return ends;
}

/** Refuses what needs the same bytes on both sides. */
export function checkTextOptions(options: {
  readonly text?: boolean | TextOptions | undefined;
  readonly resume?: boolean | number | undefined;
  readonly verify?: boolean | undefined;
  readonly keepPartial?: boolean | undefined;
  readonly at?: number | 'end' | undefined;
}): void {
  if (options.text === undefined || options.text === false) return;
  for (const name of ['resume', 'verify', 'keepPartial', 'at'] as const) {
    if (options[name] === undefined || options[name] === false || options[name] === 'end') continue;
    throw new WherryError('INVALID_ARGUMENT', `text changes the bytes of a file: it cannot go with ${name}`);
  }
}

const CR = 13;
const LF = 10;

/** Turns line ends into others, piece by piece; what ends the way that is wanted already stays. */
export class LineEndConverter {
  readonly #from: LineEnd;
  readonly #to: Uint8Array;
  /** The last piece ended with a CR that may belong to what comes next. */
  #heldCr = false;
  /** The last byte that was read, where a CR before a LF matters. */
  #afterCr = false;

  constructor(from: LineEnd, to: LineEnd) {
    this.#from = from;
    this.#to = Buffer.from(to, 'latin1');
  }

  push(bytes: Uint8Array): Uint8Array {
    // At most every byte, and a held one, becomes two.
    const out = new Uint8Array((bytes.length + 1) * 2);
    let at = 0;
    const end = (): void => {
      out.set(this.#to, at);
      at += this.#to.length;
    };
    for (const byte of bytes) {
      if (this.#heldCr) {
        this.#heldCr = false;
        if (byte === LF) {
          end();
          continue;
        }
        if (this.#from === '\r') end();
        else out[at++] = CR;
      }
      if (byte === CR && this.#from !== '\n') this.#heldCr = true;
      else if (byte === LF && this.#from === '\n' && !this.#kept()) end();
      else out[at++] = byte;
      this.#afterCr = byte === CR;
    }
    return out.subarray(0, at);
  }

  /** What was held back at the end. */
  end(): Uint8Array {
    if (!this.#heldCr) return new Uint8Array(0);
    this.#heldCr = false;
    return this.#from === '\r' ? this.#to : Uint8Array.of(CR);
  }

  /** A LF behind a CR is a CR LF already. */
  #kept(): boolean {
    return this.#afterCr && this.#to.length === 2;
  }
}
