/**
 * Marked secrets reach the command line by every option that takes one, by files and by connection files, with -v; each
 * run fails, and neither stream may show the mark.
 */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { OPTIONS } from '../../src/cli/options.ts';
import { type Desk, makeDesk } from '../cli/wherry.ts';
import { type ListeningSsh, listenSsh } from '../support/peer/ssh-server.ts';
import { getFixtures } from '../support/servers/fixtures.ts';
import { freePort } from '../support/servers/server.ts';
import { assertAllCovered, assertClean, SECRET } from './marked.ts';

const FIXTURES = `${import.meta.dirname}/../fixtures/keys/`;

let server: ListeningSsh;
let url: string;
let closed: number;
before(async () => {
  server = await listenSsh({ users: { me: { password: 'another' } } });
  url = `sftp://me@${server.host}:${server.port}/`;
  closed = await freePort();
});
after(() => server.close());

/** A run that fails: by which options the secret comes in, and the arguments. */
interface Failing {
  readonly name: string;
  readonly by: readonly string[];
  readonly args: (desk: Desk) => Promise<readonly string[]>;
}

const LS = ['ls', '-v', '--no-config', '--accept-new'];

const RUNS: readonly Failing[] = [
  {
    name: 'a password, refused',
    by: ['passwordEnv', 'verbose'],
    args: async () => [...LS, '--password-env', 'MARKED', url],
  },
  {
    name: 'a password in the URL',
    by: [],
    args: async () => [...LS, url.replace('me@', `me:${SECRET}@`)],
  },
  {
    name: 'a wrong passphrase',
    by: ['passphraseEnv'],
    async args() {
      const { userKeys } = await getFixtures();
      return [...LS, '-i', userKeys.ed25519.files.opensshEncrypted, '--passphrase-env', 'MARKED', url];
    },
  },
  {
    name: 'the password of a proxy',
    by: ['proxyPasswordEnv'],
    args: async () => [
      ...LS,
      ...[
        '--proxy',
        `socks5://me@127.0.0.1:${closed}`,
        '--proxy-password-env',
        'MARKED',
        '--password-env',
        'MARKED',
      ],
      url,
    ],
  },
  {
    name: 'the password of a proxy in its URL',
    by: ['proxy'],
    args: async () => [...LS, '--proxy', `http://me:${SECRET}@127.0.0.1:${closed}`, url],
  },
  {
    name: 'the passphrase of a new file that cannot be written',
    by: ['newPassphraseEnv'],
    args: async () => [
      ...['key', 'convert', `${FIXTURES}ed25519.v3.ppk`, '/not/there/key', '--new-passphrase-env', 'MARKED'],
    ],
  },
  {
    name: 'a wrong passphrase of a key that is looked at',
    by: ['passphraseEnv'],
    args: async () => ['key', 'inspect', `${FIXTURES}rsa.keytool.p12`, '--passphrase-env', 'MARKED'],
  },
  {
    name: 'a key in the place of its path',
    by: ['identity'],
    args: async () => [
      ...LS,
      '-i',
      `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----\n`,
      url,
    ],
  },
  {
    name: 'a connection file, refused',
    by: [],
    async args(desk) {
      const connection = {
        connector_type: 'SFTP',
        host: server.host,
        port: { port_mode: 'port_number', port_number: server.port },
        hostkey: { hostkey_mode: 'ignore' },
        authentication: { authentication_method: 'username_password', username: 'me', password: SECRET },
        mode: { mode_name: 'copy_file_to_engine', source_file_name: '/a', destination_file_name: 'b' },
      };
      await writeFile(desk.path('copy.json'), JSON.stringify(connection));
      return ['run', 'copy.json'];
    },
  },
  {
    name: 'an input',
    by: ['input'],
    async args(desk) {
      await writeFile(desk.path('copy.json'), '{"connector_type":"SFTP"}');
      return ['run', 'copy.json', '--input', `password=${SECRET}`];
    },
  },
];

/** Options that take a secret, by their names or by what people put there. */
const TAKING = Object.keys(OPTIONS).filter((name) => /env$|^(?:proxy|identity|input|verbose)$/i.test(name));

for (const { name, args } of RUNS) {
  test(`${name}: neither stream shows it`, { timeout: 60_000 }, async () => {
    await using desk = await makeDesk();
    const given = await args(desk);
    const { code, all } = await desk.run(given, { env: { MARKED: SECRET, NODE_DEBUG: 'wherry' } });
    assert.notEqual(code, 0, all);
    assert.notEqual(code, null, all);
    assertClean(name, all);
    // The record of an execution.
    for (const file of await readdir(desk.path('.wherry', 'executions')).catch(() => []))
      assertClean(`${name}: ${file}`, await readFile(join(desk.path('.wherry', 'executions'), file), 'utf8'));
  });
}

test('every option that takes a secret does in a run', () => {
  assertAllCovered(TAKING, new Set(RUNS.flatMap(({ by }) => by)), []);
});
