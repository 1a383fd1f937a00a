/** Every name of the reference is there, with its type, default and access; where a default differs, the row says why. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SFTPClient, SFTPClientError } from '../../src/client/index.ts';
import { SETTINGS, type SettingName } from '../../src/client/settings.ts';
import { FURTHER_SETTINGS } from '../../src/client/tables/base-settings.ts';
import { CERTIFICATE_FIELDS } from '../../src/client/tables/certificate-fields.ts';
import { DIR_LIST_FIELDS } from '../../src/client/tables/dir-list-fields.ts';
import { CLIENT_ERRORS } from '../../src/client/tables/errors.ts';
import { EVENTS } from '../../src/client/tables/events.ts';
import { FILE_FIELDS } from '../../src/client/tables/file-fields.ts';
import { FIREWALL_FIELDS } from '../../src/client/tables/firewall-fields.ts';
import { METHODS } from '../../src/client/tables/methods.ts';
import { PROPERTIES } from '../../src/client/tables/properties.ts';
import { flatName, type PropertyRow, type PropertyTable } from '../../src/client/tables/rows.ts';
import { camel, surface } from './surface.ts';

const GROUPS: readonly (readonly [prefix: string, table: PropertyTable])[] = [
  ['', PROPERTIES],
  ['sshCert', CERTIFICATE_FIELDS],
  ['sshAcceptServerHostKey', CERTIFICATE_FIELDS],
  ['file', FILE_FIELDS],
  ['firewall', FIREWALL_FIELDS],
  ['dirList', DIR_LIST_FIELDS],
];
const ROWS = new Map<string, PropertyRow>(
  GROUPS.flatMap(([prefix, table]) =>
    Object.entries(table).map(([key, row]) => [flatName(prefix, key), row] as const),
  ),
);

/** A value of the type that is not the default, for trying to set it. */
const OTHER = { bool: true, int: 1, str: 'x', bytes: 'x' } as const;
const PLAIN_TYPES = { bool: 'boolean', int: 'number', str: 'string', bytes: 'string' } as const;

function refused(work: () => unknown): SFTPClientError {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof SFTPClientError, String(error));
    return error;
  }
  return assert.fail('nothing was thrown');
}

test('the properties are those of the reference, no more and no fewer', () => {
  assert.equal(surface.properties.length, 99);
  assert.deepEqual([...ROWS.keys()].sort(), surface.properties.map(({ name }) => camel(name)).sort());
});

for (const { name, type, indexed, default: text, readonly } of surface.properties) {
  const ours = camel(name);
  test(`property ${ours}`, () => {
    const row = ROWS.get(ours)!;
    assert.equal(row.type, type);
    assert.equal(row.access, readonly ? 'ro' : 'rw');
    const client = new SFTPClient() as unknown as Record<string, unknown>;
    const value = indexed ? (client[ours] as (index: number) => unknown).call(client, 0) : client[ours];
    assert.equal(typeof value, PLAIN_TYPES[type]);
    const shown = typeof value === 'boolean' ? String(value).toUpperCase() : String(value);
    if (shown !== text) assert.ok(row.differs, `default ${shown}, in the reference ${text}, and no reason`);
    if (indexed) return;
    if (readonly) {
      assert.equal(refused(() => Object.assign(client, { [ours]: OTHER[type] })).code, 211);
      assert.equal(client[ours], value);
    } else {
      const next = ours.endsWith('PermissionsOctal')
        ? '7'
        : ours.endsWith('Subject') || ours.endsWith('Encoded')
          ? value
          : OTHER[type];
      if (next !== value) client[ours] = next;
      assert.equal(client[ours], next);
      const wrong = refused(() => Object.assign(client, { [ours]: { some: 'object' } }));
      assert.equal(wrong.code, 10022);
      assert.match(wrong.message, new RegExp(`^${ours} `));
    }
  });
}

test('a value of a group is one value under both names', () => {
  const client = new SFTPClient();
  client.firewallHost = 'proxy';
  assert.equal(client.firewall.host, 'proxy');
  client.firewall.port = 8080;
  assert.equal(client.firewallPort, 8080);
  client.sshCert.store = 'file.pem';
  assert.equal(client.sshCertStore, 'file.pem');
  client.fileAttributes.permissionsOctal = '644';
  assert.equal(client.filePermissions, 0o644);
  client.filePermissions = 0o600;
  assert.equal(client.fileAttributes.permissionsOctal, '600');
  assert.equal(
    client.sshAcceptServerHostKey.fingerprintSha256,
    client.sshAcceptServerHostKeyFingerprintSha256,
  );
  assert.throws(() => Object.assign(client.fileAttributes, { size: 1 }), { code: 211 });
});

test('the methods are those of the reference, with as many parameters', () => {
  assert.equal(surface.methods.length, 30);
  assert.deepEqual(Object.keys(METHODS).sort(), surface.methods.map(({ name }) => camel(name)).sort());
  for (const { name, params } of surface.methods) {
    const method = (SFTPClient.prototype as unknown as Record<string, unknown>)[camel(name)];
    assert.equal(typeof method, 'function', name);
    assert.equal((method as () => unknown).length, params.length, name);
    const { call } = METHODS[camel(name) as keyof typeof METHODS];
    if (name !== 'config') assert.equal((call.match(/[(,]\s*\w/g) ?? []).length, params.length, call);
  }
});

test('the events are those of the reference, with their parameters and what of them is settable', () => {
  assert.equal(surface.events.length, 13);
  const ours = Object.entries(EVENTS).map(([name, { params }]) => [
    name,
    Object.entries(params).map(([param, row]) => [param, row.type, 'settable' in row]),
  ]);
  const theirs = surface.events.map(({ name, params }) => [
    camel(name.replace(/^on_/, '')),
    params.map((param) => [camel(param.name), param.type, param.settable]),
  ]);
  assert.deepEqual(Object.fromEntries(ours), Object.fromEntries(theirs));
});

test('the settings are those of the reference, in any case of letters', async () => {
  assert.equal(surface.config.length, 84);
  const names = surface.config.map(({ name }) => name.replace('[ChannelId]', ''));
  assert.deepEqual(Object.keys(SETTINGS).sort(), [...names, ...Object.keys(FURTHER_SETTINGS)].sort());
  const client = new SFTPClient();
  for (const { name } of surface.config) {
    const plain = name.replace('[ChannelId]', '') as SettingName;
    assert.equal(SETTINGS[plain].indexed ?? false, name.endsWith(']'), name);
    if (SETTINGS[plain].kind === 'action') continue;
    const written = name.replace('ChannelId', '3');
    const value = await client.config(written.toUpperCase());
    assert.equal(await client.config(` ${written.toLowerCase()} `), value);
    if (SETTINGS[plain].kind === 'readonly')
      await assert.rejects(client.config(`${written}=1`), { code: 211 });
    else if (SETTINGS[plain].type === 'bool') assert.match(value, /^(True|False)$/);
  }
});

test('the error numbers are those of the reference, in its groups', () => {
  assert.equal(surface.errors.length, 110);
  assert.deepEqual(
    CLIENT_ERRORS.map(({ group, code }) => [group, code]),
    surface.errors.map(({ group, code }) => [group, code]),
  );
  for (const { code, group, text } of CLIENT_ERRORS) {
    const error = new SFTPClientError(code, undefined, { group });
    assert.deepEqual([error.code, error.group, error.text, error.message], [code, group, text, text]);
    if (group === 'TCP/IP') assert.ok(text.startsWith(`[${code}] `));
  }
});
