import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { WorkBudget } from '../../../src/ssh/keys/formats/work-budget.ts';
import { makePrivateKey, type PrivateKey } from '../../../src/ssh/keys/key-pair.ts';

/** The key types a test can have. */
export type TestKeyType =
  | 'ssh-ed25519'
  | 'ecdsa-sha2-nistp256'
  | 'ecdsa-sha2-nistp384'
  | 'ecdsa-sha2-nistp521'
  | 'ssh-rsa';

const MAKERS: Readonly<Record<TestKeyType, () => KeyObject>> = {
  'ssh-ed25519': () => generateKeyPairSync('ed25519').privateKey,
  'ecdsa-sha2-nistp256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  'ecdsa-sha2-nistp384': () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
  'ecdsa-sha2-nistp521': () => generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey,
  'ssh-rsa': () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
};

export const TEST_KEY_TYPES: readonly TestKeyType[] = Object.keys(MAKERS) as TestKeyType[];

const made = new Map<string, PrivateKey>();

/** A key of that type, made at the first call; another `label` gives another key. */
export function testKey(type: TestKeyType, label = 'host'): PrivateKey {
  const name = `${type} ${label}`;
  let key = made.get(name);
  if (key === undefined) {
    key = makePrivateKey(MAKERS[type](), name, new WorkBudget());
    made.set(name, key);
  }
  return key;
}

/** The Ed25519 key of 32 given bytes: the same in every run, and so are its signatures. */
export function fixedEd25519(seed: Uint8Array): PrivateKey {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  return makePrivateKey(
    createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }),
    'fixed',
    new WorkBudget(),
  );
}
