import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import {
  connectorNames,
  connectorSchema,
  ResourceNotFoundError,
  validateInputs,
} from '../../src/connectors/index.ts';
import { BAD, FLAT, GOOD, SCP, UNUSABLE } from './support/documents.ts';

const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
const validators = new Map(connectorNames().map((name) => [name, ajv.compile(connectorSchema(name))]));

function schemaSays(document: object): boolean {
  const { connector_type: type } = document as { connector_type?: unknown };
  return validators.get(String(type))?.(document) ?? false;
}

function weSay(document: object): boolean {
  try {
    validateInputs(document);
    return true;
  } catch {
    return false;
  }
}

test('the schemas are valid, and take what we take', () => {
  for (const document of GOOD) assert.ok(schemaSays(document), JSON.stringify(document));
  for (const [document] of UNUSABLE) assert.ok(schemaSays(document));
});

test('and refuse what we refuse', () => {
  for (const [document] of BAD) assert.equal(schemaSays(document), false, JSON.stringify(document));
});

test('property: the verdicts agree', () => {
  const values = fc
    .oneof(
      fc.constantFrom<unknown>(
        '',
        'x',
        'cloudomation:x',
        'cloudomation:/x',
        'a/b',
        '../x',
        'a\0',
        0,
        1,
        22,
        65_536,
        1.5,
        true,
        null,
      ),
      fc.constantFrom<unknown>({}, [], { mode_name: 'list', path: '/' }, { port_mode: 'default' }, { x: 1 }),
      fc.string({ unit: 'grapheme', maxLength: 140 }),
      fc.integer(),
      fc.jsonValue(),
    )
    .map((value) => structuredClone(value));
  const change = fc.tuple(fc.nat(), fc.nat(2), values);
  // What only we look into is left alone.
  const fixed = new Set([
    'connector_type',
    'hostkey',
    'known_host',
    'fingerprint',
    'key',
    'ssh_key',
    'ssh_key_passphrase',
  ]);
  const documents = fc
    .tuple(fc.constantFrom(...GOOD), fc.array(change, { minLength: 1, maxLength: 2 }))
    .map(([document, changes]) => {
      const copy = structuredClone(document) as { [name: string]: unknown };
      for (const [where, how, given] of changes) {
        const value = structuredClone(given);
        const inner = Object.values(copy).filter((one) => typeof one === 'object' && one !== null);
        const objects = [copy, copy, ...inner];
        const target = objects[where % objects.length] as { [name: string]: unknown };
        const names = Object.keys(target).filter((name) => !fixed.has(name));
        const name = names[(where >> 3) % Math.max(1, names.length)];
        if (name === undefined) continue;
        if (how === 0) delete target[name];
        else if (how === 1) target[`${name}x`] = value;
        else target[name] = value;
      }
      return copy;
    });
  fc.assert(
    fc.property(documents, (document) => {
      // A document may fit one SCP by its shape and hold a key of the other: we say which one is meant.
      assert.equal(schemaSays(document), weSay(document), JSON.stringify(document));
    }),
    { numRuns: 2000 },
  );
});

test('one schema by name and version, and a hint for a wrong name', () => {
  assert.ok(ajv.validate(connectorSchema('SCP@1'), FLAT));
  assert.equal(ajv.validate(connectorSchema('SCP@1'), SCP), false);
  assert.ok(ajv.validate(connectorSchema('SCP@2'), SCP));
  assert.throws(
    () => connectorSchema('SFPT'),
    (error) => error instanceof ResourceNotFoundError && /did you mean SFTP\?/.test(error.message),
  );
  assert.throws(() => connectorSchema('SCP@3'), ResourceNotFoundError);
  for (const name of ['__proto__', '', '@', 'SCP@'])
    assert.throws(() => connectorSchema(name), ResourceNotFoundError);
});

test('variants are an anyOf, objects are strict, defaults and secrets are marked', () => {
  const text = JSON.stringify(connectorSchema('SFTP'));
  assert.equal(text.includes('oneOf'), false);
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { type, properties, additionalProperties } = node as { [name: string]: unknown };
    if (type === 'object' && properties !== undefined) assert.equal(additionalProperties, false);
    for (const one of Object.values(node)) walk(one);
  };
  for (const name of connectorNames()) walk(connectorSchema(name));
  assert.match(text, /"password":\{[^}]*"writeOnly":true/);
  assert.match(text, /"connect_timeout":\{[^}]*"default":30|"default":30[^}]*\}/);
});
