/** Frames and turns of the agent protocol: one request after the other, each answered in order. */
import type { Socket } from 'node:net';
import { EMPTY, readU32, writeU32 } from '../../base/bytes.ts';
import { abortedError, Deadline, type WaitOptions } from '../../base/deadline.ts';
import { WherryError } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';

interface Turn {
  /** Taken off when the caller has given up; the answer still comes and is dropped. */
  settle: ((answer: Uint8Array | WherryError) => void) | undefined;
}

export class AgentLink {
  readonly #socket: Socket;
  readonly #turns: Turn[] = [];
  readonly #head = new Uint8Array(4);
  #frame: Uint8Array = EMPTY;
  #filled = 0;
  #inHead = true;
  #ended: WherryError | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (cause) =>
      this.end(agentError(`the connection to the SSH agent broke: ${cause.message}`, cause)),
    );
    socket.on('close', () => this.end(agentError('the SSH agent closed the connection')));
    socket.unref();
  }

  /** The answer to a payload. Rejects with the first cause once the connection has ended. */
  request(payload: Uint8Array, phase: string, options: WaitOptions): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) throw this.#ended;
      if (options.signal?.aborted) throw abortedError(options.signal, phase);
      if (payload.length > LIMITS.agentFrameBytes.value) throw tooLong(payload.length);
      const turn: Turn = { settle: undefined };
      const deadline = new Deadline(options, phase, (error) => turn.settle?.(error));
      turn.settle = (answer) => {
        turn.settle = undefined;
        deadline.clear();
        if (!this.#turns.some((other) => other.settle !== undefined)) this.#socket.unref();
        if (answer instanceof WherryError) reject(answer);
        else resolve(answer);
      };
      this.#turns.push(turn);
      this.#socket.ref();
      const frame = new Uint8Array(4 + payload.length);
      writeU32(frame, 0, payload.length);
      frame.set(payload, 4);
      this.#socket.write(frame);
    });
  }

  /** Ends the connection; what is under way fails with `why`, and so does what comes later. */
  end(why: WherryError): void {
    if (this.#ended !== undefined) return;
    this.#ended = why;
    this.#socket.destroy();
    for (const turn of this.#turns.splice(0)) turn.settle?.(why);
  }

  #take(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && this.#ended === undefined) {
      const target = this.#inHead ? this.#head : this.#frame;
      const count = Math.min(chunk.length - at, target.length - this.#filled);
      target.set(chunk.subarray(at, at + count), this.#filled);
      at += count;
      this.#filled += count;
      if (this.#filled < target.length) return;
      this.#filled = 0;
      if (this.#inHead) this.#begin(readU32(this.#head, 0));
      else this.#finish();
    }
  }

  #begin(length: number): void {
    if (length > LIMITS.agentFrameBytes.value) this.end(tooLong(length));
    else if (length === 0) this.end(agentError('the SSH agent sent an empty message'));
    else {
      this.#frame = new Uint8Array(length);
      this.#inHead = false;
    }
  }

  #finish(): void {
    this.#inHead = true;
    const turn = this.#turns.shift();
    if (turn === undefined) this.end(agentError('the SSH agent answered a question nobody asked'));
    else turn.settle?.(this.#frame);
  }
}

export function agentError(text: string, cause?: unknown): WherryError {
  const errno = (cause as NodeJS.ErrnoException | undefined)?.code;
  return new WherryError('AGENT_FAILED', text, errno === undefined ? {} : { errno }, cause);
}

export function tooLong(length: number): WherryError {
  const max = LIMITS.agentFrameBytes.value;
  return new WherryError(
    'AGENT_FAILED',
    `a message of the SSH agent protocol of ${length} bytes is over ${max}`,
    {
      limit: 'agentFrameBytes',
      expected: max,
      actual: length,
    },
  );
}
