import type { Deadline } from '../../base/deadline.ts';
import { type LoginAttempt, WherryError } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import type { Log } from '../../base/log.ts';
import { sanitize } from '../../base/text.ts';
import type { Transport } from '../transport/transport.ts';
import { decode, encode } from '../wire/message.ts';
import { TRANSPORT, USERAUTH } from '../wire/messages.ts';
import { LoginPlan, type LoginPlanRules } from './login-plan.ts';
import { type AuthContext, type AuthMethod, type AuthOutcome, describeAttempt } from './method.ts';
import { noneMethod } from './password.ts';

/** What a login goes by. */
export interface LoginOptions extends LoginPlanRules {
  readonly user: string;
  /** Ways to log in, best first. */
  readonly methods: () => readonly AuthMethod[];
  readonly log: Log;
  readonly onBanner?: ((text: string) => void) | undefined;
  /** The inactivity clock of the whole connect, stopped while a person is asked. */
  readonly deadline: Deadline;
}

const METHOD_NUMBER_FROM = 60;

/** Reasons of RFC 4253 section 11.1 a server hangs up with after too many attempts: OpenSSH's PROTOCOL_ERROR, NO_MORE_AUTH_METHODS. */
const OVER_ATTEMPTS: readonly number[] = [2, 14];

/** Logs in (RFC 4252): service request, then one method after the other until the server is content. */
export class Login {
  readonly #transport: Transport;
  readonly #options: LoginOptions;
  #waiter: { resolve(payload: Uint8Array): void; reject(error: WherryError): void } | undefined;
  /** What came while nobody waited, where the method lets the server send several messages in a row. */
  #early: Uint8Array[] = [];
  #mayComeEarly = false;
  /** SERVICE_REQUEST is out, its SERVICE_ACCEPT not yet in. */
  #serviceAsked = false;
  /** Nothing else has been sent with it. */
  #waitsForService = false;
  #bannerBytes = 0;
  #requests = 0;
  #allowed: readonly string[] = [];
  #partial = false;
  readonly #attempts: LoginAttempt[] = [];

  constructor(transport: Transport, options: LoginOptions) {
    this.#transport = transport;
    this.#options = options;
  }

  /** Resolves when logged in; rejects with AUTH_FAILED and what was tried. */
  async run(): Promise<void> {
    const plan = new LoginPlan(this.#options.methods(), this.#options);
    const service = encode(TRANSPORT.SSH_MSG_SERVICE_REQUEST, { service: 'ssh-userauth' });
    this.#serviceAsked = true;
    this.#waitsForService = plan.isCustom;
    if (plan.isCustom) await this.#exchange(service);
    else this.#transport.send(service);
    if (!plan.isCustom && !plan.startsAtOnce) {
      if (await this.#attempt(noneMethod())) return;
      if (!plan.takesNone) this.#attempts.length = 0;
    }
    for (;;) {
      const method = plan.next(this.#allowed);
      if (method === undefined) throw this.#failure();
      if (await this.#attempt(method)) return;
      plan.ended(method, this.#attempts.at(-1)!);
    }
  }

  /** A message of the login, from the transport. */
  onMessage(payload: Uint8Array): void {
    const number = payload[0]!;
    if (number === TRANSPORT.SSH_MSG_SERVICE_ACCEPT.number) {
      if (!this.#serviceAsked) throw new WherryError('SSH_PROTOCOL', 'SERVICE_ACCEPT without a request');
      this.#serviceAsked = false;
      this.#transport.enter('clientAuth');
      if (this.#waitsForService) this.#deliver(payload);
      this.#waitsForService = false;
    } else if (number === USERAUTH.SSH_MSG_USERAUTH_BANNER.number) {
      this.#onBanner(decode(USERAUTH.SSH_MSG_USERAUTH_BANNER, payload).message);
    } else {
      if (this.#waiter === undefined && !this.#mayComeEarly)
        throw new WherryError('SSH_PROTOCOL', `login message ${number} without a request`);
      if (number === USERAUTH.SSH_MSG_USERAUTH_SUCCESS.number) this.#transport.enter('open');
      this.#deliver(payload);
    }
  }

  onClosed(error: WherryError): void {
    this.#waiter?.reject(error);
    this.#waiter = undefined;
  }

  /** What ended the login: a server that hangs up after so many refusals has refused it. */
  explain(error: WherryError): WherryError {
    const { code, details } = error;
    const overAttempts = code === 'SSH_DISCONNECTED' && OVER_ATTEMPTS.includes(Number(details.reason));
    return overAttempts && this.#attempts.length > 0 ? this.#failure(error) : error;
  }

  async #attempt(method: AuthMethod): Promise<boolean> {
    const before = this.#attempts.length;
    this.#mayComeEarly = method.chatty === true;
    this.#early = [];
    const outcome = await method.attempt(this.#context());
    this.#options.log.event({ kind: 'auth', method: method.label, outcome: describe(outcome) });
    if (outcome.kind === 'success') return true;
    this.#allowed = outcome.allowed;
    this.#partial ||= outcome.partial;
    if (this.#attempts.length === before) this.#attempts.push(describeAttempt(method.label, outcome));
    return false;
  }

  #context(): AuthContext {
    const { user, log, deadline } = this.#options;
    return {
      user,
      log,
      allowed: this.#allowed,
      sessionId: this.#transport.sessionId,
      gssContext: this.#transport.gssContext,
      hostKeyProof: this.#transport.hostKeyProof,
      hostBound: this.#transport.peerTakesHostBound ? this.#transport.hostKeyProof?.hostKey : undefined,
      signatureAlgorithms: this.#transport.peerSignatureAlgorithms,
      request: (method, specific) => {
        if (++this.#requests > LIMITS.authAttempts.value) throw this.#failure();
        const request = { user, service: 'ssh-connection', method, specific };
        return this.#exchange(encode(USERAUTH.SSH_MSG_USERAUTH_REQUEST, request));
      },
      answer: (payload) => this.#exchange(payload),
      send: (payload) => this.#transport.send(payload),
      receive: () => this.#receive(),
      outcome: readOutcome,
      note: (label, outcome, algorithm) => this.#attempts.push(describeAttempt(label, outcome, algorithm)),
      askPerson: async (ask) => {
        deadline.pause();
        try {
          return await ask();
        } finally {
          deadline.resume();
        }
      },
      serverTurn: async (wait) => {
        deadline.resume();
        try {
          return await wait();
        } finally {
          deadline.pause();
        }
      },
    };
  }

  #exchange(payload: Uint8Array): Promise<Uint8Array> {
    const reply = this.#receive();
    if (this.#transport.error === undefined) this.#transport.send(payload);
    return reply;
  }

  #receive(): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const early = this.#early.shift();
      const dead = this.#transport.error;
      if (early !== undefined) resolve(early);
      else if (dead !== undefined) reject(dead);
      else this.#waiter = { resolve, reject };
    });
  }

  #deliver(payload: Uint8Array): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter !== undefined) waiter.resolve(Uint8Array.from(payload));
    else if (this.#early.length >= LIMITS.authAttempts.value)
      throw new WherryError('SSH_PROTOCOL', 'the server sends one login message after the other');
    else this.#early.push(Uint8Array.from(payload));
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

  #failure(hungUp?: WherryError): WherryError {
    const tried = this.#attempts.map(({ method, algorithm, outcome }) => {
      const told = algorithm === undefined || method.includes(`(${algorithm} `);
      const by = told ? method : `${method} with ${algorithm}`;
      return outcome === 'accepted' ? `${by}: accepted, more needed` : by;
    });
    const allowed = this.#allowed;
    const what =
      tried.length === 0 ? 'no credential fits what the server asks for' : `tried ${tried.join(', ')}`;
    const more = this.#partial ? '; a further factor is needed' : '';
    const end =
      hungUp === undefined
        ? `the server accepts ${allowed.join(', ') || 'nothing more'}`
        : `the server hung up: ${hungUp.details.serverMessage || 'no reason given'}`;
    const text = `login refused: ${what}${more}; ${end}`;
    const details = { tried, allowed, partialSuccess: this.#partial, attempts: [...this.#attempts] };
    return new WherryError('AUTH_FAILED', text, { ...hungUp?.details, phase: 'login', ...details }, hungUp);
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
