import { Deadline, type WaitOptions } from '../../../base/deadline.ts';
import type { WherryError } from '../../../base/errors.ts';
import { agentError } from '../agent-link.ts';
import type { AgentRoad } from '../agent-road.ts';
import { bindPageant, type PageantWindow } from './bind-pageant.ts';

/**
 * How long a message to a window may last where nobody set a time: as long as sshd waits for a login. A person may have to
 * confirm, but it holds a thread, and the process cannot end while it does.
 */
const PATIENCE = 120_000;
/** Whoever waits gives up a little before the message does. */
const LATER = 250;

/** The road to a Pageant that has no pipe. AGENT_FAILED where it does not run, or the package koffi is missing. */
export async function openPageantWindow(): Promise<AgentRoad> {
  const { default: koffi } = await import('koffi').catch((cause: unknown) => {
    const text =
      'Pageant has no pipe; to ask one without needs the package koffi, which is not installed: npm install koffi';
    throw agentError(text, cause);
  });
  const load = (name: string) => koffi.load(`${name}.dll`);
  const window = bindPageant(koffi, {
    user32: load('user32'),
    kernel32: load('kernel32'),
    advapi32: load('advapi32'),
  });
  if (!window.isThere()) throw agentError('Pageant is not running');
  return new WindowRoad(window);
}

/** One request after the other. Who gives up on one leaves it to its end, and the next waits for that. */
export class WindowRoad implements AgentRoad {
  readonly #window: PageantWindow;
  readonly #waiting = new Set<(why: unknown) => void>();
  #last: Promise<void> = Promise.resolve();
  #ended: WherryError | undefined;

  constructor(window: PageantWindow) {
    this.#window = window;
  }

  request(payload: Uint8Array, phase: string, options: WaitOptions): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) throw this.#ended;
      const settle = (act: () => void): void => {
        if (!this.#waiting.delete(fail)) return;
        deadline.clear();
        act();
      };
      const fail = (why: unknown): void => settle(() => reject(why));
      this.#waiting.add(fail);
      const deadline = new Deadline(options, phase, fail);
      const patience = options.timeout ? options.timeout + LATER : PATIENCE;
      const ask = async (): Promise<void> => {
        if (!this.#waiting.has(fail)) return;
        const answer = await this.#window.ask(payload, patience);
        settle(() => resolve(answer));
      };
      this.#last = this.#last.then(ask).catch(fail);
    });
  }

  end(why: WherryError): void {
    this.#ended ??= why;
    for (const fail of [...this.#waiting]) fail(why);
  }
}
