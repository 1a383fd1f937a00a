/** Host keys in certificates that no server at hand has: those of the drafts before RFC 4253, and lying ones. */
import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import type { WherryError } from '../../../src/base/errors.ts';
import {
  CERTIFICATE_ALGORITHMS,
  certificateAlgorithms,
  HOST_KEY_ALGORITHMS,
} from '../../../src/ssh/crypto/certificate-algorithms.ts';
import { hostKeyAlgorithms, type SignatureName } from '../../../src/ssh/crypto/signatures.ts';
import { WorkBudget } from '../../../src/ssh/keys/formats/work-budget.ts';
import { makePrivateKey, type PrivateKey } from '../../../src/ssh/keys/key-pair.ts';
import type { PresentedHostKey } from '../../../src/ssh/transport/options.ts';
import { TRANSPORT } from '../../../src/ssh/wire/messages.ts';
import { WireReader } from '../../../src/ssh/wire/reader.ts';
import { WireWriter } from '../../../src/ssh/wire/writer.ts';
import { openClient } from '../../support/peer/client.ts';
import { memoryPair } from '../../support/peer/memory-pair.ts';
import { scriptedPeer } from '../../support/peer/scripted-peer.ts';
import { encodeX509Key, HOST_EXTENSIONS, makeCertificate, makeDsaParameters } from '../../support/x509.ts';

interface Certified {
  readonly key: PrivateKey;
  readonly der: Uint8Array;
}

let key: PrivateKey;
let der: Uint8Array;
let dsa: Certified;

async function certified(type: string): Promise<Certified> {
  const files = await makeCertificate({ name: 'host', key: type, extensions: HOST_EXTENSIONS });
  return {
    key: makePrivateKey(createPrivateKey(readFileSync(files.keyFile)), 'host', new WorkBudget()),
    der: new X509Certificate(files.pem).raw,
  };
}

before(async () => {
  ({ key, der } = await certified('rsa:2048'));
  dsa = await certified(`dsa:${await makeDsaParameters()}`);
});

interface Lie {
  readonly algorithm: string;
  readonly blob: () => Uint8Array;
  /** The name the signature blob has; default the first of the algorithm's. */
  readonly label?: string;
  readonly signature?: SignatureName;
  /** What signs; default the RSA key. */
  readonly key?: PrivateKey;
}

/** What the client makes of a server that shows this. */
async function show(lie: Lie): Promise<PresentedHostKey | WherryError> {
  const pair = memoryPair();
  const algorithms = { hostKey: [lie.algorithm] };
  const row = HOST_KEY_ALGORITHMS.get(lie.algorithm)!;
  const sign = (hash: Uint8Array): Uint8Array => {
    const reader = new WireReader((lie.key ?? key).sign(lie.signature ?? row.signature, hash));
    reader.text();
    return new WireWriter()
      .text(lie.label ?? row.signatureNames[0]!)
      .raw(reader.rest())
      .finish();
  };
  scriptedPeer(
    pair.server,
    [
      (peer) => peer.version(),
      (peer) => peer.kexInit(),
      (peer) => peer.agree(() => ({ blob: lie.blob(), sign })),
      (peer) => peer.newKeys(),
      async (peer) => {
        await peer.next(TRANSPORT.SSH_MSG_NEWKEYS.number);
        peer.end();
      },
    ],
    { algorithms },
  );
  let presented: PresentedHostKey | undefined;
  const verify = async (one: PresentedHostKey): Promise<void> => {
    presented = one;
  };
  const error = await openClient(pair.client, { algorithms, verify }).then(
    () => assert.fail('logged in'),
    (cause: WherryError) => cause,
  );
  return presented ?? error;
}

const named = (type: string, certificate = der): Uint8Array =>
  new WireWriter().text(type).string(certificate).finish();

test('X.509 host keys with an RSA key, by every name', async () => {
  const cases: Lie[] = [
    { algorithm: 'x509v3-rsa2048-sha256', blob: () => encodeX509Key('x509v3-rsa2048-sha256', [der]) },
    { algorithm: 'x509v3-ssh-rsa', blob: () => encodeX509Key('x509v3-ssh-rsa', [der]) },
    { algorithm: 'x509v3-sign-rsa', blob: () => der },
    { algorithm: 'x509v3-sign-rsa', blob: () => named('x509v3-sign-rsa') },
    { algorithm: 'x509v3-sign-rsa', blob: () => der, label: 'ssh-rsa' },
  ];
  for (const one of cases) {
    const seen = await show(one);
    assert.ok(!(seen instanceof Error), `${one.algorithm}: ${String(seen)}`);
    assert.deepEqual(Buffer.from(seen.key.blob), Buffer.from(key.publicKey.blob));
    assert.deepEqual(
      seen.x509?.certificates.map(({ raw }) => raw),
      [der],
    );
  }
});

test('X.509 host keys with a DSA key, by every name', async () => {
  const cases: Lie[] = [
    { algorithm: 'x509v3-ssh-dss', blob: () => encodeX509Key('x509v3-ssh-dss', [dsa.der]) },
    { algorithm: 'x509v3-sign-dss', blob: () => dsa.der },
    { algorithm: 'x509v3-sign-dss', blob: () => named('x509v3-sign-dss', dsa.der) },
    { algorithm: 'x509v3-sign-dss', blob: () => dsa.der, label: 'ssh-dss' },
  ];
  for (const one of cases) {
    const seen = await show({ ...one, key: dsa.key });
    assert.ok(!(seen instanceof Error), `${one.algorithm}: ${String(seen)}`);
    assert.deepEqual(Buffer.from(seen.key.blob), Buffer.from(dsa.key.publicKey.blob));
  }
});

const ECDSA = 'x509v3-ecdsa-sha2-nistp256';

test('X.509 host keys that prove nothing', async () => {
  const blob = (): Uint8Array => encodeX509Key('x509v3-rsa2048-sha256', [der]);
  const cases: [lie: Lie, code: string][] = [
    [{ algorithm: 'x509v3-rsa2048-sha256', blob, signature: 'ssh-rsa' }, 'SSH_HOST_KEY_SIGNATURE'],
    [{ algorithm: 'x509v3-rsa2048-sha256', blob, label: 'rsa-sha2-256' }, 'SSH_HOST_KEY_SIGNATURE'],
    [{ algorithm: 'x509v3-rsa2048-sha256', blob: () => der }, 'SSH_KEY_EXCHANGE'],
    [{ algorithm: 'x509v3-rsa2048-sha256', blob: () => key.publicKey.blob }, 'SSH_KEY_EXCHANGE'],
    [{ algorithm: 'x509v3-ssh-rsa', blob }, 'SSH_KEY_EXCHANGE'],
    [
      { algorithm: ECDSA, blob: () => encodeX509Key(ECDSA, [der]), signature: 'rsa-sha2-256' },
      'SSH_HOST_KEY_SIGNATURE',
    ],
    [{ algorithm: 'x509v3-sign-rsa', blob: () => der.subarray(0, 99) }, 'SSH_KEY_EXCHANGE'],
  ];
  for (const [lie, code] of cases) {
    const seen = await show(lie);
    assert.equal((seen as WherryError).code, code, `${lie.algorithm} ${lie.label ?? ''}: ${String(seen)}`);
  }
});

test('certificates are offered by nobody who did not ask, and SHA-1 ones only by name', () => {
  for (const [name, row] of Object.entries(CERTIFICATE_ALGORITHMS)) {
    assert.ok(!hostKeyAlgorithms.includes(name), name);
    const sha1 = /^ssh-(rsa|dss)$/.test(row.signature);
    assert.equal(row.security, sha1 ? 'insecure' : 'supported', name);
    assert.equal(
      certificateAlgorithms(row.kind).includes(name),
      !sha1 && HOST_KEY_ALGORITHMS.has(name),
      name,
    );
  }
});
