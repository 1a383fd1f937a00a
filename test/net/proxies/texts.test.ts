/** How proxies are named: URLs and the environment; and the answers to their challenges. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { proxyFromEnvironment } from '../../../src/net/proxies/from-environment.ts';
import { answerChallenge, readChallenges } from '../../../src/net/proxies/http-login.ts';
import { parseProxyUrl } from '../../../src/net/proxies/proxy-url.ts';

test('proxy URLs', () => {
  for (const [text, wanted] of [
    ['http://proxy', { type: 'http', host: 'proxy' }],
    ['proxy:3128', { type: 'http', host: 'proxy', port: 3128 }],
    ['HTTPS://proxy:8443/', { type: 'https', host: 'proxy', port: 8443 }],
    ['socks4a://u@127.0.0.1:9', { type: 'socks4a', host: '127.0.0.1', port: 9, username: 'u' }],
    [
      'socks5h://u:p%40%3a@[::1]:1080',
      { type: 'socks5', host: '::1', port: 1080, username: 'u', password: 'p@:' },
    ],
    ['socks://h', { type: 'socks5', host: 'h' }],
  ] as const) {
    assert.deepEqual(parseProxyUrl(text), wanted, text);
  }
  for (const text of [
    'ftp://secret@h',
    'http://',
    'http://secret:%zz@h',
    'socks5://h/secret',
    'http://h?secret',
    'h:99999',
  ]) {
    assert.throws(
      () => parseProxyUrl(text),
      (error: Error & { code: string }) =>
        error.code === 'INVALID_ARGUMENT' && !error.message.includes('secret'),
      text,
    );
  }
});

const target = { host: 'files.example.com', port: 22 };

test('the environment: which variable counts', () => {
  for (const [environment, host] of [
    [{}, undefined],
    [{ ALL_PROXY: 'socks5://a', HTTPS_PROXY: 'http://b' }, 'a'],
    [{ HTTPS_PROXY: 'http://b' }, 'b'],
    [{ https_proxy: 'http://c', HTTPS_PROXY: 'http://b' }, 'c'],
    [{ ALL_PROXY: '', HTTPS_PROXY: 'b:3128' }, 'b'],
    [{ HTTP_PROXY: 'http://b' }, undefined],
  ] as const) {
    assert.equal(proxyFromEnvironment(target, environment)?.host, host, JSON.stringify(environment));
  }
});

test('NO_PROXY: names, what is below them, addresses, networks, ports', () => {
  for (const [list, host, isExcepted] of [
    ['*', 'anything', true],
    ['example.com', 'files.example.com', true],
    ['.example.com', 'files.example.com', true],
    ['*.example.com', 'files.example.com', true],
    ['EXAMPLE.com.', 'files.example.COM', true],
    ['ample.com', 'files.example.com', false],
    ['other.com, files.example.com:22', 'files.example.com', true],
    ['files.example.com:2222', 'files.example.com', false],
    ['10.0.0.0/8 192.0.2.7', '10.1.2.3', true],
    ['10.0.0.0/8 192.0.2.7', '192.0.2.7', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.0.0.0/99', '10.0.0.1', false],
    ['::1', '::1', true],
    ['[2001:db8::]:22', '2001:db8::', true],
    ['2001:db8::/32', '2001:db8::5', true],
    ['0.2.7', '192.0.2.7', false],
    ['', 'files.example.com', false],
    [' , ,', 'files.example.com', false],
  ] as const) {
    const found = proxyFromEnvironment({ host, port: 22 }, { ALL_PROXY: 'p', NO_PROXY: list });
    assert.equal(found === undefined, isExcepted, `${list} for ${host}`);
  }
});

test('challenges: several in one line or in lines of their own, the stronger digest first', () => {
  const head = [
    'HTTP/1.1 407 x',
    'proxy-authenticate: Basic realm="a, b", Digest realm="r\\"1", nonce=abc, qop="auth,auth-int", algorithm=MD5',
    'Proxy-Authenticate: Digest realm="r", nonce="n", algorithm=SHA-256, qop=auth',
    'Proxy-Authenticate: Negotiate',
    '',
    '',
  ].join('\r\n');
  const found = readChallenges(head);
  const digests = found.filter(({ scheme }) => scheme === 'digest');
  assert.deepEqual(
    digests.map(({ values }) => values.algorithm),
    ['SHA-256', 'MD5'],
  );
  assert.equal(digests[1]!.values.realm, 'r"1');
  assert.deepEqual(new Set(found.map(({ scheme }) => scheme)), new Set(['basic', 'digest', 'negotiate']));
  assert.equal(found.find(({ scheme }) => scheme === 'basic')?.values.realm, 'a, b');
});

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

test('answers: Basic; Digest with and without quality of protection; none where the hash is unknown', () => {
  const proxy = { type: 'http', host: 'h', username: 'Mufasa', password: 'Circle of Life' } as const;
  const uri = 'h:22';
  const basic = answerChallenge({ scheme: 'basic', values: {} }, proxy, uri);
  assert.equal(basic, `Basic ${Buffer.from('Mufasa:Circle of Life').toString('base64')}`);
  const old = answerChallenge({ scheme: 'digest', values: { realm: 'r', nonce: 'n' } }, proxy, uri)!;
  const secret = md5('Mufasa:r:Circle of Life');
  assert.match(old, new RegExp(`response="${md5(`${secret}:n:${md5('CONNECT:h:22')}`)}"`));
  assert.ok(!old.includes('qop'));
  const session = { realm: 'r', nonce: 'n', qop: 'auth', algorithm: 'MD5-sess', opaque: 'o' };
  const modern = answerChallenge({ scheme: 'digest', values: session }, proxy, uri)!;
  const cnonce = /cnonce="([0-9a-f]+)"/.exec(modern)?.[1];
  const first = md5(`${secret}:n:${cnonce}`);
  const wanted = md5(`${first}:n:00000001:${cnonce}:auth:${md5('CONNECT:h:22')}`);
  assert.ok(modern.includes(`response="${wanted}"`) && modern.includes('opaque="o"'), modern);
  for (const values of [
    { ...session, algorithm: 'SHA-512-256' },
    { ...session, qop: 'auth-int' },
    { realm: 'r' },
  ]) {
    assert.equal(answerChallenge({ scheme: 'digest', values }, proxy, uri), undefined);
  }
  assert.throws(
    () => answerChallenge({ scheme: 'basic', values: {} }, { ...proxy, username: 'a:b' }, uri),
    /colon/,
  );
});
