import type { Deadline } from '../../base/deadline.ts';
import { WherryError } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import type { Log } from '../../base/log.ts';
import { sanitize } from '../../base/text.ts';
import type { Transport } from '../transport/transport.ts';
import { decode, encode } from '../wire/message.ts';
import { TRANSPORT, USERAUTH } from '../wire/messages.ts';
import type { AuthContext, AuthMethod, AuthOutcome } from './method.ts';
import { noneMethod } from './password.ts';

/** What a login goes by. */
export interface LoginOptions {
  readonly user: string;
  /** Ways to log in, best first. */
  readonly methods: () => readonly AuthMethod[];
  /** The first method is the obvious choice: it is tried at once, without asking what the server takes. */
  readonly atOnce?: boolean;
  readonly log: Log;
  readonly onBanner?: ((text: string) => void) | undefined;
  /** The inactivity clock of the whole connect, stopped while a person is asked. */
  readonly deadline: Deadline;
}

const METHOD_NUMBER_FROM = 60;

/** Logs in (RFC 4252): service request, then one method after the other until the server is content. */
export class Login {
  readonly #transport: Transport;
  readonly #options: LoginOptions;
  #waiter: { resolve(payload: Uint8Array): void; reject(error: WherryError): void } | undefined;
  /** SERVICE_REQUEST is out, its SERVICE_ACCEPT not yet in. */
  #serviceAsked = false;
  #bannerBytes = 0;

  constructor(transport: Transport, options: LoginOptions) {
    this.#transport = transport;
    this.#options = options;
  }

  /** Resolves when logged in; rejects with AUTH_FAILED and what was tried. */
  async run(): Promise<void> {
    this.#serviceAsked = true;
    this.#transport.send(encode(TRANSPORT.SSH_MSG_SERVICE_REQUEST, { service: 'ssh-userauth' }));
    const tried: string[] = [];
    let allowed: readonly string[] = [];
    let partial = false;
    let attempts = 0;

    const attempt = async (method: AuthMethod): Promise<boolean> => {
      if (++attempts > LIMITS.authAttempts.value) throw failure(tried, allowed, partial);
      const outcome = await method.attempt(this.#context(allowed));
      this.#options.log.event({ kind: 'auth', method: method.label, outcome: describe(outcome) });
      if (outcome.kind === 'success') return true;
      allowed = outcome.allowed;
      partial ||= outcome.partial;
      if (method.name !== 'none')
        tried.push(outcome.partial ? `${method.label}: accepted, more needed` : method.label);
      return false;
    };

    const left = [...this.#options.methods()];
    const first = this.#options.atOnce ? left.shift() : undefined;
    if (await attempt(first ?? noneMethod())) return;
    // Not on the list yet, as in "password, then publickey": nobody has judged it.
    if (first !== undefined && !allowed.includes(first.name)) left.unshift(first);
    for (;;) {
      const next = left.findIndex((method) => allowed.includes(method.name));
      if (next < 0) break;
      if (await attempt(left.splice(next, 1)[0]!)) return;
    }
    throw failure(tried, allowed, partial);
  }

  /** A message of the login, from the transport. */
  onMessage(payload: Uint8Array): void {
    const number = payload[0]!;
    if (number === TRANSPORT.SSH_MSG_SERVICE_ACCEPT.number) {
      if (!this.#serviceAsked) throw new WherryError('SSH_PROTOCOL', 'SERVICE_ACCEPT without a request');
      this.#serviceAsked = false;
      this.#transport.enter('clientAuth');
    } else if (number === USERAUTH.SSH_MSG_USERAUTH_BANNER.number) {
      this.#onBanner(decode(USERAUTH.SSH_MSG_USERAUTH_BANNER, payload).message);
    } else {
      const waiter = this.#waiter;
      if (waiter === undefined)
        throw new WherryError('SSH_PROTOCOL', `login message ${number} without a request`);
      this.#waiter = undefined;
      if (number === USERAUTH.SSH_MSG_USERAUTH_SUCCESS.number) this.#transport.enter('open');
      waiter.resolve(Uint8Array.from(payload));
    }
  }

  onClosed(error: WherryError): void {
    this.#waiter?.reject(error);
    this.#waiter = undefined;
  }

  #context(allowed: readonly string[]): AuthContext {
    const { user, log, deadline } = this.#options;
    return {
      user,
      log,
      allowed,
      sessionId: this.#transport.sessionId,
      signatureAlgorithms: this.#transport.peerSignatureAlgorithms,
      request: (method, specific) =>
        this.#exchange(
          encode(USERAUTH.SSH_MSG_USERAUTH_REQUEST, { user, service: 'ssh-connection', method, specific }),
        ),
      answer: (payload) => this.#exchange(payload),
      outcome: readOutcome,
      askPerson: async (ask) => {
        deadline.pause();
        try {
          return await ask();
        } finally {
          deadline.resume();
        }
      },
    };
  }

  #exchange(payload: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const dead = this.#transport.error;
      if (dead !== undefined) {
        reject(dead);
        return;
      }
      this.#waiter = { resolve, reject };
      this.#transport.send(payload);
    });
  }

  #onBanner(message: string): void {
    this.#bannerBytes += message.length;
    if (this.#bannerBytes > LIMITS.bannerBytes.value) return;
    const text = message
      .split(/\r?\n/)
      .map((line) => sanitize(line, LIMITS.bannerBytes.value))
      .join('\n');
    this.#options.log.event({ kind: 'banner', text: sanitize(message) });
    this.#options.onBanner?.(text);
  }
}

function readOutcome(payload: Uint8Array): AuthOutcome | undefined {
  const number = payload[0]!;
  if (number === USERAUTH.SSH_MSG_USERAUTH_SUCCESS.number) return { kind: 'success' };
  if (number >= METHOD_NUMBER_FROM) return undefined;
  const { methods, partialSuccess } = decode(USERAUTH.SSH_MSG_USERAUTH_FAILURE, payload);
  return { kind: 'failure', allowed: methods.map((name) => sanitize(name, 64)), partial: partialSuccess };
}

function describe(outcome: AuthOutcome): string {
  if (outcome.kind === 'success') return 'success';
  return `${outcome.partial ? 'partial success' : 'failure'}, the server goes on with ${outcome.allowed.join(', ') || 'nothing'}`;
}

function failure(tried: readonly string[], allowed: readonly string[], partialSuccess: boolean): WherryError {
  const what =
    tried.length === 0 ? 'no credential fits what the server asks for' : `tried ${tried.join(', ')}`;
  const more = partialSuccess ? '; a further factor is needed' : '';
  const text = `login refused: ${what}${more}; the server accepts ${allowed.join(', ') || 'nothing more'}`;
  return new WherryError('AUTH_FAILED', text, { phase: 'login', tried, allowed, partialSuccess });
}
