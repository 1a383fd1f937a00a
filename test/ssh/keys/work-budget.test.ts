import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWherryError } from '../../../src/base/errors.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import { WorkBudget } from '../../../src/ssh/keys/formats/work-budget.ts';
import type { PublicKey } from '../../../src/ssh/keys/public-key.ts';

const isOver = (error: unknown): boolean => isWherryError(error) && error.code === 'KEY_UNSUPPORTED';
const rsa = (bits: number): PublicKey => ({ type: 'ssh-rsa', bits }) as PublicKey;

test('the longest RSA key, and the longest derivation, are read, but not both of one file', () => {
  const longest = rsa(LIMITS.rsaBitsMax.value);
  new WorkBudget().spendKey(longest, 'prove');
  for (const limit of ['bcryptRounds', 'pbkdf2Iterations', 'argon2Work'] as const) {
    const most = LIMITS[limit].value;
    const derived = new WorkBudget();
    derived.spend(limit, most, 'rounds');
    derived.spendKey(rsa(8192), 'prove');
    assert.throws(() => derived.spendKey(longest, 'prove'), isOver, limit);
    const half = new WorkBudget();
    half.spend(limit, most / 2, 'rounds');
    half.spendKey(longest, 'prove');
    const after = new WorkBudget();
    after.spendKey(longest, 'prove');
    assert.throws(() => after.spend(limit, most, 'rounds'), isOver, limit);
  }
});
