import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseFingerprint } from '../../src/ssh/keys/fingerprint.ts';
import { parsePrivateKey } from '../../src/ssh/keys/private-key.ts';
import { parsePublicKey, parsePublicKeyLine } from '../../src/ssh/keys/public-key.ts';
import { parseKeys } from '../../src/ssh/keys/read-keys.ts';
import { parseSshCertificate } from '../../src/ssh/keys/ssh-certificate.ts';
import { matchesHost, parseKnownHostsLine } from '../../src/ssh/trust/known-hosts-line.ts';
import { WireWriter } from '../../src/ssh/wire/writer.ts';
import { bytesOf, type FuzzTarget, textOf } from '../target.ts';
import { publicBlobs } from './transport.ts';

const PASSPHRASE = 'secret';

function privateKeySeeds(): Uint8Array[] {
  const pairs = [
    generateKeyPairSync('ed25519').privateKey,
    generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey,
    generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey,
  ];
  return pairs.flatMap((key) => {
    const forms = [
      key.export({ type: 'pkcs8', format: 'pem' }),
      key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: PASSPHRASE }),
    ];
    if (key.asymmetricKeyType === 'rsa') {
      forms.push(key.export({ type: 'pkcs1', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSPHRASE }));
    }
    if (key.asymmetricKeyType === 'ec') forms.push(key.export({ type: 'sec1', format: 'pem' }));
    return forms.map((form) => Buffer.from(form));
  });
}

/** A host certificate in form, with a signature that is none: parsing does not verify. */
function certificateSeed(): Uint8Array {
  const [blob] = publicBlobs() as [Uint8Array];
  const list = new WireWriter(64).text('host.example').finish();
  const options = new WireWriter(64)
    .text('force-command')
    .string(new WireWriter(8).text('x').finish())
    .finish();
  return new WireWriter(1024)
    .text('ssh-ed25519-cert-v01@openssh.com')
    .string(new Uint8Array(32))
    .raw(blob.subarray(4 + 'ssh-ed25519'.length))
    .u64(7n)
    .u32(2)
    .text('key id')
    .string(list)
    .u64(0n)
    .u64(0xffff_ffff_ffff_ffffn)
    .string(options)
    .string(new Uint8Array(0))
    .string(new Uint8Array(0))
    .string(blob)
    .string(new WireWriter(128).text('ssh-ed25519').string(new Uint8Array(64)).finish())
    .finish();
}

export const privateKey: FuzzTarget = {
  doc: 'private keys of any format, with a passphrase',
  seeds: privateKeySeeds,
  run: (input) => parsePrivateKey(input, PASSPHRASE).publicKey.type,
};

/** Files whose reading costs little: no Argon2 and no long key derivation, or every input would take a second. */
const CHEAP = /^(rsa|ed25519|ecdsa256|dsa)\.(sshcom|v2\.ppk|v2\.encrypted\.ppk|v3\.ppk)$|\.jks$/;

export const keyFiles: FuzzTarget = {
  doc: 'key files of the formats that are no PEM: PuTTY, ssh.com, Java key stores, JWK, XML, X.509',
  seeds: () => {
    const folder = fileURLToPath(new URL('../../test/fixtures/keys/', import.meta.url));
    const files = readdirSync(folder).filter((name) => CHEAP.test(name));
    const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const jwk = bytesOf(JSON.stringify({ keys: [key.export({ format: 'jwk' })] }));
    const xml = '<RSAKeyValue><Modulus>AQAB</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>';
    return [...files.map((name) => Uint8Array.from(readFileSync(join(folder, name)))), jwk, bytesOf(xml)];
  },
  run: (input) =>
    parseKeys(input, { passphrase: PASSPHRASE })
      .map((entry) => entry.publicKey?.type ?? 'other')
      .slice(0, 4)
      .join(' '),
};

export const publicKey: FuzzTarget = {
  doc: 'public key blobs and one-line public keys',
  seeds: () =>
    publicBlobs().flatMap((blob) => [
      blob,
      bytesOf(`ssh-ed25519 ${Buffer.from(blob).toString('base64')} me`),
    ]),
  run: (input) =>
    input[0] === 0 ? parsePublicKey(input).type : parsePublicKeyLine(textOf(input)).publicKey.type,
};

export const certificate: FuzzTarget = {
  doc: 'OpenSSH certificates',
  seeds: () => [certificateSeed()],
  run: (input) => {
    const { kind, principals } = parseSshCertificate(input);
    return `${kind} ${Math.min(principals.length, 4)}`;
  },
};

export const fingerprintTarget: FuzzTarget = {
  doc: 'fingerprints as texts',
  seeds: () =>
    [
      'SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU',
      'MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48',
    ].map(bytesOf),
  run: (input) => parseFingerprint(textOf(input)).algorithm,
};

export const knownHosts: FuzzTarget = {
  doc: 'lines of known_hosts, and whether they match a host',
  seeds: () => {
    const key = Buffer.from(publicBlobs()[0]!).toString('base64');
    return [
      `host,!*.example.org,[h]:2222 ssh-ed25519 ${key} comment`,
      `|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ssh-ed25519 ${key}`,
      `@cert-authority *.example ssh-ed25519 ${key}`,
      '# comment',
    ].map(bytesOf);
  },
  run(input) {
    const line = parseKnownHostsLine(textOf(input));
    if (line.kind === 'entry') return `${line.marker} ${matchesHost(line.names, 'a.example.org')}`;
    return line.kind === 'ignored' ? line.why.replace(/ .*/, '') : line.kind;
  },
};
