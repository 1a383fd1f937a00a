import { sameBytes } from '../base/bytes.ts';
import { WherryError } from '../base/errors.ts';
import { plainAlgorithm } from '../ssh/auth/certified-key.ts';
import { isSignatureName, verifySignature } from '../ssh/crypto/signatures.ts';
import type { PublicKey } from '../ssh/keys/public-key.ts';
import type { Transport } from '../ssh/transport/transport.ts';
import { decode, encode, type MessageOf } from '../ssh/wire/message.ts';
import { AUTH_KEYBOARD, AUTH_PASSWORD, AUTH_PUBLICKEY, TRANSPORT, USERAUTH } from '../ssh/wire/messages.ts';
import { WireReader } from '../ssh/wire/reader.ts';
import { WireWriter } from '../ssh/wire/writer.ts';
import { acceptedKey } from './accepted-key.ts';

/** One round of a keyboard-interactive login: what is asked, and the answers that let it go on. */
export interface KeyboardRound {
  readonly name?: string;
  readonly instruction?: string;
  readonly prompts: readonly { readonly text: string; readonly echo: boolean }[];
  readonly answers: readonly string[];
}

/** What a user may come in with. */
export interface ServerUser {
  /** Method none is enough. */
  readonly none?: boolean;
  readonly password?: string;
  /** Answers the right password with this prompt for a new one. */
  readonly passwordExpired?: string;
  /** The new password that is taken; any other is asked for again. Without it none is. */
  readonly newPassword?: string;
  /** The client's host key, and the host and user it may vouch for. */
  readonly hostbased?: { readonly key: PublicKey; readonly host: string; readonly user: string };
  readonly publicKeys?: readonly PublicKey[];
  /** Keys of CAs: a certificate of one of them that names the user is as good as a key. */
  readonly authorities?: readonly PublicKey[];
  readonly keyboard?: readonly KeyboardRound[];
  /** Sequences of methods, each of which must succeed in turn; without them any one method is enough. */
  readonly chains?: readonly (readonly string[])[];
}

export interface LoginPolicyOptions {
  readonly users: Readonly<Record<string, ServerUser>>;
  readonly banner?: string;
  /** Requests after which the server hangs up, method none included. Default 20. */
  readonly maxAttempts?: number;
  /** Names added to every list of methods that can continue. */
  readonly extraMethods?: readonly string[];
}

/** What a client tried; `secret` is the password or the answers, in the clear. */
export interface SeenAttempt {
  readonly user: string;
  readonly method: string;
  readonly secret?: string;
  readonly algorithm?: string;
  /** A public key request without a signature. */
  readonly probe?: boolean;
}

type Request = MessageOf<typeof USERAUTH.SSH_MSG_USERAUTH_REQUEST>;

/** The server's side of RFC 4252 and RFC 4256. */
export class LoginPolicy {
  readonly seen: SeenAttempt[] = [];
  /** Who has logged in. */
  user: string | undefined;
  readonly #transport: Transport;
  readonly #options: LoginPolicyOptions;
  #done: string[] = [];
  #bannerSent = false;
  #keyboard: { user: string; round: number } | undefined;

  constructor(transport: Transport, options: LoginPolicyOptions) {
    this.#transport = transport;
    this.#options = options;
  }

  onMessage(payload: Uint8Array): void {
    switch (payload[0]) {
      case TRANSPORT.SSH_MSG_SERVICE_REQUEST.number: {
        const { service } = decode(TRANSPORT.SSH_MSG_SERVICE_REQUEST, payload);
        this.#transport.send(encode(TRANSPORT.SSH_MSG_SERVICE_ACCEPT, { service }));
        this.#transport.enter('serverAuth');
        return;
      }
      case USERAUTH.SSH_MSG_USERAUTH_REQUEST.number:
        this.#onRequest(decode(USERAUTH.SSH_MSG_USERAUTH_REQUEST, payload));
        return;
      case AUTH_KEYBOARD.SSH_MSG_USERAUTH_INFO_RESPONSE.number:
        this.#onAnswers(payload);
        return;
      default:
        throw new WherryError('SSH_PROTOCOL', `the server has no use for login message ${payload[0]}`);
    }
  }

  #onRequest(request: Request): void {
    const { banner, maxAttempts = 20, users } = this.#options;
    if (this.seen.length >= maxAttempts) throw new WherryError('AUTH_FAILED', 'too many login attempts');
    this.#keyboard = undefined;
    if (banner !== undefined && !this.#bannerSent) {
      this.#bannerSent = true;
      this.#transport.send(encode(USERAUTH.SSH_MSG_USERAUTH_BANNER, { message: banner }));
    }
    const user = Object.hasOwn(users, request.user) ? users[request.user]! : {};
    const allowed = this.#allowed(user);
    switch (request.method) {
      case 'password':
        this.#onPassword(request, user, allowed);
        return;
      case 'publickey':
        this.#onPublicKey(request, user, allowed);
        return;
      case 'hostbased':
        this.#onHostbased(request, user, allowed);
        return;
      case 'keyboard-interactive':
        this.seen.push({ user: request.user, method: request.method });
        if (!allowed.includes(request.method) || user.keyboard === undefined)
          this.#answer(request.user, user, undefined);
        else this.#ask(request.user, user, 0);
        return;
      default:
        this.seen.push({ user: request.user, method: request.method });
        this.#answer(request.user, user, request.method === 'none' && user.none ? 'none' : undefined);
    }
  }

  #onPassword(request: Request, user: ServerUser, allowed: readonly string[]): void {
    const reader = new WireReader(request.specific);
    const changing = reader.bool();
    const password = reader.text();
    const next = changing ? reader.text() : undefined;
    this.seen.push({ user: request.user, method: 'password', secret: next ?? password });
    const right = allowed.includes('password') && user.password === password;
    const done = next === undefined ? user.passwordExpired === undefined : next === user.newPassword;
    if (right && !done) {
      this.#transport.send(
        encode(AUTH_PASSWORD.SSH_MSG_USERAUTH_PASSWD_CHANGEREQ, { prompt: user.passwordExpired ?? '' }),
      );
    } else this.#answer(request.user, user, right ? 'password' : undefined);
  }

  #onHostbased(request: Request, user: ServerUser, allowed: readonly string[]): void {
    const reader = new WireReader(request.specific);
    const algorithm = reader.text();
    const blob = reader.string();
    const [host, clientUser] = [reader.text(), reader.text()];
    const covered = request.specific.subarray(0, reader.position);
    this.seen.push({ user: request.user, method: 'hostbased', algorithm });
    const { hostbased } = user;
    const known =
      allowed.includes('hostbased') &&
      hostbased !== undefined &&
      sameBytes(hostbased.key.blob, blob) &&
      hostbased.host === host &&
      hostbased.user === clientUser;
    const data = new WireWriter().string(this.#transport.sessionId).u8(50).text(request.user);
    data.text(request.service).text('hostbased').raw(covered);
    const valid =
      known &&
      isSignatureName(algorithm) &&
      verifySignature(algorithm, hostbased.key.key, data.finish(), reader.string());
    this.#answer(request.user, user, valid ? 'hostbased' : undefined);
  }

  #onPublicKey(request: Request, user: ServerUser, allowed: readonly string[]): void {
    const reader = new WireReader(request.specific);
    const signed = reader.bool();
    const algorithm = reader.text();
    const blob = reader.string();
    this.seen.push({ user: request.user, method: 'publickey', algorithm, probe: !signed });
    const key = acceptedKey(request.user, user, blob);
    const signature = plainAlgorithm(algorithm);
    if (!allowed.includes('publickey') || key === undefined || !isSignatureName(signature)) {
      this.#answer(request.user, user, undefined);
    } else if (!signed) {
      this.#transport.send(encode(AUTH_PUBLICKEY.SSH_MSG_USERAUTH_PK_OK, { algorithm, key: blob }));
    } else {
      const data = new WireWriter().string(this.#transport.sessionId).u8(50).text(request.user);
      data.text(request.service).text('publickey').bool(true).text(algorithm).string(blob);
      const valid = verifySignature(signature, key.key, data.finish(), reader.string(), key.application);
      this.#answer(request.user, user, valid ? 'publickey' : undefined);
    }
  }

  #ask(name: string, user: ServerUser, round: number): void {
    const next = user.keyboard?.[round];
    if (next === undefined) {
      this.#answer(name, user, 'keyboard-interactive');
      return;
    }
    this.#keyboard = { user: name, round };
    const prompts = new WireWriter();
    for (const { text, echo } of next.prompts) prompts.text(text).bool(echo);
    this.#transport.send(
      encode(AUTH_KEYBOARD.SSH_MSG_USERAUTH_INFO_REQUEST, {
        name: next.name ?? '',
        instruction: next.instruction ?? '',
        language: '',
        count: next.prompts.length,
        prompts: prompts.finish(),
      }),
    );
  }

  #onAnswers(payload: Uint8Array): void {
    const state = this.#keyboard;
    if (state === undefined) throw new WherryError('SSH_PROTOCOL', 'answers to no question');
    this.#keyboard = undefined;
    const user = this.#options.users[state.user]!;
    const { count, responses } = decode(AUTH_KEYBOARD.SSH_MSG_USERAUTH_INFO_RESPONSE, payload);
    const reader = new WireReader(responses);
    const answers = Array.from({ length: count }, () => reader.text());
    reader.end();
    this.seen.push({ user: state.user, method: 'answers', secret: answers.join('\n') });
    const wanted = user.keyboard![state.round]!.answers;
    if (answers.join('\n') === wanted.join('\n')) this.#ask(state.user, user, state.round + 1);
    else this.#answer(state.user, user, undefined);
  }

  /** `succeeded` is the method that has just succeeded, if one has. */
  #answer(name: string, user: ServerUser, succeeded: string | undefined): void {
    if (succeeded !== undefined) this.#done.push(succeeded);
    const complete =
      succeeded !== undefined &&
      (user.chains === undefined || user.chains.some((chain) => chain.join() === this.#done.join()));
    if (complete) {
      this.user = name;
      this.#transport.send(encode(USERAUTH.SSH_MSG_USERAUTH_SUCCESS, {}));
      this.#transport.enter('open');
      return;
    }
    const methods = [...this.#allowed(user), ...(this.#options.extraMethods ?? [])];
    this.#transport.send(
      encode(USERAUTH.SSH_MSG_USERAUTH_FAILURE, { methods, partialSuccess: succeeded !== undefined }),
    );
  }

  /** The methods that can continue. */
  #allowed(user: ServerUser): string[] {
    if (user.chains !== undefined) {
      const done = this.#done;
      const open = user.chains.filter((chain) => done.every((method, i) => chain[i] === method));
      return [...new Set(open.map((chain) => chain[done.length]!))];
    }
    const methods: string[] = [];
    if ((user.publicKeys ?? user.authorities) !== undefined) methods.push('publickey');
    if (user.password !== undefined) methods.push('password');
    if (user.hostbased !== undefined) methods.push('hostbased');
    if (user.keyboard !== undefined) methods.push('keyboard-interactive');
    return methods;
  }
}
