/** X.509 certificates for tests, made by openssl: a root, CAs below it, and keys for hosts. */
import { rmSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WireWriter } from '../../src/ssh/wire/writer.ts';
import { run } from './servers/run.ts';

export interface X509Files {
  readonly keyFile: string;
  readonly certFile: string;
  /** PEM. */
  readonly pem: string;
}

export interface X509Request {
  readonly name: string;
  /** As openssl req -newkey has it: `rsa:2048`, `dsa:` and a file of parameters, `ec` on P-256 (default), or a curve such as `secp384r1`. */
  readonly key?: string;
  /** Lines of an extension section. */
  readonly extensions?: readonly string[];
  /** Default: signs itself. */
  readonly issuer?: X509Files;
  /** Days it is valid; a negative number is one that is over. */
  readonly days?: number;
}

export const CA_EXTENSIONS: readonly string[] = [
  'basicConstraints=critical,CA:TRUE',
  'keyUsage=critical,keyCertSign,cRLSign',
];
export const HOST_EXTENSIONS: readonly string[] = [
  'keyUsage=critical,digitalSignature',
  'subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:h.example',
];

let folder: Promise<string> | undefined;
let made: string | undefined;
let count = 0;
process.on('exit', () => {
  if (made !== undefined) rmSync(made, { recursive: true, force: true });
});

export async function makeCertificate(request: X509Request): Promise<X509Files> {
  folder ??= mkdtemp(join(tmpdir(), 'wherry-x509-'));
  const { name, key = 'ec', issuer, days = 30, extensions = [] } = request;
  made = await folder;
  const base = join(made, `${++count}`);
  const [keyFile, certFile, config] = [`${base}.key`, `${base}.pem`, `${base}.cnf`];
  await writeFile(
    config,
    `[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=${name}\n[ext]\n${extensions.join('\n')}\n`,
  );
  const curve = key === 'ec' ? 'prime256v1' : /^secp/.test(key) ? key : undefined;
  const newKey = curve === undefined ? [key] : ['ec', '-pkeyopt', `ec_paramgen_curve:${curve}`];
  await run('openssl', [
    'req',
    '-new',
    '-newkey',
    ...newKey,
    '-nodes',
    '-keyout',
    keyFile,
    '-out',
    `${base}.csr`,
    '-config',
    config,
  ]);
  const by =
    issuer === undefined ? ['-signkey', keyFile] : ['-CA', issuer.certFile, '-CAkey', issuer.keyFile];
  await run('openssl', [
    'x509',
    '-req',
    '-in',
    `${base}.csr`,
    ...by,
    '-set_serial',
    `${count}`,
    '-days',
    `${days}`,
    '-out',
    certFile,
    '-extfile',
    config,
    '-extensions',
    'ext',
  ]);
  return { keyFile, certFile, pem: await readFile(certFile, 'utf8') };
}

/** A file of DSA parameters, of the 1024 bits that ssh-dss has. */
export async function makeDsaParameters(): Promise<string> {
  folder ??= mkdtemp(join(tmpdir(), 'wherry-x509-'));
  made = await folder;
  const file = join(made, 'dsa.pem');
  const sizes = ['dsa_paramgen_bits:1024', 'dsa_paramgen_q_bits:160'].flatMap((size) => ['-pkeyopt', size]);
  await run('openssl', ['genpkey', '-genparam', '-algorithm', 'DSA', ...sizes, '-out', file]);
  return file;
}

/** The key blob of a chain (RFC 6187 section 2.1), the key's own certificate first. */
export function encodeX509Key(type: string, chain: readonly Uint8Array[]): Uint8Array {
  const writer = new WireWriter(4096).text(type).u32(chain.length);
  for (const der of chain) writer.string(der);
  return writer.u32(0).finish();
}
