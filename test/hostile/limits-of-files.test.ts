/** Limits on files, folders and tokens, each at the limit and one past it, through the code that holds to it. */
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { isWherryError } from '../../src/base/errors.ts';
import { LIMITS } from '../../src/base/limits.ts';
import { MemoryFiles } from '../../src/server/files/memory-files.ts';
import { resize } from '../../src/server/files/memory-node.ts';
import { verifySignature } from '../../src/ssh/crypto/signatures.ts';
import { WorkBudget } from '../../src/ssh/keys/formats/work-budget.ts';
import { readToken } from '../../src/ssh/keys/pkcs11.ts';
import { CKA, CKO, type Pkcs11 } from '../../src/ssh/keys/pkcs11-module.ts';
import { parsePrivateKey } from '../../src/ssh/keys/private-key.ts';
import { parseKnownHostsLine } from '../../src/ssh/trust/known-hosts-line.ts';
import { WireWriter } from '../../src/ssh/wire/writer.ts';
import { receiveInto } from '../../src/transfer/scp-download.ts';
import { runScp } from '../../src/transfer/scp-run.ts';
import { DISTINCT_NAMES } from '../../src/transfer/tree/local-names.ts';
import type { Side } from '../../src/transfer/tree/side.ts';
import { moveTree, type TreeWay } from '../../src/transfer/tree/tree.ts';
import { ScriptedScp } from '../support/scp/scripted-scp.ts';
import { failure, localFolder } from '../support/sftp/memory-session.ts';

const FIXTURES = `${import.meta.dirname}/../fixtures/keys/`;

/** The code and the limit of the failure, where there is one. */
function outcome(work: () => unknown): string {
  try {
    work();
    return 'taken';
  } catch (error) {
    assert.ok(isWherryError(error), String(error));
    return `${error.code} ${error.details.limit ?? ''}`;
  }
}

test('keyFileBytes: a key file as long as the limit is read, one byte more is none', () => {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const max = LIMITS.keyFileBytes.value;
  for (const form of [(text: string) => text, (text: string) => Buffer.from(text)]) {
    assert.equal(parsePrivateKey(form(pem.padEnd(max, '\n'))).publicKey.type, 'ssh-ed25519');
    assert.equal(
      outcome(() => parsePrivateKey(form(pem.padEnd(max + 1, '\n')))),
      'KEY_FORMAT keyFileBytes',
    );
  }
});

for (const limit of ['bcryptRounds', 'pbkdf2Iterations', 'argon2Work'] as const) {
  test(`${limit}: a file may ask for as much as the limit, in one part or several, and no more`, () => {
    const max = LIMITS[limit].value;
    assert.equal(
      outcome(() => new WorkBudget().spend(limit, max, 'work')),
      'taken',
    );
    assert.equal(
      outcome(() => new WorkBudget().spend(limit, max + 1, 'work')),
      `KEY_UNSUPPORTED ${limit}`,
    );
    const budget = new WorkBudget();
    budget.spend(limit, max / 2, 'work');
    budget.spend(limit, max / 2, 'work');
    assert.equal(
      outcome(() => budget.spend(limit, 1, 'work')),
      `KEY_UNSUPPORTED ${limit}`,
    );
  });
}

test('argon2MemoryKiB: a PuTTY key may ask for as much memory as the limit, and no more', async () => {
  const text = await readFile(`${FIXTURES}ed25519.v3.argon2id.ppk`, 'latin1');
  const max = LIMITS.argon2MemoryKiB.value;
  const read = (memory: number) => () =>
    parsePrivateKey(
      text
        .replace(/Argon2-Memory: .*/, `Argon2-Memory: ${memory}`)
        .replace(/Argon2-Passes: .*/, 'Argon2-Passes: 1'),
      'wherry',
    );
  // Other parameters make another key: the derivation was done, and its outcome does not fit.
  assert.equal(outcome(read(max)), 'KEY_PASSPHRASE_WRONG ');
  assert.equal(outcome(read(max + 1)), 'KEY_UNSUPPORTED argon2MemoryKiB');
});

test('rsaBitsMin: signatures of the shortest keys count, those of shorter keys do not', () => {
  const min = LIMITS.rsaBitsMin.value;
  for (const [bits, counts] of [
    [min, true],
    [min - 1, false],
  ] as const) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: bits });
    const data = Buffer.from('data');
    const blob = new WireWriter()
      .text('rsa-sha2-256')
      .string(sign('sha256', data, privateKey))
      .finish();
    assert.equal(verifySignature('rsa-sha2-256', createPublicKey(privateKey), data, blob), counts, `${bits}`);
  }
});

test('knownHostsLineBytes: a line as long as the limit counts, one byte more is passed over', () => {
  const blob = new WireWriter().text('ssh-ed25519').string(new Uint8Array(32)).finish();
  const line = `host ssh-ed25519 ${Buffer.from(blob).toString('base64')} `;
  const max = LIMITS.knownHostsLineBytes.value;
  assert.equal(parseKnownHostsLine(line.padEnd(max, 'x')).kind, 'entry');
  assert.equal(parseKnownHostsLine(line.padEnd(max + 1, 'x')).kind, 'ignored');
});

/** A token that holds `count` public keys, and gives no more at a time than it is asked for; `found` counts them. */
function token(count: number): { api: Pkcs11; found: () => number } {
  let kind: unknown;
  let found = 0;
  const api: Partial<Pkcs11> = {
    C_FindObjectsInit: (_, [first]) => {
      kind = first!.value;
    },
    C_FindObjects: (_, most) => {
      const objects = kind === CKO.publicKey ? Math.min(most, count) : 0;
      found += objects;
      return Array.from({ length: objects }, (_, i) => Buffer.of(i >> 8, i & 255));
    },
    C_FindObjectsFinal: () => {},
    C_GetAttributeValue: (_, object, [asked]) => {
      if (asked!.type === CKA.label || asked!.type === CKA.id) return [{ type: asked!.type, value: object }];
      throw new Error('CKR_ATTRIBUTE_TYPE_INVALID');
    },
  };
  return { api: api as Pkcs11, found: () => found };
}

test('tokenObjects: as many objects of a token are looked at as the limit, and no more', () => {
  const max = LIMITS.tokenObjects.value;
  for (const [count, looked] of [
    [max - 1, max - 1],
    [max, max],
    [max + 1, max],
  ] as const) {
    const { api, found } = token(count);
    readToken(api, Buffer.alloc(0), { module: 'm' });
    assert.equal(found(), looked);
  }
});

test('scpControlLine: a line as long as the limit is read, one byte more is over it', async () => {
  const max = LIMITS.scpControlLine.value;
  for (const [length, words] of [
    [max, 'SCP_FAILED'],
    [max + 1, 'LIMIT_EXCEEDED'],
  ] as const) {
    await using folder = await localFolder();
    // The message of the remote scp: the line without its first byte.
    const error = await failure(receive(`\x01${'x'.repeat(length - 1)}\n`, folder.file('t')), words);
    if (words === 'LIMIT_EXCEEDED') assert.equal(error.details.limit, 'scpControlLine');
  }
});

test('scpDepth: as many folders within folders come as the limit, one more is refused', async () => {
  const max = LIMITS.scpDepth.value;
  for (const depth of [max, max + 1]) {
    await using folder = await localFolder();
    const script = `D0755 0 data\n${'D0755 0 d\n'.repeat(depth - 1)}${'E\n'.repeat(depth)}`;
    if (depth === max) assert.equal((await receive(script, folder.file('t'))).folders, max);
    else await failure(receive(script, folder.file('t')), 'TRANSFER_UNSAFE_NAME');
  }
});

function receive(script: string, target: string) {
  const channel = new ScriptedScp([{ await: 1 }, { send: script }, { end: 0 }]);
  const options = { recursive: true };
  return runScp(channel, options, 10_000, 'scp download', (link, tally, touch) =>
    receiveInto(link, 'data', target, options, tally, touch),
  );
}

test('treeDepth: as many folders within folders are walked as the limit, one more is refused', async () => {
  const max = LIMITS.treeDepth.value;
  for (const depth of [max, max + 1]) {
    const walked = moveTree(nested(depth), '/top', '/there', {});
    if (depth === max) assert.equal((await walked).folders, max + 1);
    else assert.equal((await failure(walked, 'LIMIT_EXCEEDED')).details.limit, 'treeDepth');
  }
});

/** A tree of `depth` folders within each other, below the one that is moved, that exists nowhere. */
function nested(depth: number): TreeWay {
  const side = {
    join: (folder: string, name: string) => `${folder}/${name}`,
    async *list(path: string) {
      if (path.split('/').length - 2 < depth) yield { name: 'd', type: 'directory', attributes: {} };
    },
  };
  return sidesOf(side);
}

/** Both ends of a tree of folders that exist nowhere. */
function sidesOf(listing: Pick<Side, 'join'> & { list(path: string): AsyncIterable<object> }): TreeWay {
  const side = { ...listing, makeFolder: async () => true, names: async () => DISTINCT_NAMES };
  return {
    from: { ...side, remote: true } as unknown as Side,
    to: { ...side, remote: false } as unknown as Side,
    move: () => assert.fail('there are no files'),
    handles: Promise.resolve(64),
  };
}

test('treeMemoryBytes: as many folders wait to be listed as the limit has room for, one letter more is over it', async () => {
  const max = LIMITS.treeMemoryBytes.value;
  const count = 64;
  // As a folder counts: 256 bytes, and two for each character of its two places and of its path.
  const chars = (max / count - 256) / 2;
  const place = 'p'.repeat(Math.floor(chars / 3));
  const name = 'n'.repeat(chars - 2 * place.length);
  for (const more of ['', 'n']) {
    const side = {
      join: () => place,
      async *list(path: string) {
        if (path !== '/top') return;
        for (let i = 1; i < count; i++) yield { name, type: 'directory', attributes: {} };
        yield { name: name + more, type: 'directory', attributes: {} };
      },
    };
    const walked = moveTree(sidesOf(side), '/top', '/there', {});
    if (more === '') assert.equal((await walked).folders, count + 1);
    else assert.equal((await failure(walked, 'LIMIT_EXCEEDED')).details.limit, 'treeMemoryBytes');
  }
});

test('servedFileBytes: a file in memory grows to the limit, and no further', () => {
  const files = new MemoryFiles();
  files.put('/f', '');
  const node = files.node('/f');
  const max = LIMITS.servedFileBytes.value;
  assert.throws(() => resize(node, max + 1), /No space left/);
  assert.equal(node.size, 0);
  resize(node, max);
  assert.equal(node.size, max);
  assert.throws(() => resize(node, max + 1), /No space left/);
});
