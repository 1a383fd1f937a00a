import { WherryError } from '../../base/errors.ts';
import type { Negotiated, NegotiatedDirection } from './negotiate.ts';

interface StrictKexRow {
  /** Whether our first KEXINIT carries the marker. */
  readonly offered: boolean;
  /** What happens where the peer does not do it. */
  readonly withoutPeer: 'goOn' | 'refuseAffected' | 'fail';
}

/**
 * How strictly strict key exchange is asked for: the defence against prefix truncation (Terrapin, CVE-2023-48795;
 * OpenSSH PROTOCOL section 1.10). It works only where both sides do it.
 */
export const STRICT_KEX_LEVELS = {
  off: { offered: false, withoutPeer: 'goOn' },
  offer: { offered: true, withoutPeer: 'goOn' },
  protect: { offered: true, withoutPeer: 'refuseAffected' },
  require: { offered: true, withoutPeer: 'fail' },
} as const;
STRICT_KEX_LEVELS satisfies Record<string, StrictKexRow>;

export type StrictKexLevel = keyof typeof STRICT_KEX_LEVELS;

/** chacha20-poly1305, and CBC under an encrypt-then-MAC tag: what was shown to lose packets unseen. */
export function isTerrapinAffected({ cipher, mac }: NegotiatedDirection): boolean {
  return cipher.terrapin && (cipher.aead || mac?.etm === true);
}

/** Throws SSH_NEGOTIATION where the level does not allow to go on with a peer that is not strict. */
export function checkStrictKex(level: StrictKexLevel, negotiated: Negotiated): void {
  const { withoutPeer } = STRICT_KEX_LEVELS[level];
  if (withoutPeer === 'goOn') return;
  const text = 'the server does not do strict key exchange';
  if (withoutPeer === 'fail') {
    throw new WherryError('SSH_NEGOTIATION', `${text}, and it is required`, { phase: 'strict key exchange' });
  }
  for (const direction of [negotiated.clientToServer, negotiated.serverToClient]) {
    if (!isTerrapinAffected(direction)) continue;
    const { cipherName, macName } = direction;
    const pair = macName === undefined ? cipherName : `${cipherName} with ${macName}`;
    throw new WherryError('SSH_NEGOTIATION', `${text}, and without it ${pair} is open to truncation`, {
      phase: 'strict key exchange',
      theirs: [pair],
    });
  }
}
