/** Key files: each format by itself, and the way from any file to its format. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LIMITS } from '../../src/base/limits.ts';
import { CertificateView } from '../../src/ssh/keys/certificate-view.ts';
import { parseFingerprint } from '../../src/ssh/keys/fingerprint.ts';
import { certificateEntry, type KeyEntry } from '../../src/ssh/keys/formats/key-entry.ts';
import { keyFile } from '../../src/ssh/keys/formats/key-file.ts';
import { WorkBudget } from '../../src/ssh/keys/formats/work-budget.ts';
import { KEY_FORMATS, type KeyFormatName } from '../../src/ssh/keys/key-formats.ts';
import { parsePublicKey, parsePublicKeyLine } from '../../src/ssh/keys/public-key.ts';
import { readSource, sourcesOf } from '../../src/ssh/keys/read-keys.ts';
import { parseSshCertificate } from '../../src/ssh/keys/ssh-certificate.ts';
import { parseX509 } from '../../src/ssh/keys/x509/x509.ts';
import { matchesHost, parseKnownHostsLine } from '../../src/ssh/trust/known-hosts-line.ts';
import { bytesOf, type FuzzTarget } from '../target.ts';

/** Of the seeds and of the test's key files. */
const PASSPHRASE = 'wherry';
const SEEDS = fileURLToPath(new URL('../seeds/', import.meta.url));
const FIXTURES = fileURLToPath(new URL('../../test/fixtures/keys/', import.meta.url));

function filesIn(folder: string, pattern = /./): Uint8Array[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => pattern.test(name));
  return names.sort().map((name) => readFileSync(join(folder, name)));
}

const seedsOf = (name: string): Uint8Array[] => filesIn(join(SEEDS, name));

/** A budget that is all but spent: a few hundred rounds of PBKDF2 are left, and nothing of what costs more. */
function smallBudget(): WorkBudget {
  const budget = new WorkBudget();
  budget.spend('pbkdf2Iterations', LIMITS.pbkdf2Iterations.value * 0.9999, 'rounds');
  return budget;
}

const namesOf = (entries: readonly KeyEntry[]): string =>
  entries
    .slice(0, 4)
    .map((entry) => `${entry.publicKey?.type ?? 'other'} ${entry.privateKey !== undefined}`)
    .join(' ');

const JWKS = [
  '{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE","kid":"a"}',
  '{"keys":[{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},{"kty":"RSA","n":"AQAB","e":"AQAB"}]}',
];
const XMLS = [
  `<RSAKeyValue><Modulus>${'nZ9F'.repeat(43)}nQ==</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>`,
  '<?xml version="1.0"?><!-- x --><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:KeyValue><ds:DSAKeyValue><P>AQAB</P><Q>AQAB</Q><G>Ag==</G><Y>Ag==</Y></ds:DSAKeyValue></ds:KeyValue></ds:KeyInfo>',
  '<ECDSAKeyValue xmlns="http://www.w3.org/2001/04/xmldsig-more#"><DomainParameters><NamedCurve URN="urn:oid:1.2.840.10045.3.1.7"/></DomainParameters><PublicKey><X Value="1"/><Y Value="2"/></PublicKey></ECDSAKeyValue>',
  '<X509Data><X509Certificate>MIIB</X509Certificate></X509Data>',
];

/** What a format starts from beside the files of seeds/key-FORMAT: nothing that costs Argon2. */
const FURTHER: Partial<Record<KeyFormatName, () => Uint8Array[]>> = {
  ppk: () => filesIn(FIXTURES, /^(rsa|ed25519|ecdsa256|dsa)\.(v2|v2\.encrypted|v3)\.ppk$/),
  sshcom: () => filesIn(FIXTURES, /^(rsa|dsa).*\.sshcom$/),
  jks: () => filesIn(FIXTURES, /\.jks$/),
  jwk: () => JWKS.map(bytesOf),
  xml: () => XMLS.map(bytesOf),
};

/** Formats that are only told apart and refused. */
const REFUSED = new Set<string>(['jceks', 'bcfks'] satisfies KeyFormatName[]);

function formatTarget(name: KeyFormatName): FuzzTarget {
  const row = KEY_FORMATS[name];
  const passphrase = Buffer.from(PASSPHRASE);
  return {
    doc: `${row.title}: the reader alone`,
    seeds: () => [...seedsOf(`key-${name}`), ...(FURTHER[name]?.() ?? [])],
    run(input) {
      const text = input.toString('latin1');
      // Without a passphrase now and then.
      const secret = input.length % 61 === 0 ? undefined : passphrase;
      return namesOf(row.read({ bytes: input, text, passphrase: secret, budget: smallBudget() }));
    },
  };
}

/** One target for each format that is read. */
export const formatTargets: Readonly<Record<string, FuzzTarget>> = Object.fromEntries(
  (Object.keys(KEY_FORMATS) as KeyFormatName[])
    .filter((name) => !REFUSED.has(name))
    .map((name) => [`key-${name}`, formatTarget(name)]),
);

function anyFile(input: Buffer): string {
  const budget = smallBudget();
  const options = { passphrase: PASSPHRASE };
  const sources = sourcesOf(keyFile(input)).slice(0, 4);
  return sources.map((source) => `${source.name} ${namesOf(readSource(source, options, budget))}`).join(' ');
}

const pemOf = (label: string, der: Uint8Array): Uint8Array =>
  bytesOf(`-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64')}\n-----END ${label}-----\n`);

export const legacyPem: FuzzTarget = {
  doc: 'the old encryption of PEM (RFC 1421), its headers and what is in it',
  seeds: () => seedsOf('key-legacy-pem'),
  run: anyFile,
};

export const keyFiles: FuzzTarget = {
  doc: 'any key file: the format told by its contents, PEM, DER, base64, UTF-16, then read',
  seeds: () => [
    ...Object.entries(KEY_FORMATS).flatMap(([name, { labels = [] }]) =>
      seedsOf(`key-${name}`).flatMap((der) => [der, ...labels.map((label) => pemOf(label, der))]),
    ),
    ...Object.values(FURTHER).flatMap((files) => files().slice(0, 2)),
    ...[
      [0xce, 0xce, 0xce, 0xce, 0, 0, 0, 2, 0, 0, 0, 0],
      [0xef, 0xbb, 0xbf, 0x7b],
    ].map((bytes) => Uint8Array.from(bytes)),
    Buffer.from('\ufeffssh-ed25519 AAAA', 'utf16le'),
    bytesOf('MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC'),
  ],
  run: anyFile,
};

export const publicKey: FuzzTarget = {
  doc: 'public key blobs and one-line public keys',
  seeds: () => [...seedsOf('key-ssh-blob'), ...seedsOf('key-ssh-public')],
  run: (input) =>
    input[0] === 0 ? parsePublicKey(input).type : parsePublicKeyLine(input.toString()).publicKey.type,
};

export const certificate: FuzzTarget = {
  doc: 'OpenSSH certificates',
  seeds: () => filesIn(join(SEEDS, 'key-ssh-blob'), /^certificate/),
  run: (input) => {
    const { kind, principals } = parseSshCertificate(input);
    return `${kind} ${Math.min(principals.length, 4)}`;
  },
};

const VIEW = Object.entries(Object.getOwnPropertyDescriptors(CertificateView.prototype))
  .filter(([, { get }]) => get !== undefined)
  .map(([name]) => name as keyof CertificateView);

export const x509View: FuzzTarget = {
  doc: 'X.509 certificates, and everything the view says of them',
  seeds: () => seedsOf('key-x509'),
  run(input) {
    const view = new CertificateView(certificateEntry(parseX509(input)));
    return VIEW.filter((name) => view[name] !== '')
      .join(' ')
      .slice(0, 200);
  },
};

export const fingerprintTarget: FuzzTarget = {
  doc: 'fingerprints as texts',
  seeds: () =>
    [
      'SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU',
      'MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48',
    ].map(bytesOf),
  run: (input) => parseFingerprint(input.toString()).algorithm,
};

export const knownHosts: FuzzTarget = {
  doc: 'lines of known_hosts, and whether they match a host',
  seeds: () => {
    const key = Buffer.from(seedsOf('key-ssh-blob')[0]!).toString('base64');
    return [
      `host,!*.example.org,[h]:2222 ssh-ed25519 ${key} comment`,
      `|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ssh-ed25519 ${key}`,
      `@cert-authority *.example ssh-ed25519 ${key}`,
      `@revoked * ssh-ed25519 ${key}`,
      '# comment',
    ].map(bytesOf);
  },
  run(input) {
    const line = parseKnownHostsLine(input.toString());
    if (line.kind === 'entry') return `${line.marker} ${matchesHost(line.names, 'a.example.org')}`;
    return line.kind === 'ignored' ? line.why.replace(/ .*/, '') : line.kind;
  },
};
