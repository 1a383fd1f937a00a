/** The client's side of a gss-* key exchange (RFC 4462 section 2, RFC 8732). */
import { WherryError } from '../../base/errors.ts';
import { checkLimit } from '../../base/limits.ts';
import { sanitize } from '../../base/text.ts';
import type { GssContext } from '../crypto/gss/gss-context.ts';
import type { GssKexRow } from '../crypto/gss-key-exchanges.ts';
import { checkGroup } from '../crypto/kex/gex.ts';
import { groupAgreement } from '../crypto/key-exchanges.ts';
import { decode } from '../wire/message.ts';
import { KEX_GSS } from '../wire/messages.ts';
import { WireReader } from '../wire/reader.ts';
import { WireWriter } from '../wire/writer.ts';
import {
  encodeSecret,
  groupBits,
  hashExchange,
  hashedGroup,
  type KexChannel,
  type KexResult,
} from './key-exchange.ts';

/**
 * Exchanges keys and establishes `gss` at the same time: the server proves itself by a code over the exchange hash,
 * which takes the place of a host key's signature.
 */
export async function agreeByGss(row: GssKexRow, channel: KexChannel, gss: GssContext): Promise<KexResult> {
  const group = row.family === 'gex' ? await askForGroup(row, channel) : undefined;
  const value = row.family === 'ecdh' ? 'string' : 'mpint';
  const initiator = await (group?.agreement ?? row.agreement!).initiate(channel.random);
  const first = await gss.step();
  if (first.token === undefined) throw new WherryError('SSH_KEY_EXCHANGE', 'Kerberos gave nothing to send');
  const init = new WireWriter(2048).u8(KEX_GSS.SSH_MSG_KEXGSS_INIT.number).string(first.token);
  channel.send(init[value](initiator.publicValue).finish());

  const { hostKey, reader } = await converse(channel, gss, first.complete);
  const serverPublic = reader[value]();
  const mic = reader.string();
  if (reader.bool()) await finish(gss, reader.string());
  if (!gss.isMutual || !gss.hasIntegrity)
    throw new WherryError('SSH_KEY_EXCHANGE', 'Kerberos has not proved who the server is');

  const secret = encodeSecret(row, initiator.finish(serverPublic));
  const exchangeHash = hashExchange(row, channel, {
    hostKey,
    extra: group?.hashed,
    clientPublic: initiator.publicValue,
    serverPublic,
    secret,
  });
  if (!gss.verifyMic(exchangeHash, mic))
    throw new WherryError(
      'SSH_KEY_EXCHANGE',
      'the server cannot prove by Kerberos that it did this key exchange',
    );
  return { secret, exchangeHash, hostKey, signature: mic };
}

interface Completed {
  /** Empty where the server has shown none. */
  readonly hostKey: Uint8Array;
  /** At the server's public value. */
  readonly reader: WireReader;
}

/** Tokens there and back until the server is content. */
async function converse(channel: KexChannel, gss: GssContext, complete: boolean): Promise<Completed> {
  let hostKey: Uint8Array = new Uint8Array(0);
  for (let round = 1; ; round++) {
    checkLimit('authAttempts', round);
    const payload = await channel.receive();
    switch (payload[0]) {
      case KEX_GSS.SSH_MSG_KEXGSS_HOSTKEY.number:
        hostKey = Uint8Array.from(decode(KEX_GSS.SSH_MSG_KEXGSS_HOSTKEY, payload).hostKey);
        break;
      case KEX_GSS.SSH_MSG_KEXGSS_CONTINUE.number: {
        if (complete) throw new WherryError('SSH_PROTOCOL', 'a token of Kerberos after the last one');
        const step = await gss.step(decode(KEX_GSS.SSH_MSG_KEXGSS_CONTINUE, payload).token);
        complete = step.complete;
        const next = new WireWriter().u8(KEX_GSS.SSH_MSG_KEXGSS_CONTINUE.number);
        if (step.token !== undefined) channel.send(next.string(step.token).finish());
        break;
      }
      case KEX_GSS.SSH_MSG_KEXGSS_ERROR.number: {
        const { major, text } = decode(KEX_GSS.SSH_MSG_KEXGSS_ERROR, payload);
        const serverMessage = sanitize(text);
        const details = { gssStatus: major, serverMessage };
        throw new WherryError('GSSAPI_FAILED', `Kerberos failed at the server: ${serverMessage}`, details);
      }
      case KEX_GSS.SSH_MSG_KEXGSS_COMPLETE.number:
        return { hostKey, reader: new WireReader(payload, 1, 'KEXGSS_COMPLETE') };
      default:
        throw new WherryError('SSH_PROTOCOL', `message ${payload[0]} in a gss key exchange`);
    }
  }
}

async function finish(gss: GssContext, token: Uint8Array): Promise<void> {
  const { complete } = await gss.step(token);
  if (!complete)
    throw new WherryError('SSH_KEY_EXCHANGE', 'the server ended the exchange before Kerberos did');
}

async function askForGroup(row: GssKexRow, channel: KexChannel) {
  const bits = channel.groupBits ?? groupBits();
  const request = new WireWriter().u8(KEX_GSS.SSH_MSG_KEXGSS_GROUPREQ.number);
  channel.send(request.u32(bits.min).u32(bits.preferred).u32(bits.max).finish());
  const group = decode(KEX_GSS.SSH_MSG_KEXGSS_GROUP, await channel.receive());
  checkGroup(group, bits);
  return { agreement: groupAgreement(group, row.hash), hashed: hashedGroup(bits, group) };
}
