/** The tables of docs/keys.md, made from the rows in the source. */
import { LIMITS, type LimitName } from '../../src/base/limits.ts';
import { keyFormats } from '../../src/ssh/keys/key-formats.ts';
import { STORE_TYPES, type StoreTypeRow } from '../../src/ssh/keys/store-types.ts';

const KEY_LIMITS: readonly LimitName[] = [
  'keyFileBytes',
  'bcryptRounds',
  'pbkdf2Iterations',
  'argon2MemoryKiB',
  'argon2Work',
  'keyWork',
  'derDepth',
  'rsaBitsMin',
  'rsaBitsMax',
  'certificatePrincipals',
  'certificateOptions',
];

const PLACES: Readonly<Record<StoreTypeRow['from'], string>> = {
  file: 'a path',
  blob: 'the data: bytes, or text, which may be base64',
  auto: 'a path, or the data',
  user: 'the name of a store of the user on Windows: `MY`, `CA`, `ROOT`',
  machine: 'the name of a store of the machine on Windows',
  token: "the path of a PKCS#11 module, or a pkcs11: URI; the password is the token's PIN",
};

export function keyTables(): { formats: string; stores: string; limits: string } {
  const formats = keyFormats.map(([name, row]) => `| \`${name}\` | ${row.title} | ${row.ref} |`);
  const stores = (Object.entries(STORE_TYPES) as [string, StoreTypeRow][]).map(
    ([name, row]) =>
      `| ${row.number} | \`${name}\` | ${PLACES[row.from]} | ${(row.formats ?? []).join(', ')} |`,
  );
  const limits = KEY_LIMITS.map((name) => `| \`${name}\` | ${LIMITS[name].value} | ${LIMITS[name].why} |`);
  return {
    formats: ['| name | format | document |', '| --- | --- | --- |', ...formats].join('\n'),
    stores: ['| number | name | store | formats |', '| --- | --- | --- | --- |', ...stores].join('\n'),
    limits: ['| limit | value | why |', '| --- | --- | --- |', ...limits].join('\n'),
  };
}
