import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HostKeyVerifier, knownHostsText } from '../../src/index.ts';
import { parsePublicKeyLine } from '../../src/keys.ts';
import { HOST_LINE } from './support/documents.ts';

const { publicKey: key } = parsePublicKeyLine(HOST_LINE);
const OTHER = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4Q1Jb7kWfXU7P2bVYDoQ2EpzqH1eTH8i0fY6lQ3Yxv';
/** `b` in known_hosts hashed with a salt of 20 zero bytes, as `ssh-keygen -H` does it. */
const hashed = (salt: string, hash: string): string => `|1|${salt}|${hash} ${HOST_LINE}`;

async function verdict(trust: HostKeyVerifier, host = 'h.example', port = 22): Promise<string> {
  const decision = await trust.verify({ host, port, key, algorithm: 'ssh-ed25519', fingerprint: 'SHA256:x' });
  return decision.accept ? 'accept' : decision.code;
}

test('lines with and without a host, comments, several lines, ports', async () => {
  const cases: [text: string, port: number, verdict: string][] = [
    [HOST_LINE, 22, 'accept'],
    [`  ${HOST_LINE} me@there  `, 2022, 'accept'],
    [`# x\r\n\r\n${HOST_LINE}\r\n`, 22, 'accept'],
    [`h.example ${HOST_LINE}`, 22, 'accept'],
    [`H.Example,1.2.3.4 ${HOST_LINE}`, 22, 'accept'],
    [`*.example,!h.example ${HOST_LINE}`, 22, 'HOST_KEY_UNKNOWN'],
    [`h.example ${HOST_LINE}`, 2022, 'accept'],
    [`[h.example]:2022 ${HOST_LINE}`, 2022, 'accept'],
    [`[h.example]:2022 ${HOST_LINE}`, 22, 'HOST_KEY_UNKNOWN'],
    [`h.example ${OTHER}`, 2022, 'HOST_KEY_UNKNOWN'],
    [`[h.example]:2022 ${OTHER}\nh.example ${HOST_LINE}`, 2022, 'HOST_KEY_CHANGED'],
    [`g.example ${HOST_LINE}`, 22, 'HOST_KEY_UNKNOWN'],
    [OTHER, 22, 'HOST_KEY_CHANGED'],
    [`${OTHER}\n${HOST_LINE}`, 22, 'accept'],
    [`@revoked * ${HOST_LINE}\n${HOST_LINE}`, 22, 'HOST_KEY_REVOKED'],
    [`@cert-authority * ${HOST_LINE}\n${OTHER}`, 22, 'HOST_KEY_CHANGED'],
    [`${hashed('AAAAAAAAAAAAAAAAAAAAAAAAAAA=', 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=')}`, 22, 'HOST_KEY_UNKNOWN'],
  ];
  for (const [text, port, expected] of cases) {
    const trust = knownHostsText(text);
    assert.equal(await verdict(trust, 'h.example', port), expected, text);
    const types = (await trust.keyTypes?.('h.example', port)) ?? [];
    if (text !== `h.example ${OTHER}`) assert.equal(types.length > 0, expected !== 'HOST_KEY_UNKNOWN', text);
  }
});

test('a text without a usable line is refused at once', () => {
  const bad = [
    '',
    '\n\n',
    '# only a comment',
    'h.example',
    'ssh-ed25519',
    'ssh-ed25519 AAAA',
    `ssh-rsa ${HOST_LINE.split(' ')[1]}`,
  ];
  bad.push(`@revoked * ${HOST_LINE}`, 'h.example ssh-ed25519 !!!');
  for (const text of bad) assert.throws(() => knownHostsText(text), { code: 'INVALID_ARGUMENT' }, text);
});
