import { generateKeyPairSync } from 'node:crypto';
import type {
  CopyFileToEngine,
  Hostkey,
  PasswordAuthentication,
  ScpFlatInputs,
  ScpInputs,
  SftpInputs,
  SshKeyAuthentication,
} from '../../../src/connectors/index.ts';

/** A private key nobody uses, and one of a host. */
export const PRIVATE_KEY: string = generateKeyPairSync('ed25519').privateKey.export({
  format: 'pem',
  type: 'pkcs8',
}) as string;
export const HOST_LINE: string =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
const HOSTKEY: Hostkey = { hostkey_mode: 'known_host', known_host: HOST_LINE };
const BY_KEY: SshKeyAuthentication = {
  authentication_method: 'ssh_key',
  username: 'me',
  ssh_key: PRIVATE_KEY,
};
const BY_PASSWORD: PasswordAuthentication = {
  authentication_method: 'username_password',
  username: 'me',
  password: 'secret',
};
const TO_ENGINE: CopyFileToEngine = {
  mode_name: 'copy_file_to_engine',
  source_file_name: '/a',
  destination_file_name: 'b',
};

export const FLAT: ScpFlatInputs = {
  connector_type: 'SCP',
  hostname: 'files.example',
  hostkey: HOST_LINE,
  username: 'me',
  password: 'secret',
  src: '/var/log/error.log',
  dst: 'cloudomation:error.log',
};
export const SCP: ScpInputs = {
  connector_type: 'SCP',
  authentication: BY_KEY,
  host: 'files.example',
  hostkey: HOSTKEY,
  mode: TO_ENGINE,
};
export const SFTP: SftpInputs = { ...SCP, connector_type: 'SFTP', authentication: BY_PASSWORD };

function without(document: object, ...names: string[]): object {
  return Object.fromEntries(Object.entries(document).filter(([name]) => !names.includes(name)));
}

/** Documents that are good. */
export const GOOD: readonly object[] = [
  FLAT,
  { ...FLAT, src: 'cloudomation:a/b.txt', dst: 'x' },
  { ...without(FLAT, 'password'), key: PRIVATE_KEY },
  { ...FLAT, key: PRIVATE_KEY, port: 2022, connect_timeout: 0.5, copy_timeout: 1, name: 'a copy' },
  SCP,
  { ...SCP, schema_version: '1', connect_timeout: 1, port: { port_mode: 'default' }, name: 'n' },
  {
    ...SCP,
    port: 65_535,
    mode: { ...TO_ENGINE, destination_location: { location_mode: 'inherit_from_execution' } },
  },
  {
    ...SCP,
    mode: { mode_name: 'copy_file_from_engine', source_file_name: 'a/b', destination_file_name: '/x' },
  },
  { ...SCP, hostkey: { hostkey_mode: 'ignore' } },
  { ...SCP, hostkey: { hostkey_mode: 'fingerprint', fingerprint: `SHA256:${'A'.repeat(43)}` } },
  SFTP,
  { ...SFTP, port: { port_mode: 'port_number', port_number: 2022 } },
  { ...SFTP, mode: { ...TO_ENGINE, destination_location: { location_mode: 'project', project_name: 'P' } } },
  { ...SFTP, mode: { ...TO_ENGINE, destination_location: { location_mode: 'bundle', bundle_name: 'B b' } } },
  { ...SFTP, mode: { mode_name: 'list', path: '/' } },
  { ...SFTP, mode: { mode_name: 'list', path: '/', recursive: true } },
  { ...SFTP, mode: { mode_name: 'stats', path: '/' } },
  { ...SFTP, mode: { mode_name: 'remove', path: '/a', recursive: false } },
  { ...SFTP, mode: { mode_name: 'rename', source_name: 'a', destination_name: 'b' } },
  { ...SFTP, mode: { mode_name: 'create_directory', path: 'a', parents: true } },
  {
    ...SFTP,
    mode: {
      mode_name: 'copy_directory_to_engine',
      source_directory_name: 'a',
      destination_directory_name: 'b',
    },
  },
  {
    ...SFTP,
    mode: {
      mode_name: 'copy_directory_from_engine',
      source_directory_name: 'a',
      destination_directory_name: 'b',
    },
  },
];

/** Documents with one thing wrong: what kind, and where. */
export const BAD: readonly [document: object, kind: string, path: string][] = [
  ...['hostname', 'hostkey', 'username', 'src', 'dst'].map((name): [object, string, string] => [
    without(FLAT, name),
    'missing',
    name,
  ]),
  [without(FLAT, 'password'), 'missing', 'password'],
  [{ ...FLAT, hostname: 7 }, 'invalid', 'hostname'],
  [{ ...FLAT, hostname: '' }, 'invalid', 'hostname'],
  [{ ...FLAT, hostname: 'a b' }, 'invalid', 'hostname'],
  [{ ...FLAT, port: 0 }, 'invalid', 'port'],
  [{ ...FLAT, port: '22' }, 'invalid', 'port'],
  [{ ...FLAT, port: 22.5 }, 'invalid', 'port'],
  [{ ...FLAT, connect_timeout: 0 }, 'invalid', 'connect_timeout'],
  [{ ...FLAT, copy_timeout: 1.5 }, 'invalid', 'copy_timeout'],
  [{ ...FLAT, copy_timeout: 1e9 }, 'invalid', 'copy_timeout'],
  [{ ...FLAT, password: '' }, 'invalid', 'password'],
  [{ ...FLAT, src: 'cloudomation:a' }, 'invalid', 'src'],
  [{ ...FLAT, dst: 'b' }, 'invalid', 'src'],
  [{ ...FLAT, dst: 'cloudomation:' }, 'invalid', 'dst'],
  [{ ...FLAT, dst: 'cloudomation:/etc/passwd' }, 'invalid', 'dst'],
  [{ ...FLAT, dst: 'cloudomation:a/../../b' }, 'invalid', 'dst'],
  [{ ...FLAT, hots: 'x' }, 'extra', 'hots'],
  ...['authentication', 'host', 'hostkey', 'mode'].map((name): [object, string, string] => [
    without(SFTP, name),
    'missing',
    name,
  ]),
  [{ ...SFTP, schema_version: '2' }, 'version', 'schema_version'],
  [{ ...SFTP, schema_version: 1 }, 'invalid', 'schema_version'],
  [{ ...SFTP, connect_timeout: 0.5 }, 'invalid', 'connect_timeout'],
  [{ ...SFTP, authentication: 'x' }, 'invalid', 'authentication'],
  [{ ...SFTP, authentication: {} }, 'missing', 'authentication.authentication_method'],
  [{ ...SFTP, authentication: { ...BY_KEY, password: 'x' } }, 'extra', 'authentication.password'],
  [{ ...SFTP, authentication: without(BY_KEY, 'ssh_key') }, 'missing', 'authentication.ssh_key'],
  [{ ...SFTP, hostkey: { hostkey_mode: 'trust' } }, 'invalid', 'hostkey.hostkey_mode'],
  [{ ...SFTP, hostkey: { hostkey_mode: 'ignore', known_host: 'x' } }, 'extra', 'hostkey.known_host'],
  [{ ...SFTP, port: {} }, 'missing', 'port.port_mode'],
  [{ ...SFTP, port: { port_mode: 'port_number' } }, 'missing', 'port.port_number'],
  [{ ...SFTP, port: 70_000 }, 'invalid', 'port'],
  [{ ...SFTP, port: true }, 'invalid', 'port'],
  [{ ...SFTP, mode: { mode_name: 'copy' } }, 'invalid', 'mode.mode_name'],
  [{ ...SFTP, mode: { mode_name: 'list', path: '' } }, 'invalid', 'mode.path'],
  [{ ...SFTP, mode: { mode_name: 'list', path: 'a\0b' } }, 'invalid', 'mode.path'],
  [{ ...SFTP, mode: { mode_name: 'list', path: '/', recursive: 'yes' } }, 'invalid', 'mode.recursive'],
  [{ ...SCP, mode: { mode_name: 'list', path: '/' } }, 'invalid', 'mode.mode_name'],
  ...['', '.', '..', '/a', 'a/', 'a//b', 'a/../b', 'a\\b', 'a\0b', 'x'.repeat(129)].map(
    (destination_file_name): [object, string, string] => [
      { ...SFTP, mode: { ...TO_ENGINE, destination_file_name } },
      'invalid',
      'mode.destination_file_name',
    ],
  ),
  [
    {
      ...SFTP,
      mode: { ...TO_ENGINE, destination_location: { location_mode: 'project', project_name: 'a/b' } },
    },
    'invalid',
    'mode.destination_location.project_name',
  ],
  [{ ...SFTP, name: 'a\nb' }, 'invalid', 'name'],
];

/** Documents whose form is right, and what they say is not: JSON Schema cannot tell. */
export const UNUSABLE: readonly [document: object, path: string][] = [
  [{ ...FLAT, hostkey: 'files.example' }, 'hostkey'],
  [{ ...FLAT, key: 'no key' }, 'key'],
  [{ ...SCP, hostkey: { hostkey_mode: 'known_host', known_host: 'ssh-ed25519 AAAA' } }, 'hostkey.known_host'],
  [{ ...SCP, hostkey: { hostkey_mode: 'fingerprint', fingerprint: 'SHA256:x' } }, 'hostkey.fingerprint'],
  [{ ...SCP, authentication: { ...BY_KEY, ssh_key: '-----BEGIN' } }, 'authentication.ssh_key'],
];
