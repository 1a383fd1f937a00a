/** Read from the source: what is compared with a MAC, a tag or a digest is compared in constant time. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../support/servers/paths.ts';

/** Comparisons of bytes that stop at the first difference, and why each may: all compare what both sides know. */
const PUBLIC: Readonly<Record<string, string>> = {
  'ssh/auth/public-key.ts': 'a public key the server has just been sent',
  'ssh/keys/pkcs11.ts': 'the OID of a curve',
  'sftp/names.ts': 'a file name, encoded again',
  'sftp/acl.ts': 'a user name of an ACL',
  'client/config-actions.ts': 'the hash of a file the user has',
  'transfer/resume-check.ts': 'contents of a file the user has',
};
const EARLY = /Buffer\.compare\(|\.equals\(|\.compare\(|indexOf\(.*\) === 0 &&/;
const files = readdirSync(join(projectRoot, 'src'), { recursive: true, encoding: 'utf8' })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => /^(ssh|scp|sftp|transfer|api|client|net|base)\/.*\.ts$/.test(name));
const read = (name: string): string => readFileSync(join(projectRoot, 'src', name), 'utf8');

test('bytes are compared early out only where both sides know them', () => {
  const early = files.filter((name) => EARLY.test(read(name)));
  assert.deepEqual(early.sort(), Object.keys(PUBLIC).sort());
});

test('MACs and tags go through the comparison of constant time, which is node:crypto’s', () => {
  for (const name of ['ssh/crypto/packet/cipher-and-mac.ts', 'ssh/crypto/packet/chacha20-poly1305.ts']) {
    assert.match(read(name), /if \(!sameBytes\(/, name);
  }
  assert.match(read('ssh/crypto/gcm/node-gcm.ts'), /decipher\.setAuthTag\(tag\)/);
  assert.match(
    read('ssh/crypto/gcm/libcrypto-gcm.ts'),
    /EVP_CIPHER_CTX_ctrl\(context, EVP_CTRL_AEAD_SET_TAG/,
  );
  assert.match(read('base/bytes.ts'), /return a\.length === b\.length && timingSafeEqual\(a, b\);/);
});

test('in SSH no random number comes from anywhere but node:crypto', () => {
  assert.deepEqual(
    files.filter((name) => name.startsWith('ssh/') && /Math\.random|getRandomValues/.test(read(name))),
    [],
  );
  assert.match(
    read('ssh/transport/packet-writer.ts'),
    /this\.#random\.fill\(clear\.subarray\(5 \+ payload, length\)\)/,
  );
  assert.match(read('base/random.ts'), /import \{ randomFillSync \} from 'node:crypto'/);
});
