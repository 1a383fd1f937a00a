import { MASK } from '../redact.ts';
import { type JsonSchema, propertySchemas, variants } from './json-schema.ts';
import { isObject, type Plain } from './plain.ts';

/**
 * The inputs as a record may hold them: only what the schema knows and does not call secret is shown. What stands
 * under an unknown name or has the wrong type may be a secret that went astray.
 */
export function maskInputs(schema: JsonSchema, inputs: Plain): Plain {
  return mask(variants(schema, inputs), inputs);
}

function mask(schemas: readonly JsonSchema[], value: Plain): Plain {
  if (isObject(value)) {
    const entries = Object.entries(value).map(([name, one]) => [
      name,
      mask(propertySchemas(schemas, name, one), one),
    ]);
    return Object.fromEntries(entries) as Plain;
  }
  if (value === null) return null;
  const shown =
    schemas.some(({ type }) => type === typeof value || (type === 'integer' && typeof value === 'number')) &&
    !schemas.some(({ writeOnly }) => writeOnly === true);
  return shown ? value : MASK;
}

/** Every text that stands in a secret field, wherever in the inputs a field of that name is. */
export function secretsIn(schema: JsonSchema, inputs: Plain): string[] {
  const names = secretNames(schema);
  const found: string[] = [];
  const walk = (value: Plain, secret: boolean): void => {
    if (typeof value === 'string' && secret) found.push(value);
    else if (Array.isArray(value)) for (const one of value) walk(one, secret);
    else if (isObject(value))
      for (const [name, one] of Object.entries(value)) walk(one, secret || names.has(name));
  };
  walk(inputs, false);
  return found;
}

function secretNames(schema: JsonSchema): Set<string> {
  const names = new Set<string>();
  const walk = ({ anyOf = [], properties = {} }: JsonSchema): void => {
    for (const one of anyOf) walk(one);
    for (const [name, one] of Object.entries(properties)) {
      if (one.writeOnly === true) names.add(name);
      walk(one);
    }
  };
  walk(schema);
  return names;
}

const SECRET_NAME = /pas+w|passphrase|pwd|secret|token|credential|private|key$|^auth(?!ors?$)/i;

/** The inputs of a flow, which no schema describes: what is under a name that sounds secret is masked. */
export function maskByName(inputs: Plain): { masked: Plain; secrets: string[] } {
  const secrets: string[] = [];
  const walk = (value: Plain, secret: boolean): Plain => {
    if (Array.isArray(value)) return value.map((one) => walk(one, secret));
    if (isObject(value)) {
      const entries = Object.entries(value).map(([name, one]) => [
        name,
        walk(one, secret || SECRET_NAME.test(name)),
      ]);
      return Object.fromEntries(entries) as Plain;
    }
    if (!secret || value === null) return value;
    if (typeof value === 'string') secrets.push(value);
    return MASK;
  };
  return { masked: walk(inputs, false), secrets };
}
