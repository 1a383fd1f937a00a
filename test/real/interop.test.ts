/** Every algorithm row against the servers that prove it: logs in and moves 1 MiB each way. */
import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import { type ConnectOptions, formatLog } from '../../src/index.ts';
import { CERTIFICATE_ALGORITHMS } from '../../src/ssh/crypto/certificate-algorithms.ts';
import { CIPHERS, type CipherRow } from '../../src/ssh/crypto/ciphers.ts';
import { COMPRESSIONS } from '../../src/ssh/crypto/compression/compressions.ts';
import { KEX_ALGORITHMS } from '../../src/ssh/crypto/key-exchanges.ts';
import { MACS } from '../../src/ssh/crypto/macs.ts';
import type { AlgorithmRow } from '../../src/ssh/crypto/security.ts';
import { SIGNATURE_ALGORITHMS } from '../../src/ssh/crypto/signatures.ts';
import { PEERS, type PeerName } from '../support/interop/peers.ts';
import { CERTIFICATE_PROOFS, PROOFS } from '../support/interop/proofs.ts';
import { makeScratch, type Scratch } from '../support/servers/from-env.ts';
import { startOnDemand } from '../support/servers/on-demand.ts';
import type { RealServer } from '../support/servers/server.ts';
import { bothWays, loginTo, loginWithout, noUnhandledRejections, withSftp } from './login.ts';

const MIB = 1_048_576;

type Kind = keyof typeof PROOFS;
type Algorithms = NonNullable<ConnectOptions['algorithms']>;

const TABLES: Record<Kind, Readonly<Record<string, AlgorithmRow>>> = {
  kex: KEX_ALGORITHMS,
  ciphers: CIPHERS,
  macs: MACS,
  compressions: COMPRESSIONS,
  hostKey: SIGNATURE_ALGORITHMS,
};

noUnhandledRejections();

const started = new Map<PeerName, Promise<RealServer>>();
let scratch: Promise<Scratch> | undefined;

after(async () => {
  await Promise.all(
    [...started.values()].map(async (server) => (await server.catch(() => undefined))?.stop()),
  );
  await (await scratch)?.[Symbol.asyncDispose]();
});

function peer(t: TestContext, name: PeerName): Promise<RealServer | undefined> {
  return startOnDemand(t, PEERS[name], () => {
    const server = started.get(name) ?? PEERS[name].start();
    started.set(name, server);
    return server;
  });
}

/** Names this one row, and lets the other kinds be whatever both sides have. */
function optionsFor(kind: Kind, name: string): Algorithms {
  // A cipher needs a MAC, which Dropbear and lshd have only of the older kind; a MAC shows only beside such a cipher.
  if (kind === 'ciphers') return { ciphers: [name], macs: ['hmac-sha2-256', 'hmac-sha1'] };
  if (kind === 'macs') return { macs: [name], ciphers: ['aes128-ctr', 'aes256-ctr'] };
  return { [kind]: [name] };
}

async function prove(
  server: RealServer,
  algorithms: Algorithms,
  expect: Record<string, string>,
  its?: Algorithms,
): Promise<string[]> {
  const log: string[] = [];
  const more: Partial<ConnectOptions> = {
    algorithms: { ...its, ...algorithms },
    log: (event) => event.kind === 'insecureAlgorithm' && log.push(formatLog(event)),
  };
  const options =
    its === undefined
      ? await loginTo(server, more)
      : await loginWithout(server, { ...more, password: server.password! });
  scratch ??= makeScratch('interop-');
  const { path } = await scratch;
  await withSftp(options, async (sftp, connection) => {
    const used = connection.algorithms as unknown as Record<string, unknown>;
    for (const [what, name] of Object.entries(expect)) assert.equal(used[what], name, what);
    await bothWays(sftp, path, MIB);
  });
  return log;
}

function expected(kind: Kind, name: string): Record<string, string> {
  if (kind === 'ciphers') return { cipherToServer: name, cipherFromServer: name };
  if (kind === 'macs') return { macToServer: name, macFromServer: name };
  if (kind === 'compressions') return { compressionToServer: name, compressionFromServer: name };
  return { [kind]: name };
}

for (const kind of Object.keys(PROOFS) as Kind[]) {
  for (const [name, { peers }] of Object.entries(PROOFS[kind])) {
    for (const peerName of peers) {
      test(`${kind}: ${name} with ${PEERS[peerName].title}`, async (t) => {
        const server = await peer(t, peerName);
        if (server === undefined) return;
        const { algorithms: its } = PEERS[peerName];
        const warnings = await prove(server, optionsFor(kind, name), expected(kind, name), its);
        const insecure = TABLES[kind][name]!.security === 'insecure';
        assert.equal(
          warnings.some((line) => line.includes(` ${name} `)),
          insecure,
        );
      });
    }
  }
}

const ETM = 'hmac-sha2-256-etm@openssh.com';

for (const [name, row] of Object.entries(CIPHERS) as [string, CipherRow][]) {
  const peerName = PROOFS.ciphers[name]!.peers.find((one) => one === 'openssh' || one === 'asyncssh');
  if (row.mode !== 'cbc' || peerName === undefined) continue;
  test(`ciphers: ${name} encrypts, then authenticates, with ${PEERS[peerName].title}`, async (t) => {
    const server = await peer(t, peerName);
    if (server === undefined) return;
    await prove(server, { ciphers: [name], macs: [ETM] }, { cipherToServer: name, macFromServer: ETM });
  });
}

test('PROOFS: every row of the tables has its proof, and no other', () => {
  assert.deepEqual(Object.keys(CERTIFICATE_PROOFS).sort(), Object.keys(CERTIFICATE_ALGORITHMS).sort());
  for (const kind of Object.keys(PROOFS) as Kind[]) {
    assert.deepEqual(Object.keys(PROOFS[kind]).sort(), Object.keys(TABLES[kind]).sort(), kind);
    for (const [name, { peers, vectors, elsewhere }] of Object.entries(PROOFS[kind])) {
      assert.equal(peers.length === 0, (vectors ?? elsewhere) !== undefined, name);
    }
  }
});
