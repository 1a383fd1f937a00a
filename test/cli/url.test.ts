import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { baseName, isUrl, parseUrl } from '../../src/cli/url.ts';
import { UsageError } from '../../src/cli/usage-error.ts';

const GOOD: [
  url: string,
  user: string | undefined,
  host: string,
  port: number | undefined,
  path: string,
  folder: boolean,
][] = [
  ['sftp://host/a/b', undefined, 'host', undefined, '/a/b', false],
  ['SFTP://Host/a', undefined, 'Host', undefined, '/a', false],
  ['sftp://me@host:2222/a', 'me', 'host', 2222, '/a', false],
  ['sftp://host', undefined, 'host', undefined, '.', true],
  ['sftp://host:22', undefined, 'host', 22, '.', true],
  ['sftp://host:/', undefined, 'host', undefined, '/', true],
  ['sftp://host/', undefined, 'host', undefined, '/', true],
  ['sftp://host/~', undefined, 'host', undefined, '.', true],
  ['sftp://host/~/', undefined, 'host', undefined, '.', true],
  ['sftp://host/~/a/b', undefined, 'host', undefined, 'a/b', false],
  ['sftp://host/~//a', undefined, 'host', undefined, 'a', false],
  ['sftp://host/%7E/a', undefined, 'host', undefined, 'a', false],
  ['sftp://host/./~/a', undefined, 'host', undefined, '/./~/a', false],
  ['sftp://host/~bob/a', undefined, 'host', undefined, '/~bob/a', false],
  ['sftp://host/a/~/b', undefined, 'host', undefined, '/a/~/b', false],
  ['sftp://host/a/', undefined, 'host', undefined, '/a/', true],
  ['sftp://host//a', undefined, 'host', undefined, '//a', false],
  ['sftp://host/a%20b%2Fc', undefined, 'host', undefined, '/a b/c', false],
  ['sftp://host/%3F%23%25', undefined, 'host', undefined, '/?#%', false],
  ['sftp://host/gr%C3%BC%C3%9Fe', undefined, 'host', undefined, '/grüße', false],
  ['sftp://host/grüße und 日本', undefined, 'host', undefined, '/grüße und 日本', false],
  ['sftp://host/a@b:c', undefined, 'host', undefined, '/a@b:c', false],
  ['sftp://me%40corp@host/a', 'me@corp', 'host', undefined, '/a', false],
  ['sftp://me@corp@host/a', 'me@corp', 'host', undefined, '/a', false],
  ['sftp://%C3%BC@host/a', 'ü', 'host', undefined, '/a', false],
  ['sftp://[::1]/a', undefined, '::1', undefined, '/a', false],
  ['sftp://me@[2001:db8::7]:2222/a', 'me', '2001:db8::7', 2222, '/a', false],
  ['sftp://[fe80::1%25eth0]/a', undefined, 'fe80::1%eth0', undefined, '/a', false],
  ['sftp://127.0.0.1:65535/a', undefined, '127.0.0.1', 65_535, '/a', false],
  ['sftp://bücher.example/a', undefined, 'bücher.example', undefined, '/a', false],
];

const BAD: [url: string, complaint: RegExp][] = [
  ['', /URL is needed/],
  ['/local/path', /URL is needed/],
  ['host:/path', /URL is needed/],
  ['http://host/a', /only sftp/],
  ['ftp://host/a', /only sftp/],
  ['sftp:///a', /no valid host/],
  ['sftp://me@/a', /no valid host/],
  ['sftp://ho st/a', /no valid host/],
  ['sftp://-oProxyCommand=x/a', /no valid host/],
  ['sftp://a%2Fb/a', /no valid host/],
  ['sftp://ho\u001b[0mst/a', /no valid host/],
  ['sftp://::1/a', /brackets/],
  ['sftp://[::1/a', /host/],
  ['sftp://[host]/a', /no valid host/],
  ['sftp://host:0/a', /port/],
  ['sftp://host:65536/a', /port/],
  ['sftp://host:22x/a', /port/],
  ['sftp://host:-1/a', /port/],
  ['sftp://@host/a', /user .* is empty/],
  ['sftp://me;fingerprint=x@host/a', /--host-key/],
  ['sftp://host/a?b', /%3F/],
  ['sftp://host/a#b', /%23/],
  ['sftp://host/a%', /not well-formed/],
  ['sftp://host/a%zz', /not well-formed/],
  ['sftp://host/a%FF', /not well-formed/],
  ['sftp://host/a%00b', /zero byte/],
];

describe('sftp URLs', () => {
  for (const [url, user, host, port, path, folder] of GOOD) {
    it(`reads ${url}`, () => {
      assert.deepEqual(parseUrl(url), { scheme: 'sftp', user, host, port, path, folder });
      assert.equal(parseUrl(url.replace(/^sftp/i, 'scp')).scheme, 'scp');
    });
  }

  for (const [url, complaint] of BAD) {
    it(`refuses ${JSON.stringify(url)}`, () => {
      assert.throws(
        () => parseUrl(url),
        (error) => error instanceof UsageError && complaint.test(error.message),
      );
    });
  }

  for (const url of [
    'sftp://me:hunter2@host/a',
    'sftp://me:hunter2@host:99999/a',
    'sftp://me:hunter2@/a',
    'http://me:hunter2@host/a',
    'sftp://me:hunter2@host/a?b#c%',
    'sftp://:hunter2@host/a',
    'sftp://me:hunter2/x@host/a',
    'sftp://me:hunter2#x@host/a',
  ]) {
    it(`refuses the password in ${url} and does not repeat it`, () => {
      assert.throws(
        () => parseUrl(url),
        (error) => error instanceof UsageError && !/hunter2/.test(error.message + error.stack),
      );
    });
  }
});

describe('names at the end of a path', () => {
  for (const [path, name] of [
    ['/a/b', 'b'],
    ['/a/b//', 'b'],
    ['b', 'b'],
    ['/', undefined],
    ['.', undefined],
    ['/a/..', undefined],
    ['', undefined],
  ] as const) {
    it(`is ${name} for ${JSON.stringify(path)}`, () => assert.equal(baseName(path), name));
  }
});

describe('telling URLs from paths', () => {
  for (const [text, answer] of [
    ['sftp://h/a', true],
    ['HTTP://h', true],
    ['./sftp://h', false],
    ['c:\\x', false],
    ['-', false],
    ['host:path', false],
  ] as const) {
    it(`says ${answer} for ${text}`, () => assert.equal(isUrl(text), answer));
  }
});
