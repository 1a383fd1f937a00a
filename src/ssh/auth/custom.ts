import { WherryError } from '../../base/errors.ts';
import { TRANSPORT } from '../wire/messages.ts';
import type { AuthContext, AuthMethod, AuthOutcome } from './method.ts';

/** The login as a caller sees it that speaks it by itself. Packets are payloads: the message number, then its fields. */
export interface CustomLogin {
  readonly username: string;
  /** What signatures cover (RFC 4252 section 7). */
  readonly sessionId: Uint8Array;
  /** The last packet of the server's: SSH_MSG_SERVICE_ACCEPT (6) at first, where the login begins with this method. */
  readonly last: Uint8Array;
  /** Sends a packet numbered 50 to 79. */
  send(packet: Uint8Array): void;
  /** The server's next packet, 51 to 79; banners go to `onBanner`. */
  receive(): Promise<Uint8Array>;
}

/** Speaks the whole login; returns when the server has sent SSH_MSG_USERAUTH_SUCCESS (52), or to give up. */
export type CustomLoginHandler = (login: CustomLogin) => void | Promise<void>;

const FIRST = 50;
const LAST = 79;

/** The caller's own method. What it sends is not looked into, except that it must be a message of the login. */
export function customMethod(speak: CustomLoginHandler): AuthMethod {
  return {
    name: 'custom',
    label: 'custom',
    chatty: true,
    async attempt(context: AuthContext): Promise<AuthOutcome> {
      let last: Uint8Array = Uint8Array.of(TRANSPORT.SSH_MSG_SERVICE_ACCEPT.number);
      let outcome: AuthOutcome | undefined;
      const login: CustomLogin = {
        username: context.user,
        sessionId: Uint8Array.from(context.sessionId),
        get last() {
          return last;
        },
        send(packet) {
          const number = packet[0];
          if (number === undefined || number < FIRST || number > LAST)
            throw new WherryError('INVALID_ARGUMENT', `a login packet is numbered 50 to 79, not ${number}`);
          if (outcome?.kind !== 'success') context.send(packet);
        },
        async receive() {
          if (outcome?.kind === 'success') throw new WherryError('CLOSED', 'the login has succeeded');
          last = await context.serverTurn(() => context.receive());
          outcome = context.outcome(last);
          return last;
        },
      };
      await context.askPerson(() => speak(login));
      return outcome ?? { kind: 'failure', allowed: context.allowed, partial: false };
    },
  };
}
