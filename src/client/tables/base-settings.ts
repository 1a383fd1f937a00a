import type { SettingRow } from './setting-row.ts';

/** Settings that have nothing to do with SSH. */
export const BASE_SETTINGS = {
  BuildInfo: {
    type: 'str',
    default: '',
    kind: 'readonly',
    doc: 'Name and version of this library and of Node.',
  },
  CodePage: {
    type: 'int',
    default: 65_001,
    kind: 'setting',
    range: [0, 0xffff_ffff],
    doc: 'Encoding of file names in SFTP version 3, by its Windows number; one that is not known is error 434.',
  },
  LicenseInfo: { type: 'str', default: '', kind: 'readonly', doc: 'The licence of this library.' },
  ProcessIdleEvents: {
    type: 'bool',
    default: true,
    kind: 'setting',
    doc: 'False: events that come while no method is at work, such as the end of the connection, wait for the next method or `doEvents`; the last 1000 are kept.',
  },
  SelectWaitMillis: {
    type: 'int',
    default: 20,
    kind: 'setting',
    range: [0, 2_147_483_647],
    doc: 'Milliseconds `doEvents` waits for an event where none was kept.',
  },
  UseFIPSCompliantAPI: {
    type: 'bool',
    default: false,
    kind: 'setting',
    doc: 'True: only algorithms that FIPS approves are offered, of those that were named too; an error, 211, where Node does not run in FIPS mode.',
    differs:
      'The FIPS mode of OpenSSL is switched on when Node starts (`--force-fips`, with a provider in its OPENSSL_CONF), for the whole process.',
  },
  UseInternalSecurityAPI: {
    type: 'bool',
    default: true,
    kind: 'inert',
    doc: "Own cryptography instead of the system's.",
    differs: 'Kept without effect: there is no other cryptography to choose than that of Node.',
  },
} as const;
BASE_SETTINGS satisfies Record<string, SettingRow>;

/** Settings that other classes of the reference's family have and that make sense here. */
export const FURTHER_SETTINGS = {
  CloseStreamAfterTransfer: {
    type: 'bool',
    default: true,
    kind: 'setting',
    doc: 'Whether a download stream is ended after a transfer that succeeded.',
  },
} as const;
FURTHER_SETTINGS satisfies Record<string, SettingRow>;
