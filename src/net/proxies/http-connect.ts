import { isIP } from 'node:net';
import { WherryError } from '../../base/errors.ts';
import { sanitize } from '../../base/text.ts';
import type { Conversation } from './conversation.ts';
import { answerChallenge, type Challenge, readChallenges } from './http-login.ts';
import type { ProxyRetry, ProxyServer, ProxyTarget } from './proxy.ts';

/** 407; tinyproxy 1.11 says 401 to a wrong password. */
const LOGIN_WANTED = [407, 401];

/** HTTP CONNECT, RFC 9110 section 9.3.6. */
export async function askHttp(
  talk: Conversation,
  target: ProxyTarget,
  proxy: ProxyServer,
  retry: ProxyRetry | undefined,
): Promise<ProxyRetry | undefined> {
  const authority = `${isIP(target.host) === 6 ? `[${target.host}]` : target.host}:${target.port}`;
  if (/[\s\u0000-\u001f]/.test(authority))
    throw new WherryError('INVALID_ARGUMENT', 'the host name holds a blank');
  const authorization =
    retry?.authorization ??
    (proxy.auth === 'basic' ? answerChallenge({ scheme: 'basic', values: {} }, proxy, authority) : undefined);
  const lines = [
    `CONNECT ${authority} HTTP/1.1`,
    `Host: ${authority}`,
    ...(authorization === undefined ? [] : [`Proxy-Authorization: ${authorization}`]),
  ];
  talk.say(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'utf8'));

  const head = Buffer.from(await talk.readUntil('\r\n\r\n')).toString('latin1');
  const [, code, reason = ''] = /^HTTP\/1\.[01] (\d{3})(?: ([^\r\n]*))?\r\n/.exec(head) ?? [];
  if (code === undefined) {
    throw new WherryError('PROXY_FAILED', `the answer is not HTTP: ${sanitize(head, 80)}`);
  }
  if (code.startsWith('2')) return undefined;
  const status = Number(code);
  const serverMessage = sanitize(reason, 120);
  if (!LOGIN_WANTED.includes(status)) {
    throw new WherryError('PROXY_FAILED', `it answers ${status} ${serverMessage}`, {
      reason: status,
      serverMessage,
    });
  }
  return { authorization: login(readChallenges(head), proxy, authority, authorization !== undefined) };
}

/** What to answer to the proxy's challenges; PROXY_AUTH_FAILED where there is nothing left to say. */
function login(
  challenges: readonly Challenge[],
  proxy: ProxyServer,
  authority: string,
  hasTried: boolean,
): string {
  const theirs = challenges.map(({ scheme }) => sanitize(scheme, 40));
  const failed = (text: string): WherryError => new WherryError('PROXY_AUTH_FAILED', text, { theirs });
  if (proxy.username === undefined) throw failed('the proxy wants a login, and none was given');
  const isStale = challenges.some(({ values }) => values.stale?.toLowerCase() === 'true');
  if (hasTried && !isStale) throw failed('the proxy refuses the user name or the password');
  for (const scheme of proxy.auth === 'basic' || proxy.auth === 'digest'
    ? [proxy.auth]
    : ['digest', 'basic']) {
    for (const challenge of challenges.filter((one) => one.scheme === scheme)) {
      const answer = answerChallenge(challenge, proxy, authority);
      if (answer !== undefined) return answer;
    }
  }
  throw failed(`the proxy takes none of our ways to log in; it offers ${theirs.join(', ') || 'nothing'}`);
}
