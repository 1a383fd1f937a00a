import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '../../../src/base/limits.ts';
import { encodePublicKey } from '../../../src/ssh/keys/public-key.ts';
import {
  formatKnownHostsLine,
  hostTarget,
  type KnownHostsEntry,
  matchesHost,
  parseKnownHostsLine,
} from '../../../src/ssh/trust/known-hosts-line.ts';

const blob = encodePublicKey(generateKeyPairSync('ed25519').publicKey);
const KEY = `ssh-ed25519 ${Buffer.from(blob).toString('base64')}`;

function entry(line: string): KnownHostsEntry {
  const parsed = parseKnownHostsLine(line);
  assert.ok(parsed.kind === 'entry', JSON.stringify(parsed));
  return parsed;
}

const MATCHES: readonly [names: string, host: string, port: number, matches: boolean][] = [
  ['example.com', 'example.com', 22, true],
  ['example.com', 'EXAMPLE.Com', 22, true],
  ['EXAMPLE.com', 'example.com', 22, true],
  ['example.com', 'example.com', 2222, false],
  ['[example.com]:2222', 'example.com', 2222, true],
  ['[example.com]:2222', 'example.com', 22, false],
  ['[example.com]:22', 'example.com', 22, false],
  ['[example.com]:2222', 'example.com', 222, false],
  ['example.com,10.0.0.1', '10.0.0.1', 22, true],
  ['*.example.com', 'a.example.com', 22, true],
  ['*.example.com,!bad.example.com', 'bad.example.com', 22, false],
  ['!bad.example.com,*.example.com', 'bad.example.com', 22, false],
  ['!bad.example.com,*.example.com', 'good.example.com', 22, true],
  ['!bad.example.com', 'good.example.com', 22, false],
  ['host?', 'host1', 22, true],
  ['host?', 'host', 22, false],
  ['[*.example.com]:*', 'a.example.com', 8022, true],
  ['*', 'anything', 22, true],
  ['::1', '::1', 22, true],
  ['[::1]:2222', '::1', 2222, true],
  ['fe80::1%eth0', 'fe80::1%eth0', 22, true],
  ['', 'x', 22, false],
];
for (const [names, host, port, matches] of MATCHES) {
  if (names === '') continue;
  test(`"${names}" ${matches ? 'covers' : 'does not cover'} ${host} port ${port}`, () => {
    assert.equal(matchesHost(entry(`${names} ${KEY}`).names, hostTarget(host, port)), matches);
  });
}

test('the parts of a line', () => {
  const plain = entry(`\t host ${KEY}   a comment with spaces `);
  assert.equal(plain.marker, 'none');
  assert.equal(plain.keyType, 'ssh-ed25519');
  assert.deepEqual(new Uint8Array(plain.blob), new Uint8Array(blob));
  assert.equal(plain.comment, 'a comment with spaces ');
  assert.equal(entry(`@revoked * ${KEY}`).marker, 'revoked');
  assert.equal(entry(`@cert-authority\t*.example.com\t${KEY}`).marker, 'cert-authority');
});

test('blank lines and comments', () => {
  for (const line of ['', '   ', '\t', '#', `# host ${KEY}`, `  # host ${KEY}`]) {
    assert.equal(parseKnownHostsLine(line).kind, 'blank');
  }
});

const IGNORED: readonly [line: string, why: RegExp][] = [
  [`@unknown host ${KEY}`, /marker @unknown/],
  [`@Revoked host ${KEY}`, /marker/],
  [`@revoked @cert-authority host ${KEY}`, /./],
  ['@revoked', /./],
  ['host', /base64/],
  ['host ssh-ed25519', /base64/],
  ['host ssh-ed25519 %%%%', /base64/],
  ['host 1024 35 1234567890', /./],
  [`host ssh-rsa ${KEY.split(' ')[1]}`, /not of type ssh-rsa/],
  [`host\u00a0${KEY}`, /./],
  [`host\u000b${KEY}`, /./],
  [`host\u000c${KEY} x`, /./],
  [`|1|AAAA|AAAA ${KEY}`, /hashed/],
  [`|2|${Buffer.alloc(20).toString('base64')}|${Buffer.alloc(20).toString('base64')} ${KEY}`, /hashed/],
  [`|1|${Buffer.alloc(20).toString('base64')} ${KEY}`, /hashed/],
  [`host ${KEY} ${'x'.repeat(LIMITS.knownHostsLineBytes.value)}`, /long/],
];
for (const [line, why] of IGNORED) {
  test(`ignored: ${line.slice(0, 50)}`, () => {
    const parsed = parseKnownHostsLine(line);
    assert.ok(parsed.kind === 'ignored', parsed.kind);
    assert.match(parsed.why, why);
  });
}

test('a formatted line reads back, plain and hashed', () => {
  const salt = Buffer.alloc(20, 7);
  for (const line of [
    formatKnownHostsLine('[host]:2222', 'ssh-ed25519', blob),
    formatKnownHostsLine('[host]:2222', 'ssh-ed25519', blob, salt),
  ]) {
    const back = entry(line);
    assert.ok(matchesHost(back.names, hostTarget('HOST', 2222)));
    assert.ok(!matchesHost(back.names, hostTarget('host', 22)));
  }
  assert.ok(!formatKnownHostsLine('secret.example', 'ssh-ed25519', blob, salt).includes('secret'));
});

test('any line parses to something', () => {
  const piece = fc.constantFrom(
    '@revoked',
    'host',
    '|1|',
    '|',
    ' ',
    '\t',
    '#',
    '!',
    '*',
    'ssh-ed25519',
    'AAAA',
    '\u0000',
    KEY,
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 8 }), (parts) => {
      const parsed = parseKnownHostsLine(parts.join(''));
      if (parsed.kind === 'entry') matchesHost(parsed.names, 'host');
    }),
    { numRuns: 500 },
  );
});
