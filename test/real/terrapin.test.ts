/** Prefix truncation and its relatives, by a relay in front of real servers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, openSftp } from '../../src/index.ts';
import { clearPacket, type Tampering, tamperingRelay } from '../support/relay/tampering-relay.ts';
import { realServer, requireServer } from '../support/servers/from-env.ts';
import { fails, loginTo, noUnhandledRejections } from './login.ts';

noUnhandledRejections();

const [IGNORE, DEBUG, KEXINIT, NEWKEYS, REPLY] = [2, 4, 20, 21, 31] as const;
const algorithms = { ciphers: ['chacha20-poly1305@openssh.com'], kex: ['curve25519-sha256'] };
const before =
  (type: number, ...more: Buffer[]): NonNullable<Tampering['toClient']> =>
  (packet, number) =>
    number === type ? [...more, packet] : [packet];
const nothing = (): Buffer => Buffer.alloc(0);

for (const name of ['openssh', 'openssh10', 'dropbear'] as const) {
  test(
    `${name}: the attack works where strict key exchange is off, and where it is on it is seen`,
    requireServer(name),
    async () => {
      const server = realServer(name);
      // One packet too many in the clear, one too few behind NEWKEYS: the numbers fit again.
      await using relay = await tamperingRelay(server.port, {
        toClient: before(NEWKEYS, clearPacket(IGNORE, 0, 0, 0, 0)),
        behindNewKeys: nothing,
      });
      const options = { ...(await loginTo(server)), port: relay.port, algorithms };
      const deceived = await connect({ ...options, strictKex: 'off' });
      await using sftp = await openSftp(deceived);
      assert.match(await sftp.realpath('.'), /^\//);
      await deceived.close();
      for (const strictKex of ['offer', 'protect', 'require'] as const) {
        const error = await fails(8000, connect({ ...options, strictKex }), 'SSH_PROTOCOL');
        assert.match(error.message, /IGNORE is not legal in state firstKexStrict/);
      }
    },
  );
}

/** What else a man in the middle can do to the handshake: each is seen, whatever the level. */
const TAMPERINGS: readonly (readonly [what: string, tampering: Tampering, codes: readonly string[]])[] = [
  ['a packet dropped behind NEWKEYS', { behindNewKeys: nothing }, ['SSH_MAC', 'SSH_MALFORMED']],
  [
    'IGNORE before KEXINIT',
    { toClient: before(KEXINIT, clearPacket(IGNORE, 0, 0, 0, 0)) },
    ['SSH_PROTOCOL', 'SSH_MAC', 'SSH_MALFORMED'],
  ],
  [
    'DEBUG before the reply',
    { toClient: before(REPLY, clearPacket(DEBUG, 0, 0, 0, 0, 0, 0, 0, 0, 0)) },
    ['SSH_PROTOCOL', 'SSH_MAC', 'SSH_MALFORMED'],
  ],
  ['NEWKEYS before the reply', { toClient: before(REPLY, clearPacket(NEWKEYS)) }, ['SSH_PROTOCOL']],
  [
    'KEXINIT twice',
    { toClient: (packet, type) => (type === KEXINIT ? [packet, packet] : [packet]) },
    ['SSH_PROTOCOL'],
  ],
  ['the reply dropped', { toClient: (packet, type) => (type === REPLY ? [] : [packet]) }, ['SSH_PROTOCOL']],
  [
    'the markers of strict key exchange taken out',
    {
      toClient: (packet, type) =>
        type === KEXINIT
          ? [Buffer.from(packet.toString('latin1').replace('kex-strict-s', 'kex-stolen-s'), 'latin1')]
          : [packet],
    },
    ['SSH_HOST_KEY_SIGNATURE'],
  ],
];

for (const [what, tampering, codes] of TAMPERINGS) {
  test(`seen: ${what}`, requireServer('openssh'), async () => {
    const server = realServer('openssh');
    await using relay = await tamperingRelay(server.port, tampering);
    const options = { ...(await loginTo(server)), port: relay.port, algorithms, timeout: 1500 };
    for (const strictKex of ['offer', 'off'] as const) {
      const error = await connect({ ...options, strictKex }).then(
        async (open) => {
          await open.close();
          return undefined;
        },
        (cause: { code: string }) => cause,
      );
      assert.ok(error !== undefined && codes.includes(error.code), `${strictKex}: ${String(error)}`);
    }
  });
}

test(
  'tinysshd has no strict key exchange and one cipher only: protect and require refuse it',
  requireServer('tinysshd'),
  async () => {
    const options = await loginTo(realServer('tinysshd'));
    const open = await connect(options);
    const isStrict = open.algorithms.strictKex;
    await open.close();
    for (const strictKex of ['protect', 'require'] as const) {
      if (isStrict) await (await connect({ ...options, strictKex })).close();
      else await fails(8000, connect({ ...options, strictKex }), 'SSH_NEGOTIATION');
    }
  },
);
