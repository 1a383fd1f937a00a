import type { PropertyRow } from './rows.ts';

/** The proxy in front of the server. */
export const FIREWALL_FIELDS = {
  /** Take the proxy from the environment or the system, where one is set there. */
  autoDetect: {
    type: 'bool',
    default: false,
    access: 'rw',
    doc: 'Take the proxy from the environment or the system, where one is set there.',
  },
  /** Kind of proxy; setting it sets `port` to the usual one. */
  type: {
    type: 'int',
    default: 0,
    access: 'rw',
    values: 'FirewallTypes',
    doc: 'Kind of proxy; setting it sets `port` to the usual one.',
  },
  /** Name or address of the proxy. */
  host: {
    type: 'str',
    default: '',
    access: 'rw',
    doc: 'Name or address of the proxy.',
    differs: 'A name stays a name, as with sshHost.',
  },
  /** Password for the proxy. */
  password: { type: 'str', default: '', access: 'rw', doc: 'Password for the proxy.' },
  /** Port of the proxy. */
  port: { type: 'int', default: 0, access: 'rw', range: [0, 65_535], doc: 'Port of the proxy.' },
  /** User name for the proxy. */
  user: { type: 'str', default: '', access: 'rw', doc: 'User name for the proxy.' },
} as const;
FIREWALL_FIELDS satisfies Record<string, PropertyRow>;
